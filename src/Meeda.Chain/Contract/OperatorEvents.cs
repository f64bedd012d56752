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
    /// The first chunk whose partial sum differs from the recomputed one, or null where all are correct.
    /// </summary>
    /// <param name="expected">The recomputed partial sums; the contract has checked their number.</param>
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
