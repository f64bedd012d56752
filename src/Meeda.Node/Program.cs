using System.CommandLine;
using Meeda.Node.Cli;

return await CommandLineProgram.RunAsync(
    new RootCommand("Meeda: data availability for Ethereum rollups, proven on L1")
    {
        OperatorCommand.Build(),
        LightCommand.Build(),
        KeysCommand.Build(),
        PutCommand.Build(),
        GetCommand.Build(),
        StatusCommand.Build(),
        VerifyCommand.Build(),
    },
    args
);
