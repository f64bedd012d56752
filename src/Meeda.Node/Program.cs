using System.CommandLine;
using Meeda.Node;
using Meeda.Node.Cli;

// Ctrl-C asks a command to stop; it gets this long to stop its children and give its port back.
var stopLimit = TimeSpan.FromSeconds(15);
var root = new RootCommand("Meeda: data availability for Ethereum rollups, proven on L1")
{
    DemoCommand.Build(),
    DevCommand.Build(),
    OperatorCommand.Build(),
    LightCommand.Build(),
    KeysCommand.Build(),
    PutCommand.Build(),
    GetCommand.Build(),
    StatusCommand.Build(),
    VerifyCommand.Build(),
};
try
{
    return await root.Parse(args).InvokeAsync(new InvocationConfiguration { EnableDefaultExceptionHandler = false, ProcessTerminationTimeout = stopLimit });
}
catch (SetupException problem)
{
    await Console.Error.WriteLineAsync($"meeda: {problem.Message}");
    return ExitCode.Failure;
}
catch (OperationCanceledException)
{
    await Console.Error.WriteLineAsync("meeda: stopped");
    return ExitCode.Interrupted;
}
