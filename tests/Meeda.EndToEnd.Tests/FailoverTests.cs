using System.Net;
using System.Security.Cryptography;
using Meeda.Attack;
using Meeda.Client;
using Meeda.Ethereum;
using Meeda.Kzg.Commitments;
using Meeda.L1.Transactions;
using Meeda.Protocol.Batches;
using Meeda.Storage;
using Xunit;

namespace Meeda.EndToEnd.Tests;

/// <summary>
/// What an operator does when none of its providers accepts anything: with failover on, batches are published on L1 as
/// blobs with the same commitments.
/// </summary>
public sealed class FailoverTests
{
    [SkippableFact]
    public async Task Batches_that_no_provider_takes_are_anchored_with_their_blobs_and_come_home_afterwards()
    {
        await using Arena arena = await Arena.StartAsync();
        OperatorNode node = await arena.OperatorNodeAsync(("Meeda:L1:FailoverToBlobs", "true"));
        BreakProviders(node);
        byte[] payload = RandomNumberGenerator.GetBytes(200_000);
        using var body = new ByteArrayContent(payload);
        using HttpResponseMessage answer = await node.Http.PostAsync(new Uri("put", UriKind.Relative), body);
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        byte[] encoded = await answer.Content.ReadAsByteArrayAsync();
        Assert.True(
            AltDaCommitment.TryDecode(
                encoded,
                AltDaCommitment.DefaultDaLayerByte,
                out AltDaCommitment commitment,
                out _
            )
        );
        var id = new BatchId(commitment.Hash);

        // It is anchored nevertheless: the transaction carries its blobs, with the batch's usual commitments.
        AnchorBody? anchor = null;
        await arena.UntilAsync(
            "the batch is anchored",
            async () => (anchor = await node.AnchorOfAsync(id)) is not null
        );
        var key = new CommitmentKey(TrustedSetup.Ethereum);
        byte[] blobs = BlobEncoding.Encode(payload);
        foreach (byte[] blob in blobs.Chunk(Blob.ByteLength))
        {
            Bytes32 versionedHash = new BlobSidecar([], [key.Commit(blob).ToArray()], []).VersionedHashes()[0];
            Assert.Equal(blob, await arena.PublishedBlobAsync(versionedHash, anchor!.BlockNumber, anchor.BlockNumber));
        }

        var path = new Uri($"get/0x{Convert.ToHexStringLower(encoded)}", UriKind.Relative);
        Assert.Equal(payload, await node.Http.GetByteArrayAsync(path));

        // The providers are back: the rows are placed.
        MendProviders(node);
        await arena.UntilAsync(
            "the rows are home",
            () =>
                Task.FromResult(
                    Places(node)
                        .Sum(place => Directory.EnumerateFiles(place, "*.row", SearchOption.AllDirectories).Count())
                        >= 2
                )
        );
        Assert.Equal(payload, await node.Http.GetByteArrayAsync(path));
        await arena.UntilAsync(
            "an epoch over the batch is proven",
            async () => (await node.HistoryOfAsync(id))?.Proven > 0
        );
    }

    [SkippableFact]
    public async Task Without_the_option_a_batch_that_no_provider_takes_is_held_and_anchored_once_they_are_back()
    {
        await using Arena arena = await Arena.StartAsync();
        OperatorNode node = await arena.OperatorNodeAsync();
        BreakProviders(node);
        using var body = new ByteArrayContent([1, 2, 3]);
        using HttpResponseMessage answer = await node.Http.PostAsync(new Uri("put", UriKind.Relative), body);
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        byte[] encoded = await answer.Content.ReadAsByteArrayAsync();
        Assert.True(
            AltDaCommitment.TryDecode(
                encoded,
                AltDaCommitment.DefaultDaLayerByte,
                out AltDaCommitment commitment,
                out _
            )
        );
        var id = new BatchId(commitment.Hash);
        ulong head = await arena.Client.GetBlockNumberAsync(CancellationToken.None);
        await arena.UntilAsync(
            "blocks pass",
            async () => await arena.Client.GetBlockNumberAsync(CancellationToken.None) > head + 5
        );
        Assert.Null(await node.AnchorOfAsync(id));
        MendProviders(node);
        await arena.UntilAsync("the batch is anchored", async () => await node.AnchorOfAsync(id) is not null);
        Assert.Equal(
            [1, 2, 3],
            await node.Http.GetByteArrayAsync(new Uri($"get/0x{Convert.ToHexStringLower(encoded)}", UriKind.Relative))
        );
    }

    private static IReadOnlyList<string> Places(OperatorNode node) =>
        new StorageOptions { Folder = node.Folder }.Places;

    /// <summary>Replaces each provider's folder by a file, so that nothing can be written below it.</summary>
    private static void BreakProviders(OperatorNode node)
    {
        foreach (string place in Places(node))
        {
            Directory.Delete(place, recursive: true);
            File.WriteAllText(place, "");
        }
    }

    private static void MendProviders(OperatorNode node)
    {
        foreach (string place in Places(node))
        {
            File.Delete(place);
            Directory.CreateDirectory(place);
        }
    }
}
