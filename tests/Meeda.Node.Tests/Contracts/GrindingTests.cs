using System.Globalization;
using System.Text.Json;
using Meeda.Chain.Contract;
using Meeda.Ethereum;
using Meeda.L1.Rpc;
using Meeda.Protocol.Proofs;
using Xunit;

namespace Meeda.Node.Tests.Contracts;

/// <summary>
/// The builder of a seed block tries headers: under version 1's rule, the block's hash, each gives another seed; under
/// version 2's, the RANDAO mix, all give one.
/// </summary>
public sealed class GrindingTests
{
    private const int Tries = 8;

    [SkippableFact]
    public async Task MineTheSeedBlockAgain_WithOtherHeaders_LeavesTheSeed()
    {
        await using Deployment deployment = await Deployment.StartAsync();
        VerifierContract verifier = deployment.System.Verifier;
        const ulong epoch = 5;
        ulong seedBlock = Deployment.Parameters.Epochs.SeedBlockOf(epoch);
        await deployment.MineToAsync(seedBlock - 1);

        var hashes = new HashSet<EpochSeed>();
        var mixes = new HashSet<EpochSeed>();
        for (int i = 0; i < Tries; i++)
        {
            JsonElement before = await CallAsync(deployment, "evm_snapshot");
            await CallAsync(deployment, "evm_setBlockGasLimit", GasLimit(i));
            await CallAsync(deployment, "anvil_setCoinbase", $"0x{i + 1:x40}");
            await deployment.MineToAsync(seedBlock);
            BlockHeader header = (await deployment.Client.GetBlockHeaderAsync(seedBlock, default))!;
            hashes.Add(await SeedAsync(deployment, header.Hash, epoch));
            mixes.Add(await SeedAsync(deployment, await deployment.MixAsync(seedBlock), epoch));
            if (i + 1 < Tries)
            {
                await CallAsync(deployment, "evm_revert", before.GetString());
            }
        }

        Assert.Equal(Tries, hashes.Count);
        EpochSeed only = Assert.Single(mixes);
        await deployment.MineToAsync(seedBlock + 1);
        BlockHeader last = (await deployment.Client.GetBlockHeaderAsync(seedBlock, default))!;
        await deployment.SendAsync(verifier.RecordSeed(epoch, last));
        Assert.Equal(only.Value, await verifier.EpochSeedAsync(deployment.Sender, epoch, default));
    }

    private static string GasLimit(int i) => "0x" + (30_000_000 + i).ToString("x", CultureInfo.InvariantCulture);

    private static Task<JsonElement> CallAsync(Deployment deployment, string method, params object?[] parameters) =>
        deployment.Rpc.CallAsync(method, parameters, default);

    private static async Task<EpochSeed> SeedAsync(Deployment deployment, Bytes32 randomness, ulong epoch) =>
        EpochSeed.Derive(
            randomness,
            epoch,
            deployment.Sender,
            deployment.System.Verifier.Address,
            await deployment.Client.GetChainIdAsync(default)
        );
}
