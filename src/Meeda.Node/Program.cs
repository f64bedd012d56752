using System.CommandLine;
using Meeda.Node.Cli;
using Meeda.Node.Cli.Backups;
using Meeda.Node.Cli.Bounties;
using Meeda.Node.Cli.Configuration;
using Meeda.Node.Cli.Deployment;
using Meeda.Node.Cli.Escrow;

return await CommandLineProgram.RunAsync(
    new RootCommand("Meeda: data availability for Ethereum rollups, proven on L1")
    {
        DeployCommand.Build(),
        OperatorCommand.Build(),
        EscrowCommand.Build(),
        BountyCommand.Build(),
        LightCommand.Build(),
        ConfigCommand.Build(),
        KeysCommand.Build(),
        SignInCommand.Build(),
        BackupCommand.Build(),
        RestoreCommand.Build(),
        PutCommand.Build(),
        GetCommand.Build(),
        StatusCommand.Build(),
        VerifyCommand.Build(),
    },
    args
);
