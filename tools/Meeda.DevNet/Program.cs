using System.CommandLine;
using Meeda.DevNet;
using Meeda.Node.Cli;

return await CommandLineProgram.RunAsync(
    new RootCommand("Meeda on one machine, for trying it out: a local L1, the contract and an operator")
    {
        DemoCommand.Build(),
        DevCommand.Build(),
    },
    args
);
