using System.CommandLine;
using Meeda.Hosting;
using Meeda.Node.Cli;

// Ctrl-C asks a command to stop; it gets this long to stop its children and give its port back.
var stopLimit = TimeSpan.FromSeconds(15);
Interrupts.Listen();
OutgoingHttp.UseProxy(new ProxyOptions());
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
    // No response files: an argument that begins with @ is that argument.
    ParseResult parsed = root.Parse(args, new ParserConfiguration { ResponseFileTokenReplacer = null });
    IEnumerable<string> errors = parsed.Errors.Select(error => error.Message);
    string[] problems = [.. errors.Concat(CommandLineChecks.Problems(parsed)).Distinct()];
    if (problems.Length > 0)
    {
        throw new SetupException(string.Join(Environment.NewLine, problems));
    }

    return await parsed.InvokeAsync(
        new InvocationConfiguration { EnableDefaultExceptionHandler = false, ProcessTerminationTimeout = null },
        Interrupts.Token(stopLimit)
    );
}
catch (SetupException problem)
{
    foreach (string line in problem.Message.Split(Environment.NewLine))
    {
        await Console.Error.WriteLineAsync($"meeda: {line}");
    }

    return ExitCode.Failure;
}
catch (OperationCanceledException)
{
    await Console.Error.WriteLineAsync("meeda: stopped");
    return ExitCode.Interrupted;
}
catch (Exception unforeseen) when (Environment.GetEnvironmentVariable("MEEDA_TRACE") is not "1")
{
    await Console.Error.WriteLineAsync(
        $"meeda: {unforeseen.Message.ReplaceLineEndings(" ")} ({unforeseen.GetType().Name}, which was not foreseen: "
            + "please report it with what MEEDA_TRACE=1 shows)"
    );
    return ExitCode.Failure;
}
