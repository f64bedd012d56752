using Meeda.Kzg.Fields;
using Meeda.Kzg.Fields.Kernels;

namespace Meeda.Kzg.Curves;

/// <summary>
/// The lines of the Miller loop for one point <c>Q</c> of G2, computed once: the tangent at <c>T</c> for every
/// doubling of <c>T</c> and the chord
/// through <c>T</c> and <c>Q</c> for every addition, <c>T</c> running from <c>Q</c> to <c>[|z|]Q</c>.
/// </summary>
internal sealed unsafe class G2Lines
{
    private readonly Fp2[] _slopes;
    private readonly Fp2[] _intercepts;
    private readonly AlignedDoubles _rows;

    /// <summary>Computes the lines for a point of the subgroup.</summary>
    public G2Lines(in G2Affine point)
    {
        IsInfinity = point.IsInfinity;
        if (IsInfinity)
        {
            (_slopes, _intercepts, _rows) = ([], [], new(0));
            return;
        }

        // 1. The point T that each line passes through, in the loop's order.
        var through = new List<G2Point>();
        var isChord = new List<bool>();
        G2Point start = new(point);
        G2Point running = start;
        for (int bit = 62; bit >= 0; bit--)
        {
            through.Add(running);
            isChord.Add(false);
            running = running.Double();
            if (((Pairing.CurveParameter >> bit) & 1) != 0)
            {
                through.Add(running);
                isChord.Add(true);
                running += start;
            }
        }

        // 2. Slopes: 3x²/2y for a tangent, (y_T - y_Q)/(x_T - x_Q) for a chord. T = ±Q is impossible, since |z| < r.
        G2Affine[] points = G2Point.ToAffine([.. through]);
        _slopes = new Fp2[points.Length];
        for (int i = 0; i < points.Length; i++)
        {
            _slopes[i] = isChord[i] ? points[i].X - point.X : points[i].Y.Double();
        }

        Fp2.InvertAll(_slopes);
        _intercepts = new Fp2[points.Length];
        for (int i = 0; i < points.Length; i++)
        {
            Fp2 square = points[i].X.Square();
            _slopes[i] *= isChord[i] ? points[i].Y - point.Y : square.Double() + square;
            _intercepts[i] = (_slopes[i] * points[i].X) - points[i].Y;
        }

        _rows = new(2 * Fp2Row.Length * points.Length);
        for (int i = 0; i < points.Length; i++)
        {
            Fp2Row.Write(_slopes[i], Rows + (2 * i * Fp2Row.Length));
            Fp2Row.Write(_intercepts[i], Rows + (((2 * i) + 1) * Fp2Row.Length));
        }
    }

    /// <summary>Whether the point is that at infinity, which has no lines: its pairings are 1.</summary>
    public bool IsInfinity { get; }

    /// <summary>
    /// For vectors, two rows for each line: its slope and its intercept. Of use for as long as this object is
    /// reachable.
    /// </summary>
    public double* Rows => _rows.Pointer;

    /// <summary>Multiplies by line number <paramref name="index"/>, evaluated at a point of G1.</summary>
    /// <param name="value">The running value.</param>
    /// <param name="index">The line's place in the loop.</param>
    /// <param name="x">The point's <c>-x/y</c>.</param>
    /// <param name="y">The point's <c>1/y</c>.</param>
    public Fp12 Multiply(in Fp12 value, int index, in Fp x, in Fp y)
    {
        // On the curve over Fp12 the twisted point (x', y') is (x'/w², y'/w³) and the slope λ' is λ'/w. The line at P
        // times w³/y_P, a factor that the
        // final exponentiation removes, is (λ'·x' - y')/y_P - λ'·(x_P/y_P)·w² + w³.
        return value.MultiplyByLine(_intercepts[index] * y, _slopes[index] * x);
    }
}
