using Meeda.Kzg.Commitments;
using Meeda.Kzg.Fields;
using Meeda.Kzg.Polynomials;

namespace Meeda.Kzg.Cells;

/// <summary>
/// One cell of a blob with its proof, at little more than the price of one commitment: for who answers samplers,
/// which ask for single cells. Whoever needs all 128
/// takes <see cref="CellProver"/>. Safe for use by many threads at once.
/// </summary>
public sealed class CellOpening
{
    private readonly FourierTransform _blobTransform = new(Blob.ElementCount);
    private readonly FourierTransform _cellTransform = new(Cell.ElementCount);
    private readonly CommitmentKey _key;

    /// <summary>Prepares openings.</summary>
    /// <param name="key">The setup's commitment key.</param>
    public CellOpening(CommitmentKey key)
    {
        ArgumentNullException.ThrowIfNull(key);
        _key = key;
    }

    /// <summary>
    /// A blob's cell and its proof: the same as <c>compute_cells_and_kzg_proofs</c> gives at that index.
    /// </summary>
    /// <param name="blob">131072 bytes.</param>
    /// <param name="index">Which of the 128 cells.</param>
    /// <param name="proof">The proof.</param>
    /// <returns>The cell, 2048 bytes.</returns>
    /// <exception cref="KzgFormatException">The length is not that of a blob, or an element is not below the
    /// modulus.</exception>
    public byte[] Open(ReadOnlySpan<byte> blob, CellIndex index, out KzgProof proof)
    {
        Fr[] polynomial = Blob.Decode(blob);
        _blobTransform.Interpolate(polynomial);

        // P = Q·(X^64 - h^64) + I with deg I < 64, so that I has P's values on the coset, where X^64 = h^64. From the
        // top, q_i = p_{i+64} + h^64·q_{i+64}.
        Fr shiftPower = CellCoset.ShiftPower(index.Value);
        for (int i = Blob.ElementCount - (2 * Cell.ElementCount) - 1; i >= -Cell.ElementCount; i--)
        {
            polynomial[i + Cell.ElementCount] += shiftPower * polynomial[i + (2 * Cell.ElementCount)];
        }

        Span<Fr> remainder = polynomial.AsSpan(0, Cell.ElementCount);
        FourierTransform.Shift(remainder, CellCoset.Shift(index.Value));
        _cellTransform.Evaluate(remainder);
        byte[] cell = Cell.Encode(remainder);

        var quotient = new Fr[Blob.ElementCount];
        polynomial.AsSpan(Cell.ElementCount).CopyTo(quotient);
        _blobTransform.Evaluate(quotient);
        proof = KzgProof.From(_key.Commit(quotient));
        return cell;
    }
}
