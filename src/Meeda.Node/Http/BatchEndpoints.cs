using Meeda.Ethereum;
using Meeda.Kzg.Commitments;
using Meeda.Node.L1;
using Meeda.Node.Storage;
using Meeda.Protocol.Batches;
using Microsoft.AspNetCore.Mvc;

namespace Meeda.Node.Http;

/// <summary>Where a batch is on L1.</summary>
/// <param name="Index">The operator's anchor that holds it.</param>
/// <param name="FirstBlob">The operator's position of its first blob.</param>
/// <param name="BlockNumber">The L1 block of the anchor.</param>
/// <param name="Expiry">The L1 block from which on it need no longer be held.</param>
/// <param name="Transaction">The anchoring transaction's hash.</param>
/// <param name="Depth">L1 blocks on top of the anchor's, as far as they were followed.</param>
public sealed record AnchorBody(uint Index, ulong FirstBlob, ulong BlockNumber, ulong Expiry, string Transaction, ulong Depth);

/// <summary>What the operator says about a batch.</summary>
/// <param name="BatchId">Its id, 0x and 64 hex digits.</param>
/// <param name="State"><c>stored</c> or <c>anchored</c>.</param>
/// <param name="Bytes">The payload's length.</param>
/// <param name="Blobs">Its blobs.</param>
/// <param name="Commitments">The blobs' compressed KZG commitments, hex, in order.</param>
/// <param name="Anchor">Its latest anchor, or null.</param>
public sealed record BatchBody(string BatchId, string State, uint Bytes, int Blobs, IReadOnlyList<string> Commitments, AnchorBody? Anchor);

/// <summary>What verifiers ask about batches.</summary>
internal static class BatchEndpoints
{
    /// <summary>Maps <c>/batches/&lt;id&gt;</c>.</summary>
    public static void MapBatches(this IEndpointRouteBuilder routes) =>
        routes.MapGet("/batches/{id}", GetAsync)
            .WithSummary("A batch's commitments, state and anchor")
            .Produces<BatchBody>().Produces<ErrorBody>(400).Produces<ErrorBody>(404);

    private static async Task<BatchBody> GetAsync(
        string id, [FromServices] Ledger ledger, [FromServices] L1Follower follower, CancellationToken cancellationToken)
    {
        if (!Bytes32.TryParse(id, out Bytes32 value))
        {
            throw new DaException(DaError.MalformedRequest, "id: a batch id is 64 hex digits, with or without 0x");
        }

        var batchId = new BatchId(value);
        StoredBatch batch = await ledger.FindBatchAsync(batchId, cancellationToken)
            ?? throw new DaException(DaError.Absent, "id: no batch of this id was ever stored here");
        AnchorBody? anchor = null;
        if (await ledger.FindAnchoringAsync(batchId, cancellationToken) is { } found)
        {
            ulong tip = follower.Tip ?? 0;
            anchor = new AnchorBody(
                found.Anchor.Index,
                found.Batch.FirstBlob,
                found.Anchor.BlockNumber,
                found.Anchor.Expiry,
                found.TransactionHash.ToString(),
                tip > found.Anchor.BlockNumber ? tip - found.Anchor.BlockNumber : 0);
        }

        string[] commitments =
            [.. batch.Commitments.Chunk(KzgCommitment.Length).Select(commitment => "0x" + Convert.ToHexStringLower(commitment))];
        return new BatchBody(batchId.ToString(), anchor is null ? "stored" : "anchored", batch.PayloadLength, batch.BlobCount, commitments, anchor);
    }
}
