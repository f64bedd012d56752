using Meeda.Kzg.Fields;

namespace Meeda.Kzg.Curves;

/// <summary>
/// The optimal ate pairing <c>e: G1 × G2 → Fp12</c> of BLS12-381 (Vercauteren, eprint 2008/096), to the third power, which is as good a pairing and cheaper:
/// products of pairings with a common Miller loop and one final exponentiation.
/// </summary>
internal static class Pairing
{
    /// <summary><c>|z|</c> of the curve's parameter <c>z = -0xd201000000010000</c>.</summary>
    public const ulong CurveParameter = 0xd201000000010000;

    /// <summary>Whether <c>Π e(P_i, Q_i) = 1</c>.</summary>
    /// <param name="g1">The points of G1.</param>
    /// <param name="g2">As many points of G2, by their lines.</param>
    public static bool IsProductOne(ReadOnlySpan<G1Point> g1, params ReadOnlySpan<G2Lines> g2) => Product(g1, g2) == Fp12.One;

    /// <summary><c>Π e(P_i, Q_i)</c>.</summary>
    public static Fp12 Product(ReadOnlySpan<G1Point> g1, params ReadOnlySpan<G2Lines> g2) => FinalExponentiation(MillerLoop(g1, g2));

    private static Fp12 MillerLoop(ReadOnlySpan<G1Point> g1, ReadOnlySpan<G2Lines> g2)
    {
        // 1. -x/y and 1/y of every point; a pair with a point at infinity contributes the factor 1, that is nothing.
        G1Affine[] points = G1Point.ToAffine(g1);
        var yInverses = new Fp[g1.Length];
        for (int i = 0; i < points.Length; i++)
        {
            yInverses[i] = points[i].Y;
        }

        Fp.InvertAll(yInverses, new Fp[g1.Length]);
        var ratios = new Fp[g1.Length];
        for (int i = 0; i < points.Length; i++)
        {
            ratios[i] = -(points[i].X * yInverses[i]);
        }

        // 2. f ← f²·Π tangents, and where the bit is set f ← f·Π chords.
        Fp12 value = Fp12.One;
        int line = 0;
        for (int bit = 62; bit >= 0; bit--)
        {
            value = value.Square();
            int lines = ((CurveParameter >> bit) & 1) != 0 ? 2 : 1;
            for (int end = line + lines; line < end; line++)
            {
                for (int i = 0; i < points.Length; i++)
                {
                    if (!points[i].IsInfinity && !g2[i].IsInfinity)
                    {
                        value = g2[i].Multiply(value, line, ratios[i], yInverses[i]);
                    }
                }
            }
        }

        // 3. z is negative: f_{-n} is 1/f_n up to factors that the final exponentiation removes, and there 1/f is the conjugate.
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
