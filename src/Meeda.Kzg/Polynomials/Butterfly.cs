using System.Runtime.CompilerServices;
using Meeda.Kzg.Fields.Kernels;

namespace Meeda.Kzg.Polynomials;

/// <summary>The step of a Fourier transform on groups of lanes.</summary>
internal static unsafe class Butterfly
{
    /// <summary>
    /// <c>(low, high) ← (low + high, (low - high)·root)</c>: of operands as large as two reduced elements, one as
    /// large as four and a reduced one.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Evaluate<TLanes>(double* low, double* high, double* root, double* scratch)
        where TLanes : struct, IFrLanes
    {
        double* difference = scratch + (2 * FrLimbs.Count * TLanes.Lanes);
        TLanes.Subtract(difference, low, high);
        TLanes.Add(low, low, high);
        TLanes.Multiply(high, difference, root, scratch);
    }

    /// <summary>
    /// <c>(low, high) ← (low + high·root, low - high·root)</c>: of operands as large as three reduced elements, two
    /// as large as four.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Interpolate<TLanes>(double* low, double* high, double* root, double* scratch)
        where TLanes : struct, IFrLanes
    {
        double* product = scratch + (2 * FrLimbs.Count * TLanes.Lanes);
        TLanes.Multiply(product, high, root, scratch);
        TLanes.Subtract(high, low, product);
        TLanes.Add(low, low, product);
    }

    /// <summary>
    /// Reduces elements where they are larger than they may be, both in reduced ones; the magnitude afterwards.
    /// </summary>
    public static int Prepare<TLanes>(double* groups, int count, int magnitude, int limit)
        where TLanes : struct, IFrLanes
    {
        if (magnitude <= limit)
        {
            return magnitude;
        }

        for (int i = 0; i < count; i++)
        {
            FrCarry.Normalise(groups + (i * FrLimbs.Count * TLanes.Lanes), TLanes.Lanes);
        }

        return 1;
    }
}
