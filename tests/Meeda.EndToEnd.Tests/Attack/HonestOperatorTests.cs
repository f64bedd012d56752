using System.Net.Http.Json;
using System.Security.Cryptography;
using Meeda.Attack;
using Meeda.Chain.Contract;
using Meeda.Client;
using Meeda.DevNet;
using Meeda.Light;
using Meeda.Protocol.Batches;
using Meeda.Testing;
using Xunit;

namespace Meeda.EndToEnd.Tests.Attack;

/// <summary>
/// The product's own operator on a chain that reorganises, watched by a light node that would slash it for anything.
/// </summary>
[Trait("Category", "Attack")]
public sealed class HonestOperatorTests
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(90);

    [SkippableTheory]
    [InlineData(1)]
    [InlineData(3)]
    public async Task Reorganisations_of_its_anchors_and_proofs_cost_it_nothing_and_lose_no_batch(int depth)
    {
        Skip.If(
            Anvil.Binary is null,
            "anvil is not installed: run ./meeda test, which installs it, or set MEEDA_ANVIL"
        );
        Environment.SetEnvironmentVariable("MEEDA_ANVIL", Anvil.Binary);
        string folder = Directory.CreateTempSubdirectory("meeda-honest-").FullName;
        using CancellationTokenSource stop = Patience.Limit(Limit);
        await using (
            LocalNetwork network = await LocalNetwork.StartAsync(
                new LocalNetworkSettings(Path.Combine(folder, "operator"), 0, 0, Quiet: true),
                stop.Token
            )
        )
        {
            await using LightRole light = await LightNodeApplication.BuildAsync(
                new LightOptions
                {
                    Contract = network.System.Address,
                    Folder = Path.Combine(folder, "light"),
                    PollInterval = TimeSpan.FromMilliseconds(200),
                },
                network.L1,
                keyFile: null,
                listen: null,
                quiet: true,
                stop.Token
            );
            Task watching = light.RunAsync(stop.Token);
            using var http = new HttpClient { BaseAddress = network.OperatorUrl };
            using var l1 = new HttpClient { BaseAddress = network.L1 };
            var rpc = new Meeda.L1.Rpc.JsonRpcClient(l1);

            // Blocks that a reorganisation may take without reaching the stake.
            await rpc.CallAsync("anvil_mine", ["0x8"], stop.Token);
            var ids = new List<BatchId>();
            for (int i = 0; i < 3; i++)
            {
                BatchId id = await PostAsync(http, stop.Token);
                ids.Add(id);
                await AnchoredAsync(http, id, stop.Token);
                await rpc.CallAsync("anvil_reorg", [depth, Array.Empty<object>()], stop.Token);
            }

            // Every batch stands on L1 in the end, and an epoch over all of them is proven.
            ulong last = 0;
            foreach (BatchId id in ids)
            {
                last = Math.Max(last, (await AnchoredAsync(http, id, stop.Token)).BlockNumber);
            }

            uint epochBlocks = (await network.System.EpochParametersAsync(stop.Token)).EpochBlocks;
            OperatorEvents events;
            do
            {
                await Task.Delay(200, stop.Token);
                events = await network.System.ReadEventsAsync(
                    network.OperatorAddress,
                    0,
                    await network.Client.GetBlockNumberAsync(stop.Token),
                    stop.Token
                );
            } while (!events.Proofs.Any(proof => proof.Seen.Epoch * epochBlocks > last));
            Assert.All(
                ids,
                id => Assert.Contains(events.Anchors, anchor => anchor.Batches.Any(batch => batch.Batch == id))
            );
            Assert.Equal(
                (LocalParameters.OperatorStake, false),
                await network.System.Anchors.StakeOfAsync(network.OperatorAddress, stop.Token)
            );
            await stop.CancelAsync();
            await watching.ContinueWith(_ => { }, TaskScheduler.Default);
        }

        Microsoft.Data.Sqlite.SqliteConnection.ClearAllPools();
        Directory.Delete(folder, recursive: true);
    }

    private static async Task<BatchId> PostAsync(HttpClient http, CancellationToken cancellationToken)
    {
        using var body = new ByteArrayContent(RandomNumberGenerator.GetBytes(50_000));
        using HttpResponseMessage answer = await http.PostAsync(
            new Uri("put", UriKind.Relative),
            body,
            cancellationToken
        );
        answer.EnsureSuccessStatusCode();
        Assert.True(
            AltDaCommitment.TryDecode(
                await answer.Content.ReadAsByteArrayAsync(cancellationToken),
                AltDaCommitment.DefaultDaLayerByte,
                out AltDaCommitment commitment,
                out _
            )
        );
        return new BatchId(commitment.Hash);
    }

    private static async Task<AnchorBody> AnchoredAsync(
        HttpClient http,
        BatchId id,
        CancellationToken cancellationToken
    )
    {
        while (true)
        {
            BatchBody batch = (await http.GetFromJsonAsync<BatchBody>($"batches/{id}", cancellationToken))!;
            if (batch.Anchor is { } anchor)
            {
                return anchor;
            }

            await Task.Delay(100, cancellationToken);
        }
    }
}
