using Meeda.Kzg.Fields;
using Meeda.Kzg.Polynomials;

namespace Meeda.Kzg.Cells;

/// <summary>
/// The cosets that cells hold values on (consensus-specs <c>coset_for_cell</c>, <c>coset_shift_for_cell</c>).
/// </summary>
internal static class CellCoset
{
    private const int IndexBits = 7;

    private static readonly Fr[] Roots = EvaluationDomain.RootsOfUnity(Cell.ExtendedElementCount);

    /// <summary>
    /// <c>h_k = ω_8192^brp(64k)</c>, which is <c>ω_8192</c> to the power of <c>k</c> with its 7 bits reversed.
    /// </summary>
    public static Fr Shift(int cell) => Roots[EvaluationDomain.ReverseBits(cell, IndexBits)];

    /// <summary><c>1/h_k</c>.</summary>
    public static Fr InverseShift(int cell) =>
        Roots[-EvaluationDomain.ReverseBits(cell, IndexBits) & (Cell.ExtendedElementCount - 1)];

    /// <summary><c>h_k^64</c>, the value of <c>X^64</c> on the whole coset: a 128th root of unity.</summary>
    public static Fr ShiftPower(int cell) => Roots[Cell.ElementCount * EvaluationDomain.ReverseBits(cell, IndexBits)];
}
