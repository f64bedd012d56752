using System.CommandLine;
using System.Diagnostics;
using System.Text.Json;
using Meeda.Node.Cli;
using static Meeda.DevNet.Transcript;

namespace Meeda.DevNet;

/// <summary>
/// <c>demo [FILE]</c>: the main job end to end on a local network, checked independently of the operator.
/// </summary>
internal static class DemoCommand
{
    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web);

    /// <summary>The command with its arguments.</summary>
    public static Command Build()
    {
        var file = new Argument<FileInfo?>("FILE")
        {
            Description = "the batch: raw bytes, or hex that starts with 0x; without it a batch of four blobs is made",
            Arity = ArgumentArity.ZeroOrOne,
        };
        var lose = new Option<bool>("--lose")
        {
            Description =
                "then delete two of the six providers' folders at random, read back, let the scrub restore them, "
                + "and do it again with two others",
        };
        var command = new Command("demo", "Run the main job end to end on a local L1 and show each step")
        {
            file,
            lose,
        };
        command.SetAction(
            (parsed, cancellationToken) => RunAsync(parsed.GetValue(file), parsed.GetValue(lose), cancellationToken)
        );
        return command;
    }

    private static async Task<int> RunAsync(FileInfo? file, bool lose, CancellationToken cancellationToken)
    {
        OwnerOnly.Apply();
        byte[] payload = await DemoPayload.ReadAsync(file, cancellationToken);
        string folder = Directory.CreateTempSubdirectory("meeda-demo-").FullName;
        try
        {
            var total = Stopwatch.StartNew();
            Say("Starting a local L1 (anvil, Osaka rules), the contracts and an operator");
            await using LocalNetwork network = await LocalNetwork.StartAsync(
                new LocalNetworkSettings(folder, L1Port: 0, OperatorPort: 0, Quiet: true),
                cancellationToken
            );
            Detail("L1", network.L1.ToString());
            Detail(
                "contract",
                $"{network.System.Address} deployed with {network.Deployment.GasUsed:N0} gas, its four parts apart"
            );
            Detail("operator", $"{network.OperatorAddress} staked in {network.Stake.TransactionHash}");
            Detail("API", network.OperatorUrl.ToString());
            using var run = new DemoRun(network, payload, lose ? new ProviderLoss(folder) : null);
            DemoResult result = await run.PlayAsync(cancellationToken);
            Say(
                $"Done in {total.Elapsed.TotalSeconds:0.0} s: "
                    + $"{(result.Verified ? "everything was checked and holds" : "NOT verified")}"
            );
            Console.WriteLine(JsonSerializer.Serialize(result, Json));
            return result.Verified ? ExitCode.Success : ExitCode.Failure;
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }
}
