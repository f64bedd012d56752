using System.Net;
using System.Net.Http.Json;
using Meeda.Attack;
using Meeda.Client;
using Meeda.DevNet;
using Meeda.Protocol.Batches;
using Meeda.Storage;
using Xunit;

namespace Meeda.EndToEnd.Tests;

/// <summary>What happens to batches after the contract's expiry, on a real L1 with a short one.</summary>
public sealed class RetentionTests
{
    private const uint Retention = 24;

    [SkippableFact]
    public async Task An_expired_batch_is_deleted_everywhere_not_before_its_expiry_and_not_if_renewed_or_archived()
    {
        await using Arena arena = await Arena.StartAsync(
            LocalParameters.Value with
            {
                Retention = Retention,
                ProofWindow = 12,
                PublishWindow = 12,
                AnchorGrace = 16,
                MissPenalty = LocalParameters.Value.MinimumStake / 4,
            }
        );
        OperatorNode node = await arena.OperatorNodeAsync(
            ("Meeda:Storage:GraceBlocks", "0"),
            ("Meeda:Storage:RetentionInterval", "00:00:00.5"),
            ("Meeda:Storage:LocalCopyBytes", "0")
        );
        OperatorNode archive = await arena.OperatorNodeAsync(
            ("Meeda:Storage:GraceBlocks", "0"),
            ("Meeda:Storage:RetentionInterval", "00:00:00.5"),
            ("Meeda:Storage:Archive", "true")
        );
        BatchId expiring = await node.PostAsync(100_000),
            renewed = await node.PostAsync(100_000),
            archived = await archive.PostAsync(100_000);
        ulong expiry = 0;
        await arena.UntilAsync(
            "all are anchored",
            async () =>
            {
                expiry = (await node.AnchorOfAsync(expiring))?.Expiry ?? 0;
                return expiry > 0
                    && await node.AnchorOfAsync(renewed) is not null
                    && await archive.AnchorOfAsync(archived) is not null;
            }
        );

        await arena.UntilAsync(
            "it has expired",
            async () =>
            {
                // Read before the head, so that the response applies to a block no later than the head.
                HttpStatusCode read = await ReadAsync(node, expiring);
                ulong head = await arena.Client.GetBlockNumberAsync(CancellationToken.None);
                Assert.True(
                    read == HttpStatusCode.OK || head >= expiry,
                    $"the batch answers {(int)read} at block {head}, its expiry is block {expiry}"
                );
                return await StateAsync(node, expiring) == "expired";
            }
        );
        using (
            HttpResponseMessage answer = await node.Http.PostAsync(
                new Uri($"batches/{renewed}/renew", UriKind.Relative),
                null
            )
        )
        {
            Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        }

        await arena.UntilAsync(
            "the renewed one has another term",
            async () => (await node.AnchorOfAsync(renewed))!.Expiry > expiry
        );
        await arena.UntilAsync("the expired one is deleted", async () => await StateAsync(node, expiring) == "deleted");
        Assert.Equal(HttpStatusCode.NotFound, await ReadAsync(node, expiring));
        await arena.UntilAsync("its rows are cleared away", () => Task.FromResult(RowsOf(node, expiring) == 0));
        Assert.Equal(HttpStatusCode.OK, await ReadAsync(node, renewed));
        Assert.True(RowsOf(node, renewed) > 0);
        Assert.Equal("expired", await StateAsync(archive, archived));
        Assert.Equal(HttpStatusCode.OK, await ReadAsync(archive, archived));

        using HttpResponseMessage tooLate = await node.Http.PostAsync(
            new Uri($"batches/{expiring}/renew", UriKind.Relative),
            null
        );
        Assert.Equal(HttpStatusCode.NotFound, tooLate.StatusCode);
    }

    private static async Task<string> StateAsync(OperatorNode node, BatchId id) =>
        (await node.Http.GetFromJsonAsync<BatchBody>(new Uri($"batches/{id}", UriKind.Relative)))!.State;

    private static async Task<HttpStatusCode> ReadAsync(OperatorNode node, BatchId id)
    {
        using HttpResponseMessage answer = await node.Http.GetAsync(
            new Uri(
                $"get/{Convert.ToHexStringLower(AltDaCommitment.Of(id).Encode(AltDaCommitment.DefaultDaLayerByte))}",
                UriKind.Relative
            )
        );
        return answer.StatusCode;
    }

    private static int RowsOf(OperatorNode node, BatchId id) =>
        new StorageOptions { Folder = node.Folder }
            .Places.Where(Directory.Exists)
            .Sum(place =>
                Directory.EnumerateFiles(place, $"{id.ToString()[2..]}.*.row", SearchOption.AllDirectories).Count()
            );
}
