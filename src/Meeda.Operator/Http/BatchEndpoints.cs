using Meeda.Client;
using Meeda.Http;
using Meeda.Kzg.Commitments;
using Meeda.Operator.Batches;
using Meeda.Operator.L1;
using Meeda.Operator.Persistence;
using Meeda.Operator.Tenants;
using Meeda.Protocol.Batches;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Mvc;

namespace Meeda.Operator.Http;

/// <summary>Batch metadata for verifiers, and renewal for rollups.</summary>
internal static class BatchEndpoints
{
    /// <summary>Maps <c>/batches/&lt;id&gt;</c> and <c>/batches/&lt;id&gt;/renew</c>.</summary>
    public static void MapBatches(this IEndpointRouteBuilder routes)
    {
        routes
            .MapGet("/batches/{id}", GetAsync)
            .RequireAuthorization(TenantAccess.Read)
            .Expects(ParameterForms.BatchId)
            .WithSummary("A batch's commitments, state and anchor");
        routes
            .MapPost("/batches/{id}/renew", RenewAsync)
            .RequireAuthorization(TenantAccess.Write)
            .Expects(ParameterForms.BatchId)
            .WithSummary("Anchor a batch once more, so that it is kept for another term from then on");
    }

    private static async Task<Results<Ok<BatchBody>, Problem<Status400>, Problem<Status404>>> GetAsync(
        BatchId id,
        [FromServices] Ledger ledger,
        Absence absence,
        BatchStates states,
        CancellationToken cancellationToken
    )
    {
        StoredBatch batch = await FindAsync(id, ledger, absence, cancellationToken);
        return TypedResults.Ok(BodyOf(await states.OfAsync(batch, cancellationToken)));
    }

    private static async Task<Results<Ok<BatchBody>, Problem<Status400>, Problem<Status404>>> RenewAsync(
        BatchId id,
        [FromServices] Ledger ledger,
        Absence absence,
        BatchStates states,
        BatchRenewal renewal,
        CancellationToken cancellationToken
    )
    {
        StoredBatch batch = await FindAsync(id, ledger, absence, cancellationToken);
        return await renewal.RenewAsync(batch, cancellationToken) is { } renewed
            ? TypedResults.Ok(BodyOf(await states.OfAsync(renewed, cancellationToken)))
            : new Problem<Status404>(
                ErrorCode.BatchExpired,
                "id: the batch had expired and is no longer kept; put it again"
            );
    }

    private static async Task<StoredBatch> FindAsync(
        BatchId id,
        Ledger ledger,
        Absence absence,
        CancellationToken cancellationToken
    ) =>
        await ledger.FindBatchAsync(id, cancellationToken)
        ?? throw await absence.OfAsync("id: no batch of this id was ever stored here", cancellationToken);

    private static BatchBody BodyOf(BatchStatus standing)
    {
        AnchorBody? anchor = standing.Anchoring is var (batch, on, transaction)
            ? new AnchorBody(
                on.Index,
                batch.FirstBlob,
                on.BlockNumber,
                on.Expiry,
                transaction.ToString(),
                standing.Depth
            )
            : null;
        return new BatchBody(
            standing.Batch.Id.ToString(),
            standing.Batch.DeletedAt is null ? standing.State.ToString().ToLowerInvariant() : "deleted",
            standing.Batch.PayloadLength,
            standing.Batch.BlobCount,
            [
                .. standing
                    .Batch.Commitments.Chunk(KzgCommitment.Length)
                    .Select(commitment => "0x" + Convert.ToHexStringLower(commitment)),
            ],
            anchor
        );
    }
}
