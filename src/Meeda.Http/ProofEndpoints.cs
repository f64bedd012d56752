using Meeda.Chain.Contract;
using Meeda.Chain.Index;
using Meeda.Chain.Verification;
using Meeda.Client;
using Meeda.Ethereum;
using Meeda.Protocol.Anchors;
using Meeda.Protocol.Batches;
using Meeda.Protocol.Proofs;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Mvc;

namespace Meeda.Http;

/// <summary>
/// The verifiers' routes of an operator or a light node: both compute the same responses from what each read from L1.
/// Verifiers need not trust them; <c>meeda verify</c> does not.
/// </summary>
internal static class ProofEndpoints
{
    /// <summary>
    /// Maps <c>/batches/&lt;id&gt;/proof</c>, <c>/batches/&lt;id&gt;/history</c> and <c>/epochs/&lt;epoch&gt;</c>.
    /// </summary>
    public static void MapProofs(this IEndpointRouteBuilder routes)
    {
        routes
            .MapGet("/batches/{id}/proof", GetBatchProofAsync)
            .Expects(ParameterForms.BatchId)
            .WithSummary("A batch's commitments, its newest anchor and the Merkle path of each blob");
        routes
            .MapGet("/batches/{id}/history", GetHistoryAsync)
            .Expects(ParameterForms.BatchId)
            .WithSummary("How often a batch was sampled, and how often proven");
        routes
            .MapGet("/epochs/{epoch}", GetEpochAsync)
            .WithSummary("An epoch's recorded proof with its partial sums, and what recomputing it says");
    }

    private static async Task<Results<Ok<BatchProofBody>, Problem<Status400>, Problem<Status404>>> GetBatchProofAsync(
        BatchId id,
        [FromQuery] string? @operator,
        HttpContext context,
        IAnchorRecord record,
        ProofWork work,
        CancellationToken cancellationToken
    )
    {
        if (!TryReadOperator(@operator, out Address? named))
        {
            return NoAddress();
        }

        if (await FindAsync(record, id, named, cancellationToken) is not { } found)
        {
            return NoAnchor();
        }

        return TypedResults.Ok(
            await work.GetAsync(
                RequestClient.Of(context),
                ("proof", found),
                () => ProofOfAsync(record, found, CancellationToken.None),
                proof => 1024 * proof.Blobs.Count,
                cancellationToken
            )
        );
    }

    private static async Task<BatchProofBody> ProofOfAsync(
        IAnchorRecord record,
        BatchAnchoring found,
        CancellationToken cancellationToken
    )
    {
        var anchored = new AnchoredCommitments(record, found.Operator);
        ulong[] positions =
        [
            .. Enumerable.Range(0, (int)found.Batch.BlobCount).Select(blob => found.Batch.FirstBlob + (ulong)blob),
        ];
        IReadOnlyList<AnchoredLeaf> leaves = await anchored.LeavesAsync(positions, cancellationToken);
        AnchorRoots roots = leaves[0].Roots; // a batch has at least one blob
        return new BatchProofBody(
            found.Batch.Batch.ToString(),
            found.Operator.ToString(),
            found.Anchor.Index,
            found.Anchor.Root.ToString(),
            $"{roots.LeafRoot}",
            $"{roots.IdRoot}",
            found.Anchor.BlobCount,
            found.Anchor.BlockNumber,
            found.Anchor.Expiry,
            found.TransactionHash.ToString(),
            [
                .. positions.Zip(
                    leaves,
                    (position, leaf) =>
                        new LeafBody(
                            position,
                            position - found.Anchor.FirstBlob,
                            HexBody.Of(leaf.Commitment),
                            [.. leaf.Path.Select(hash => hash.ToString())]
                        )
                ),
            ]
        );
    }

    /// <summary>How often a batch was sampled, computed once for each block of L1.</summary>
    internal static async Task<IReadOnlyList<SampledEpoch>> HistoryOfAsync(
        HttpContext context,
        BatchAnchoring found,
        CancellationToken cancellationToken
    )
    {
        IServiceProvider services = context.RequestServices;
        BlockPoint? tip = await services.GetRequiredService<IAnchorRecord>().TipAsync(cancellationToken);
        return await services
            .GetRequiredService<ProofWork>()
            .GetAsync(
                RequestClient.Of(context),
                ("history", found, tip),
                () => services.GetRequiredService<SamplingHistory>().OfAsync(found, CancellationToken.None),
                epochs => 64 * (epochs.Count + 1),
                cancellationToken
            );
    }

    private static async Task<Results<Ok<HistoryBody>, Problem<Status400>, Problem<Status404>>> GetHistoryAsync(
        BatchId id,
        [FromQuery] string? @operator,
        HttpContext context,
        IAnchorRecord record,
        CancellationToken cancellationToken
    )
    {
        if (!TryReadOperator(@operator, out Address? named))
        {
            return NoAddress();
        }

        if (await FindAsync(record, id, named, cancellationToken) is not { } found)
        {
            return NoAnchor();
        }

        IReadOnlyList<SampledEpoch> epochs = await HistoryOfAsync(context, found, cancellationToken);
        return TypedResults.Ok(HistoryOf(found, epochs));
    }

    private static HistoryBody HistoryOf(BatchAnchoring found, IReadOnlyList<SampledEpoch> epochs) =>
        new(
            found.Batch.Batch.ToString(),
            found.Operator.ToString(),
            found.Batch.BlobCount,
            epochs.Count,
            epochs.Count(epoch => epoch.Sampled > 0),
            epochs.Count(epoch => epoch is { Sampled: > 0, Outcome: EpochOutcome.Proven }),
            epochs.Count(epoch => epoch is { Sampled: > 0, Outcome: EpochOutcome.Missed }),
            [.. epochs.Select(epoch => new SampledEpochBody(epoch.Epoch, epoch.Sampled, Lower(epoch.Outcome)))]
        );

    private static async Task<Results<Ok<EpochBody>, Problem<Status400>, Problem<Status404>>> GetEpochAsync(
        string epoch,
        [FromQuery] string? @operator,
        HttpContext context,
        ProofWork work,
        SystemContract system,
        IAnchorRecord record,
        EpochVerification verification,
        ServedOperators operators,
        CancellationToken cancellationToken
    )
    {
        if (!ulong.TryParse(epoch, out ulong number))
        {
            return new Problem<Status400>(ErrorCode.MalformedRequest, "epoch: a whole number");
        }

        if (!TryReadOperator(@operator, out Address? named))
        {
            return NoAddress();
        }

        IReadOnlyList<Address> candidates = named is { } one ? [one] : await operators.ListAsync(cancellationToken);
        if (candidates.Count > 1)
        {
            return new Problem<Status400>(
                ErrorCode.MalformedRequest,
                $"operator: {candidates.Count} operators are followed here; name one with ?operator=0x…"
            );
        }

        if (
            candidates.Count == 0
            || await record.ProofsAsync(candidates[0], number, number, cancellationToken) is not [{ } seen]
        )
        {
            return new Problem<Status404>(
                ErrorCode.ProofNotFound,
                $"epoch: L1 holds no proof of epoch {number}, as far as it was followed here"
            );
        }

        // Once the challenge window has passed, the verdict is permanent; before, one is computed for each L1 block. An
        // unfavourable one may be an error of L1's endpoint, and is not cached.
        BlockPoint? tip = await record.TipAsync(cancellationToken);
        bool isOver =
            tip is { } last
            && last.Number > seen.BlockNumber + (await system.ParametersAsync(cancellationToken)).ChallengeWindow;
        return TypedResults.Ok(
            await work.GetAsync(
                RequestClient.Of(context),
                ("epoch", candidates[0], seen, isOver ? null : tip),
                () => EpochOfAsync(verification, candidates[0], seen, CancellationToken.None),
                body => isOver && !body.Holds ? 0 : 256 * (body.PartialSums.Count + 4),
                cancellationToken
            )
        );
    }

    private static async Task<EpochBody> EpochOfAsync(
        EpochVerification verification,
        Address operatorAddress,
        ProofEvent seen,
        CancellationToken cancellationToken
    )
    {
        EpochVerdict verdict = await verification.VerifyAsync(operatorAddress, seen, cancellationToken);
        return new EpochBody(
            operatorAddress.ToString(),
            seen.Epoch,
            Lower(verdict.Status),
            seen.BlockNumber,
            seen.TransactionHash.ToString(),
            seen.Seed.ToString(),
            verdict.Range?.Lo ?? 0,
            verdict.Range?.Hot ?? 0,
            verdict.Range?.Hi ?? 0,
            verdict.Samples.Length,
            [.. verdict.Proof.PartialSums.Chunk(PackedPoints.PointLength).Select(sum => HexBody.Of(sum))],
            verdict.Proof.Y.ToString(),
            HexBody.Of(verdict.Proof.Opening),
            verdict.Holds,
            [.. verdict.Checks.Select(check => new CheckBody(check.What, check.Holds))]
        );
    }

    /// <summary>
    /// The batch's latest anchor, of the named operator where one is named; null where there is none.
    /// </summary>
    private static async Task<BatchAnchoring?> FindAsync(
        IAnchorRecord record,
        BatchId id,
        Address? named,
        CancellationToken cancellationToken
    ) =>
        (await record.AnchoringsAsync(id, cancellationToken)).LastOrDefault(each =>
            named is null || each.Operator == named
        );

    /// <summary>Reads an operator from a query, of which an empty one names none.</summary>
    private static bool TryReadOperator(string? text, out Address? named)
    {
        bool isNamed = Address.TryParse(text, out Address address);
        named = isNamed ? address : null;
        return isNamed || string.IsNullOrEmpty(text);
    }

    private static Problem<Status400> NoAddress() =>
        new(ErrorCode.MalformedRequest, "operator: an address is 40 hex digits, with or without 0x");

    private static Problem<Status404> NoAnchor() =>
        new(ErrorCode.AnchorNotFound, "id: L1 holds no anchor of this batch, as far as it was followed here");

#pragma warning disable CA1308 // Names in JSON are lower case.
    private static string Lower<T>(T value)
        where T : struct, Enum => value.ToString().ToLowerInvariant();
#pragma warning restore CA1308
}

/// <summary>The operators that a service can say something about.</summary>
internal sealed class ServedOperators(Func<CancellationToken, Task<IReadOnlyList<Address>>> list)
{
    /// <summary>Their addresses.</summary>
    public Task<IReadOnlyList<Address>> ListAsync(CancellationToken cancellationToken) => list(cancellationToken);
}
