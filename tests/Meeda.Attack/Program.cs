using Meeda.Attack;
using Meeda.Hosting;
using Meeda.Node.Cli;

// What ./meeda demo --attack runs: lies on a real EVM, and what they cost.
Interrupts.Listen();
OwnerOnly.Apply();
OutgoingHttp.UseProxy(new ProxyOptions());
using var stop = new CancellationTokenSource();
Console.CancelKeyPress += (_, pressed) =>
{
    pressed.Cancel = true;
    stop.Cancel();
};
try
{
    return await AttackDemo.RunAsync(stop.Token) ? 0 : 1;
}
catch (Exception failure) when (failure is not OperationCanceledException)
{
    await Console.Error.WriteLineAsync($"meeda: {failure.Message}");
    return 1;
}
catch (OperationCanceledException)
{
    return 130;
}
