using Meeda.Chain.Contract;
using Meeda.Chain.Index;
using Meeda.Ethereum;
using Meeda.Kzg.Commitments;
using Meeda.Kzg.Curves;
using Meeda.L1.Rpc;
using Meeda.Protocol.Proofs;

namespace Meeda.Chain.Verification;

/// <summary>A recorded proof of an epoch, recomputed in every part.</summary>
/// <param name="Proof">The proof in the contract's log.</param>
/// <param name="Status">The contract's status of the epoch.</param>
/// <param name="Range">The live blobs at the epoch's block, or null where none were.</param>
/// <param name="Samples">The challenged blobs, from the recorded seed.</param>
/// <param name="Checks">The checks and their results.</param>
internal sealed record EpochVerdict(
    SubmittedProof Proof,
    EpochStatus Status,
    LiveRange? Range,
    Sample[] Samples,
    IReadOnlyList<Check> Checks
)
{
    /// <summary>Whether everything holds.</summary>
    public bool Holds => Checks.All(check => check.Holds);
}

/// <summary>A recorded proof compared with the recomputed one.</summary>
/// <param name="Proof">The proof in the contract's log.</param>
/// <param name="Drawn">The samples that it had to cover.</param>
/// <param name="WrongChunk">The first chunk whose partial sum is wrong, or null where all are correct.</param>
internal sealed record RecomputedProof(SubmittedProof Proof, EpochSamples Drawn, int? WrongChunk);

/// <summary>Verifies recorded proofs against L1 and the anchors read from it; trusts no operator.</summary>
internal sealed partial class EpochVerification(
    EthereumClient client,
    SystemContract system,
    IAnchorRecord record,
    VerificationKey key,
    TimeProvider? time = null
)
{
    /// <summary>Verifies the proof of an epoch.</summary>
    /// <param name="operatorAddress">The operator.</param>
    /// <param name="seen">The proof, as the record holds it.</param>
    /// <param name="cancellationToken">Ends the work.</param>
    /// <exception cref="InvalidDataException">L1 no longer has the proof or the epoch's block.</exception>
    public async Task<EpochVerdict> VerifyAsync(
        Address operatorAddress,
        ProofEvent seen,
        CancellationToken cancellationToken
    )
    {
        SubmittedProof proof = await ReadAsync(operatorAddress, seen, cancellationToken);
        EpochStatus status = await system.Verifier.EpochStatusAsync(operatorAddress, seen.Epoch, cancellationToken);
        var recorded = new Check(
            "the contract recorded the proof and no fraud proof has refuted it",
            status == EpochStatus.Proven
        );
        if (await DrawAsync(operatorAddress, seen.Epoch, recordedSeed: null, cancellationToken) is not { } drawn)
        {
            var isLive = new Check("blobs were live at the epoch's block", false);
            return new EpochVerdict(proof, status, null, [], [recorded, isLive]);
        }

        G1Point[] sums = await SumAsync(operatorAddress, drawn, areChecked: false, cancellationToken);
        return new EpochVerdict(proof, status, drawn.Range, drawn.Samples, [recorded, .. Compare(proof, drawn, sums)]);
    }

    /// <summary>Recomputes a recorded proof from the seed that the contract recorded with it.</summary>
    /// <param name="operatorAddress">The operator; its leaves must have been checked before.</param>
    /// <param name="seen">The proof, as the record holds it.</param>
    /// <param name="cancellationToken">Ends the work.</param>
    /// <exception cref="InvalidDataException">L1 no longer has the proof, or no blob was live.</exception>
    public async Task<RecomputedProof> RecomputeAsync(
        Address operatorAddress,
        ProofEvent seen,
        CancellationToken cancellationToken
    )
    {
        SubmittedProof proof = await ReadAsync(operatorAddress, seen, cancellationToken);
        EpochSamples drawn =
            await DrawAsync(operatorAddress, seen.Epoch, new EpochSeed(proof.Seen.Seed), cancellationToken)
            ?? throw new InvalidDataException($"epoch {seen.Epoch} of {operatorAddress} has a proof but no live blobs");
        G1Point[] sums = await SumAsync(operatorAddress, drawn, areChecked: true, cancellationToken);
        return new RecomputedProof(proof, drawn, proof.FindWrongChunk(sums));
    }

    private IEnumerable<Check> Compare(SubmittedProof proof, EpochSamples drawn, G1Point[] sums) =>
        [
            new(
                "its seed is the one that the RANDAO mix of the epoch's seed block fixes, its range the one of the "
                    + "anchors",
                proof.Seen.Seed == drawn.Seed.Value && proof.Hints == drawn.Hints
            ),
            new(
                "its partial sums, recomputed from L1's log, are right",
                proof.ChunkCount == sums.Length && proof.FindWrongChunk(sums) is null
            ),
            new(
                "its opening verifies under the ceremony's setup",
                proof.TryDecode(out AvailabilityProof? decoded) && decoded.Verify(key, drawn.Seed.Challenge())
            ),
        ];

    private async Task<SubmittedProof> ReadAsync(
        Address operatorAddress,
        ProofEvent seen,
        CancellationToken cancellationToken
    )
    {
        OperatorEvents events = await system.ReadEventsAsync(
            operatorAddress,
            seen.BlockNumber,
            seen.BlockNumber,
            cancellationToken
        );
        return events.Proofs.FirstOrDefault(each => each.Seen.Epoch == seen.Epoch)
            ?? throw new InvalidDataException(
                $"block {seen.BlockNumber} does not hold the proof of epoch {seen.Epoch} any more"
            );
    }

    private Task<G1Point[]> SumAsync(
        Address operatorAddress,
        EpochSamples drawn,
        bool areChecked,
        CancellationToken cancellationToken
    ) =>
        new AnchoredCommitments(record, operatorAddress).PartialSumsAsync(drawn.Samples, areChecked, cancellationToken);
}
