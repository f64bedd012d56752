using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Meeda.Kzg.Fields.Kernels;

/// <summary>What makes sums of scalar field elements in lanes fit the kernels again. The bounds are those of docs/kzg-bounds.md.</summary>
internal static unsafe class FrCarry
{
    // Rounds a double to multiples of 2^43 when added and taken off; and to integers.
    private const double RoundToLimb = 1.5 * (1L << 50) * (1L << 45);
    private const double RoundToInteger = 1.5 * (1L << 52);
    private const double LimbToUnit = 1.0 / (1L << 43);
    private const int Top = FrLimbs.Count - 1;

    // r's limbs as those of any element: 0 to 4 from -2^42 to 2^42; and 2^215/r.
    private static readonly double[] Modulus = BalancedModulus();
    private static readonly double TopToQuotient = Math.ScaleB(1, 215) / (double)Fr.Modulus;

    /// <summary>Makes sums of up to 8 reduced elements reduced: the nearest multiple of <c>r</c> taken away, then one parallel pass of carries.</summary>
    /// <param name="group">An element in each lane.</param>
    /// <param name="lanes">4 or 8.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Normalise(double* group, int lanes)
    {
        fixed (double* modulus = Modulus)
        {
            if (lanes == Vector512<double>.Count)
            {
                Normalise((Vector512<double>*)group, modulus);
            }
            else
            {
                Normalise((Vector256<double>*)group, modulus);
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Normalise(Vector512<double>* limbs, double* modulus)
    {
        Vector512<double> toInteger = Vector512.Create(RoundToInteger), round = Vector512.Create(RoundToLimb), below = default;
        Vector512<double> quotient = (limbs[Top] * TopToQuotient) + toInteger - toInteger;
        for (int i = 0; i < Top; i++)
        {
            Vector512<double> limb = limbs[i] - (quotient * modulus[i]);
            Vector512<double> carry = limb + round - round;
            limbs[i] = limb - carry + below;
            below = carry * LimbToUnit;
        }

        limbs[Top] = limbs[Top] - (quotient * modulus[Top]) + below;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Normalise(Vector256<double>* limbs, double* modulus)
    {
        Vector256<double> toInteger = Vector256.Create(RoundToInteger), round = Vector256.Create(RoundToLimb), below = default;
        Vector256<double> quotient = (limbs[Top] * TopToQuotient) + toInteger - toInteger;
        for (int i = 0; i < Top; i++)
        {
            Vector256<double> limb = limbs[i] - (quotient * modulus[i]);
            Vector256<double> carry = limb + round - round;
            limbs[i] = limb - carry + below;
            below = carry * LimbToUnit;
        }

        limbs[Top] = limbs[Top] - (quotient * modulus[Top]) + below;
    }

    private static double[] BalancedModulus()
    {
        var limbs = new double[FrLimbs.Count];
        BigInteger rest = Fr.Modulus, radix = BigInteger.One << 43;
        for (int i = 0; i < Top; i++)
        {
            BigInteger limb = rest % radix;
            limb -= limb >= radix / 2 ? radix : 0;
            limbs[i] = (double)limb;
            rest = (rest - limb) / radix;
        }

        limbs[Top] = (double)rest;
        return limbs;
    }
}
