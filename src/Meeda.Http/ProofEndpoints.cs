using Meeda.Chain.Contract;
using Meeda.Chain.Index;
using Meeda.Chain.Verification;
using Meeda.Client;
using Meeda.Ethereum;
using Meeda.Protocol.Batches;
using Microsoft.AspNetCore.Mvc;

namespace Meeda.Http;

/// <summary>
/// What verifiers ask, of an operator or of any light node: the same answers, computed from what each read of L1 by
/// itself. No one needs to trust them;
/// <c>meeda verify</c> does not.
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
            .WithSummary("A batch's commitments, its newest anchor and the Merkle path of each blob")
            .Produces<BatchProofBody>()
            .Produces<ProblemBody>(400, ProblemBody.ContentType)
            .Produces<ProblemBody>(404, ProblemBody.ContentType);
        routes
            .MapGet("/batches/{id}/history", GetHistoryAsync)
            .Expects(ParameterForms.BatchId)
            .WithSummary("How often a batch was sampled, and how often proven")
            .Produces<HistoryBody>()
            .Produces<ProblemBody>(400, ProblemBody.ContentType)
            .Produces<ProblemBody>(404, ProblemBody.ContentType);
        routes
            .MapGet("/epochs/{epoch}", GetEpochAsync)
            .WithSummary("An epoch's recorded proof with its partial sums, and what recomputing it says")
            .Produces<EpochBody>()
            .Produces<ProblemBody>(400, ProblemBody.ContentType)
            .Produces<ProblemBody>(404, ProblemBody.ContentType);
    }

    /// <summary>Reads an operator from a query; null where none is named.</summary>
    /// <exception cref="DaException">It is no address.</exception>
    public static Address? ParseOperator(string? text) =>
        string.IsNullOrEmpty(text) ? null
        : Address.TryParse(text, out Address address) ? address
        : throw new DaException(DaError.MalformedRequest, "operator: an address is 40 hex digits, with or without 0x");

    private static async Task<BatchProofBody> GetBatchProofAsync(
        BatchId id,
        [FromQuery] string? @operator,
        HttpContext context,
        IAnchorRecord record,
        ProofWork work,
        CancellationToken cancellationToken
    )
    {
        BatchAnchoring found = await FindAsync(record, id, @operator, cancellationToken);
        return await work.GetAsync(
            RequestClient.Of(context),
            ("proof", found),
            () => ProofOfAsync(record, found, CancellationToken.None),
            proof => 1024 * proof.Blobs.Count,
            cancellationToken
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
        return new BatchProofBody(
            found.Batch.Batch.ToString(),
            found.Operator.ToString(),
            found.Anchor.Index,
            found.Anchor.Root.ToString(),
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

    private static async Task<HistoryBody> GetHistoryAsync(
        BatchId id,
        [FromQuery] string? @operator,
        HttpContext context,
        IAnchorRecord record,
        CancellationToken cancellationToken
    )
    {
        BatchAnchoring found = await FindAsync(record, id, @operator, cancellationToken);
        IReadOnlyList<SampledEpoch> epochs = await HistoryOfAsync(context, found, cancellationToken);
        return new HistoryBody(
            found.Batch.Batch.ToString(),
            found.Operator.ToString(),
            found.Batch.BlobCount,
            epochs.Count,
            epochs.Count(epoch => epoch.Sampled > 0),
            epochs.Count(epoch => epoch is { Sampled: > 0, Outcome: EpochOutcome.Proven }),
            epochs.Count(epoch => epoch is { Sampled: > 0, Outcome: EpochOutcome.Missed }),
            [.. epochs.Select(epoch => new SampledEpochBody(epoch.Epoch, epoch.Sampled, Lower(epoch.Outcome)))]
        );
    }

    private static async Task<EpochBody> GetEpochAsync(
        string epoch,
        [FromQuery] string? @operator,
        HttpContext context,
        ProofWork work,
        MeedaVerifierContract contract,
        IAnchorRecord record,
        EpochVerification verification,
        ServedOperators operators,
        CancellationToken cancellationToken
    )
    {
        if (!ulong.TryParse(epoch, out ulong number))
        {
            throw new DaException(DaError.MalformedRequest, "epoch: a whole number");
        }

        Address[] candidates = ParseOperator(@operator) is { } named
            ? [named]
            : [.. await operators.ListAsync(cancellationToken)];
        if (candidates.Length > 1)
        {
            throw new DaException(
                DaError.MalformedRequest,
                $"operator: {candidates.Length} operators are followed here; name one with ?operator=0x…"
            );
        }

        if (
            candidates.Length == 0
            || await record.ProofsAsync(candidates[0], number, number, cancellationToken) is not [{ } seen]
        )
        {
            throw new DaException(
                ErrorCode.ProofNotFound,
                $"epoch: L1 holds no proof of epoch {number}, as far as it was followed here"
            );
        }

        // Once no one can challenge the proof any more its verdict stands permanently; before, one is made for each
        // block of L1. A bad one may be L1's mistake, and is not kept.
        BlockPoint? tip = await record.TipAsync(cancellationToken);
        bool isOver =
            tip is { } last && last.Number > seen.BlockNumber + await contract.ChallengeWindowAsync(cancellationToken);
        return await work.GetAsync(
            RequestClient.Of(context),
            ("epoch", candidates[0], seen, isOver ? null : tip),
            () => EpochOfAsync(verification, candidates[0], seen, CancellationToken.None),
            body => isOver && !body.Holds ? 0 : 256 * (body.PartialSums.Count + 4),
            cancellationToken
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
            [.. verdict.Proof.PartialSums.Select(sum => HexBody.Of(sum))],
            verdict.Proof.Y.ToString(),
            HexBody.Of(verdict.Proof.Proof),
            verdict.Holds,
            [.. verdict.Checks.Select(check => new CheckBody(check.What, check.Holds))]
        );
    }

    private static async Task<BatchAnchoring> FindAsync(
        IAnchorRecord record,
        BatchId id,
        string? @operator,
        CancellationToken cancellationToken
    )
    {
        Address? named = ParseOperator(@operator);
        return (await record.AnchoringsAsync(id, cancellationToken)).LastOrDefault(each =>
                named is null || each.Operator == named
            )
            ?? throw new DaException(
                ErrorCode.AnchorNotFound,
                "id: L1 holds no anchor of this batch, as far as it was followed here"
            );
    }

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
