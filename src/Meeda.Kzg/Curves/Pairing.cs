using Meeda.Kzg.Fields;

namespace Meeda.Kzg.Curves;

/// <summary>
/// The optimal ate pairing <c>e: G1 × G2 → Fp12</c> of BLS12-381 (Vercauteren, eprint 2008/096), to the third power,
/// which is as good a pairing and cheaper:
/// products of pairings with a common Miller loop and one final exponentiation.
/// </summary>
internal static class Pairing
{
    /// <summary><c>|z|</c> of the curve's parameter <c>z = -0xd201000000010000</c>.</summary>
    public const ulong CurveParameter = 0xd201000000010000;

    /// <summary>Whether <c>Π e(P_i, Q_i) = 1</c>.</summary>
    /// <param name="g1">The points of G1.</param>
    /// <param name="g2">As many points of G2, by their lines.</param>
    public static bool IsProductOne(ReadOnlySpan<G1Point> g1, params ReadOnlySpan<G2Lines> g2) =>
        Product(g1, g2) == Fp12.One;

    /// <summary><c>Π e(P_i, Q_i)</c>, on vectors where the processor has them.</summary>
    public static Fp12 Product(ReadOnlySpan<G1Point> g1, params ReadOnlySpan<G2Lines> g2) =>
        PointLanes512.IsSupported ? Product<PointLanes512>(g1, g2)
        : PointLanes256.IsSupported ? Product<PointLanes256>(g1, g2)
        : ScalarProduct(g1, g2);

    /// <summary><c>Π e(P_i, Q_i)</c> on vectors, for one or two points; for others without vectors.</summary>
    public static Fp12 Product<TLanes>(ReadOnlySpan<G1Point> g1, params ReadOnlySpan<G2Lines> g2)
        where TLanes : struct, IPointLanes
    {
        G2Lines[] lines = Arguments(g1, g2, out Fp[] ratios, out Fp[] yInverses);
        return lines.Length is 1 or 2
            ? VectorPairing<TLanes>.Product(ratios, yInverses, lines)
            : Scalar(ratios, yInverses, lines);
    }

    /// <summary><c>Π e(P_i, Q_i)</c> without vectors.</summary>
    public static Fp12 ScalarProduct(ReadOnlySpan<G1Point> g1, params ReadOnlySpan<G2Lines> g2)
    {
        G2Lines[] lines = Arguments(g1, g2, out Fp[] ratios, out Fp[] yInverses);
        return Scalar(ratios, yInverses, lines);
    }

    // -x/y and 1/y of every point, and its lines; a pair with a point at infinity contributes the factor 1, that is
    // nothing, and is left out.
    private static G2Lines[] Arguments(
        ReadOnlySpan<G1Point> g1,
        ReadOnlySpan<G2Lines> g2,
        out Fp[] ratios,
        out Fp[] yInverses
    )
    {
        var points = new List<G1Point>(g1.Length);
        var lines = new List<G2Lines>(g1.Length);
        for (int i = 0; i < g1.Length; i++)
        {
            if (!g1[i].IsInfinity && !g2[i].IsInfinity)
            {
                points.Add(g1[i]);
                lines.Add(g2[i]);
            }
        }

        G1Affine[] affine = G1Point.ToAffine([.. points]);
        yInverses = [.. affine.Select(point => point.Y)];
        Fp.InvertAll(yInverses, new Fp[affine.Length]);
        ratios = new Fp[affine.Length];
        for (int i = 0; i < affine.Length; i++)
        {
            ratios[i] = -(affine[i].X * yInverses[i]);
        }

        return [.. lines];
    }

    private static Fp12 Scalar(Fp[] ratios, Fp[] yInverses, G2Lines[] lines) =>
        FinalExponentiation(MillerLoop(ratios, yInverses, lines));

    private static Fp12 MillerLoop(Fp[] ratios, Fp[] yInverses, G2Lines[] g2)
    {
        // 1. f ← f²·Π tangents, and where the bit is set f ← f·Π chords.
        Fp12 value = Fp12.One;
        int line = 0;
        for (int bit = 62; bit >= 0; bit--)
        {
            value = value.Square();
            int lines = ((CurveParameter >> bit) & 1) != 0 ? 2 : 1;
            for (int end = line + lines; line < end; line++)
            {
                for (int i = 0; i < g2.Length; i++)
                {
                    value = g2[i].Multiply(value, line, ratios[i], yInverses[i]);
                }
            }
        }

        // 2. z is negative: f_{-n} is 1/f_n up to factors that the final exponentiation removes, and there 1/f is the
        // conjugate.
        return value.Conjugate();
    }

    // f^(3(p¹²-1)/r).
    private static Fp12 FinalExponentiation(in Fp12 value)
    {
        // 1. The easy part, f^((p⁶-1)(p²+1)), lands in the cyclotomic subgroup.
        Fp12 half = value.Conjugate() * value.Inverse();
        Fp12 f = half.Frobenius().Frobenius() * half;

        // 2. The hard part, 3(p⁴-p²+1)/r = (z-1)²(z+p)(z²+p²-1) + 3 (Hayashida, Hayasaka, Teruya, eprint 2020/875).
        Fp12 a = PowerZ(f) * f.Conjugate();
        a = PowerZ(a) * a.Conjugate();
        a = PowerZ(a) * a.Frobenius();
        a = PowerZ(PowerZ(a)) * a.Frobenius().Frobenius() * a.Conjugate();
        return a * f.CyclotomicSquare() * f;
    }

    // f^z in the cyclotomic subgroup, where the conjugate is the inverse.
    private static Fp12 PowerZ(in Fp12 value)
    {
        Fp12 result = value;
        for (int bit = 62; bit >= 0; bit--)
        {
            result = result.CyclotomicSquare();
            if (((CurveParameter >> bit) & 1) != 0)
            {
                result *= value;
            }
        }

        return result.Conjugate();
    }
}
