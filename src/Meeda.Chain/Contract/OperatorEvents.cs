using System.Diagnostics.CodeAnalysis;
using Meeda.Chain.Index;
using Meeda.Ethereum;
using Meeda.Kzg.Commitments;
using Meeda.Kzg.Curves;
using Meeda.Kzg.Fields;
using Meeda.Protocol.Proofs;

namespace Meeda.Chain.Contract;

/// <summary>What happened to one operator in a range of blocks.</summary>
internal sealed record OperatorEvents(IReadOnlyList<AnchorEvent> Anchors, IReadOnlyList<SubmittedProof> Proofs)
{
    /// <summary>What was left out since it cannot be a log of the contract, in words.</summary>
    public IReadOnlyList<string> Odd { get; init; } = [];
}

/// <summary>
/// A proof as the contract's log carries it. Points are kept as the bytes that they are: a lie need not be a point of
/// the group.
/// </summary>
/// <param name="Seen">Epoch, block, transaction and seed.</param>
/// <param name="Hints">The anchors that bound the live range.</param>
/// <param name="PartialSums">128 bytes each (EIP-2537).</param>
/// <param name="Y">The claimed value.</param>
/// <param name="Proof">The opening, 128 bytes.</param>
internal sealed record SubmittedProof(
    ProofEvent Seen,
    RangeHints Hints,
    IReadOnlyList<byte[]> PartialSums,
    Bytes32 Y,
    byte[] Proof
)
{
    /// <summary>The proof as values of the protocol; false where a part of it is invalid.</summary>
    public bool TryDecode([NotNullWhen(true)] out AvailabilityProof? proof)
    {
        proof = null;
        var sums = new G1Point[PartialSums.Count];
        for (int i = 0; i < sums.Length; i++)
        {
            if (!G1Point.TryDecodePadded(PartialSums[i], out sums[i]))
            {
                return false;
            }
        }

        if (!Fr.TryDecode(Y.ToArray(), out Fr y) || !G1Point.TryDecodePadded(Proof, out G1Point opening))
        {
            return false;
        }

        proof = new AvailabilityProof(sums, y, KzgProof.From(opening));
        return true;
    }

    /// <summary>
    /// The first chunk whose partial sum is not the one that was recomputed, or null where all are right.
    /// </summary>
    /// <param name="expected">The right partial sums; the contract has checked that there are as many.</param>
    public int? FindWrongChunk(IReadOnlyList<G1Point> expected)
    {
        var padded = new byte[G1Point.PaddedLength];
        for (int chunk = 0; chunk < expected.Count; chunk++)
        {
            expected[chunk].EncodePadded(padded);
            if (!PartialSums[chunk].AsSpan().SequenceEqual(padded))
            {
                return chunk;
            }
        }

        return null;
    }
}
