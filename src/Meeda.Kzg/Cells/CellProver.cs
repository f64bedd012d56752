using Meeda.Kzg.Commitments;
using Meeda.Kzg.Fields;
using Meeda.Kzg.Polynomials;

namespace Meeda.Kzg.Cells;

/// <summary>
/// What makes cells and their proofs (EIP-7594; consensus-specs, fulu/polynomial-commitments-sampling.md). Safe for
/// use by many threads at once. The first
/// proofs wait for tables: a second on vectors, eight seconds or so on processors that have none.
/// </summary>
public sealed class CellProver : IDisposable
{
    private readonly ByteTransform _blobTransform = ByteTransform.Create(Blob.ElementCount);
    private readonly ByteTransform _cellTransform = ByteTransform.Create(Cell.ExtendedElementCount);
    private readonly CellRecovery _recovery;
    private readonly Lazy<CellProofs> _proofs;

    /// <summary>Prepares the cells; tables for proofs are made when first needed.</summary>
    /// <param name="setup">The ceremony's outcome.</param>
    public CellProver(TrustedSetup setup)
    {
        ArgumentNullException.ThrowIfNull(setup);
        _recovery = new CellRecovery(new FourierTransform(Cell.ExtendedElementCount));
        _proofs = new(() => new CellProofs(setup));
    }

    /// <summary>
    /// Frees the tables of proofs. Calls that are at work end as ever; later ones that need proofs throw
    /// <see cref="ObjectDisposedException"/>.
    /// </summary>
    public void Dispose()
    {
        if (_proofs.IsValueCreated)
        {
            _proofs.Value.Dispose();
        }
    }

    /// <summary>A blob's 128 cells, concatenated (<c>compute_cells</c>).</summary>
    /// <param name="blob">131072 bytes.</param>
    /// <exception cref="KzgFormatException">The length is not that of a blob, or an element is not below the
    /// modulus.</exception>
    public byte[] ComputeCells(ReadOnlySpan<byte> blob) => Extend(Interpolate(blob));

    /// <summary>
    /// A blob's 128 cells, concatenated, and their proofs (<c>compute_cells_and_kzg_proofs</c>).
    /// </summary>
    /// <param name="blob">131072 bytes.</param>
    /// <param name="proofs">128 proofs.</param>
    /// <exception cref="KzgFormatException">The length is not that of a blob, or an element is not below the
    /// modulus.</exception>
    public byte[] ComputeCellsAndKzgProofs(ReadOnlySpan<byte> blob, out KzgProof[] proofs)
    {
        byte[] coefficients = Interpolate(blob);
        proofs = _proofs.Value.Compute(coefficients);
        return Extend(coefficients);
    }

    /// <summary>
    /// All 128 cells, concatenated, and their proofs, from at least 64 cells
    /// (<c>recover_cells_and_kzg_proofs</c>). Cells that contradict each other
    /// are not noticed: verify them first.
    /// </summary>
    /// <param name="indices">Which cells there are, ascending.</param>
    /// <param name="cells">These cells, concatenated.</param>
    /// <param name="proofs">128 proofs.</param>
    /// <exception cref="KzgFormatException">There are fewer than 64 indices, they do not ascend, or the cells are not
    /// as many or not canonical.</exception>
    public byte[] RecoverCellsAndKzgProofs(
        ReadOnlySpan<CellIndex> indices,
        ReadOnlySpan<byte> cells,
        out KzgProof[] proofs
    )
    {
        byte[] coefficients = Cell.Encode(Recover(indices, cells));
        proofs = _proofs.Value.Compute(coefficients);
        return Extend(coefficients);
    }

    private Fr[] Recover(ReadOnlySpan<CellIndex> indices, ReadOnlySpan<byte> cells)
    {
        if (indices.Length is < Cell.CountToRecover or > Cell.CountPerBlob)
        {
            throw new KzgFormatException(
                $"cell indices: {indices.Length}, {Cell.CountToRecover} to {Cell.CountPerBlob} are expected"
            );
        }

        for (int i = 1; i < indices.Length; i++)
        {
            if (indices[i] <= indices[i - 1])
            {
                throw new KzgFormatException(
                    $"cell indices: {indices[i].Value} stands behind {indices[i - 1].Value}, ascending order is "
                        + "expected"
                );
            }
        }

        return _recovery.Interpolate(indices, Cell.Decode(cells, indices.Length));
    }

    // The polynomial's coefficients.
    private byte[] Interpolate(ReadOnlySpan<byte> blob)
    {
        Blob.ThrowIfInvalid(blob);
        var coefficients = new byte[Blob.ByteLength];
        _blobTransform.Interpolate(blob, coefficients);
        return coefficients;
    }

    // The values on all 8192nd roots of unity in bit-reversed order are the cells.
    private byte[] Extend(ReadOnlySpan<byte> coefficients)
    {
        var cells = new byte[Cell.CountPerBlob * Cell.ByteLength];
        _cellTransform.Evaluate(coefficients, cells);
        return cells;
    }
}
