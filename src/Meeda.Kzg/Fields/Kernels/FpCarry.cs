using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using Vector256 = System.Runtime.Intrinsics.Vector256;
using Vector512 = System.Runtime.Intrinsics.Vector512;

namespace Meeda.Kzg.Fields.Kernels;

/// <summary>What makes sums of base field elements in lanes fit the kernels again. The bounds are those of docs/kzg-bounds.md.</summary>
internal static unsafe class FpCarry
{
    // Rounds a double to multiples of 2^48 when added and taken off; and to integers.
    private const double RoundToLimb = 1.5 * (1L << 50) * (1L << 50);
    private const double RoundToInteger = 1.5 * (1L << 52);
    private const double LimbToUnit = 1.0 / (1L << 48);
    private const int Top = FpLimbs.Count - 1;

    // p's limbs as those of any element: 0 to 6 from -2^47 to 2^47; and 2^336/p.
    private static readonly double[] Modulus = BalancedModulus();
    private static readonly double TopToQuotient = Math.ScaleB(1, 336) / (double)Fp.Modulus;

    /// <summary>One parallel pass of carries: limbs 0 to 6 of magnitude up to <c>2^52</c> become at most <c>2^47 + 32</c>; the value stays.</summary>
    /// <param name="group">An element in each lane.</param>
    /// <param name="lanes">4 or 8.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Carry(double* group, int lanes)
    {
        if (lanes == Vector512<double>.Count)
        {
            Carry((Vector512<double>*)group);
        }
        else
        {
            Carry((Vector256<double>*)group);
        }
    }

    /// <summary>Makes sums of up to 56 normalised elements normalised: carries, the nearest multiple of <c>p</c> taken away, carries.</summary>
    /// <param name="group">An element in each lane.</param>
    /// <param name="lanes">4 or 8.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Normalise(double* group, int lanes)
    {
        Carry(group, lanes);
        fixed (double* modulus = Modulus)
        {
            if (lanes == Vector512<double>.Count)
            {
                Vector512<double>* limbs = (Vector512<double>*)group;
                Vector512<double> round = Vector512.Create(RoundToInteger);
                Vector512<double> quotient = (limbs[Top] * Vector512.Create(TopToQuotient)) + round - round;
                for (int i = 0; i < FpLimbs.Count; i++)
                {
                    limbs[i] -= quotient * modulus[i];
                }
            }
            else
            {
                Vector256<double>* limbs = (Vector256<double>*)group;
                Vector256<double> round = Vector256.Create(RoundToInteger);
                Vector256<double> quotient = (limbs[Top] * Vector256.Create(TopToQuotient)) + round - round;
                for (int i = 0; i < FpLimbs.Count; i++)
                {
                    limbs[i] -= quotient * modulus[i];
                }
            }
        }

        Carry(group, lanes);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Carry(Vector512<double>* limbs)
    {
        Vector512<double> round = Vector512.Create(RoundToLimb), below = default;
        for (int i = 0; i < Top; i++)
        {
            Vector512<double> carry = limbs[i] + round - round;
            limbs[i] = limbs[i] - carry + below;
            below = carry * LimbToUnit;
        }

        limbs[Top] += below;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Carry(Vector256<double>* limbs)
    {
        Vector256<double> round = Vector256.Create(RoundToLimb), below = default;
        for (int i = 0; i < Top; i++)
        {
            Vector256<double> carry = limbs[i] + round - round;
            limbs[i] = limbs[i] - carry + below;
            below = carry * LimbToUnit;
        }

        limbs[Top] += below;
    }

    private static double[] BalancedModulus()
    {
        var limbs = new double[FpLimbs.Count];
        System.Numerics.BigInteger rest = Fp.Modulus, radix = System.Numerics.BigInteger.One << 48;
        for (int i = 0; i < Top; i++)
        {
            System.Numerics.BigInteger limb = rest % radix;
            limb -= limb >= radix / 2 ? radix : 0;
            limbs[i] = (double)limb;
            rest = (rest - limb) / radix;
        }

        limbs[Top] = (double)rest;
        return limbs;
    }
}
