using System.Diagnostics.CodeAnalysis;
using Meeda.Chain.Index;
using Meeda.Ethereum;
using Meeda.Kzg.Commitments;
using Meeda.Kzg.Curves;
using Meeda.Kzg.Fields;
using Meeda.Protocol.Proofs;

namespace Meeda.Chain.Contract;

/// <summary>The events of one operator in a range of blocks.</summary>
internal sealed record OperatorEvents(IReadOnlyList<AnchorEvent> Anchors, IReadOnlyList<SubmittedProof> Proofs)
{
    /// <summary>Messages about logs that were skipped because the contract cannot have emitted them.</summary>
    public IReadOnlyList<string> Odd { get; init; } = [];
}

/// <summary>
/// A proof as the contract's log carries it. Points are kept as bytes, because those of an invalid proof need not be in
/// the group.
/// </summary>
/// <param name="Seen">Epoch, block, transaction and seed.</param>
/// <param name="Hints">The anchors that bound the live range.</param>
/// <param name="PartialSums">The partial sums, as <see cref="PackedPoints"/>.</param>
/// <param name="Y">The claimed value.</param>
/// <param name="Opening">The opening, 96 bytes.</param>
internal sealed record SubmittedProof(ProofEvent Seen, RangeHints Hints, byte[] PartialSums, Bytes32 Y, byte[] Opening)
{
    /// <summary>The number of whole partial sums.</summary>
    public int ChunkCount => PartialSums.Length / PackedPoints.PointLength;

    /// <summary>The proof as values of the protocol; false where a part of it is invalid.</summary>
    public bool TryDecode([NotNullWhen(true)] out AvailabilityProof? proof)
    {
        proof = null;
        if (
            !PackedPoints.TryDecode(PartialSums, out G1Point[] sums)
            || !Fr.TryDecode(Y.ToArray(), out Fr y)
            || !PackedPoints.TryDecode(Opening, out G1Point[] opening)
            || opening.Length != 1
        )
        {
            return false;
        }

        proof = new AvailabilityProof(sums, y, KzgProof.From(opening[0]));
        return true;
    }

    /// <summary>
    /// The first chunk whose partial sum differs from the recomputed one, or null where all are correct.
    /// </summary>
    /// <param name="expected">The recomputed partial sums; the contract has checked their number.</param>
    public int? FindWrongChunk(ReadOnlySpan<G1Point> expected)
    {
        byte[] packed = PackedPoints.Encode(expected);
        int same = PartialSums.AsSpan().CommonPrefixLength(packed);
        return same == packed.Length ? null : same / PackedPoints.PointLength;
    }
}
