using System.Numerics;
using Meeda.Kzg.Fields;

namespace Meeda.Kzg.Curves;

/// <summary>
/// A scalar prepared for multiplications in vector lanes: <c>[k]P = [a]P + [b]φ(P)</c> with odd <c>a</c>, <c>b</c>
/// below 2^129 (Gallant, Lambert, Vanstone), each as
/// digits that are odd, so that every lane takes the same steps (Joye and Tunstall, "Exponent recoding and regular
/// exponentiation algorithms").
/// </summary>
internal sealed class SplitScalar
{
    /// <summary>Bits of a digit.</summary>
    public const int Width = 4;

    /// <summary>Digits of a half.</summary>
    public const int Windows = 33;

    // φ is the multiplication by -z², and r = z⁴ - z² + 1.
    private static readonly BigInteger CurveParameterSquare = BigInteger.Pow(Pairing.CurveParameter, 2);

    /// <summary>Prepares a scalar.</summary>
    public SplitScalar(Fr scalar)
    {
        Scalar = scalar;

        // k = a - b·z². Both (z², 1) and (z² - 1, z²) are 0 modulo r; z² is even, so the one turns b odd, the other a.
        (BigInteger b, BigInteger a) = BigInteger.DivRem(scalar.ToBigInteger(), CurveParameterSquare);
        b = -b;
        if (a.IsEven)
        {
            a += CurveParameterSquare - 1;
            b += CurveParameterSquare;
        }

        if (b.IsEven)
        {
            bool isLarge = a >= CurveParameterSquare;
            a += isLarge ? -CurveParameterSquare : CurveParameterSquare;
            b += isLarge ? -1 : 1;
        }

        First = OddDigits(a);
        Second = OddDigits(b);
    }

    /// <summary>The scalar.</summary>
    public Fr Scalar { get; }

    /// <summary>The digits of <c>a</c>, odd and of magnitude below 16, least significant first.</summary>
    public sbyte[] First { get; }

    /// <summary>The digits of <c>b</c>.</summary>
    public sbyte[] Second { get; }

    private static sbyte[] OddDigits(BigInteger value)
    {
        var digits = new sbyte[Windows];
        for (int i = 0; i < Windows - 1; i++)
        {
            digits[i] = (sbyte)((int)(value & 31) - 16);
            value = (value - digits[i]) >> Width;
        }

        digits[Windows - 1] = checked((sbyte)value);
        return digits;
    }
}
