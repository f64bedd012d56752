using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Meeda.Kzg.Fields.Kernels;

/// <summary>
/// An element <c>C0 + C1·u</c> of <see cref="Fp2"/> as the limbs of its two coefficients, a vector each: 16 doubles in memory. Sums and differences are limb by limb, no
/// carries: whoever makes them counts how many normalised elements (docs/kzg-bounds.md) they are sums of.
/// </summary>
/// <param name="c0">The limbs of the coefficient of 1.</param>
/// <param name="c1">The limbs of the coefficient of <c>u</c>.</param>
internal readonly unsafe struct Fp2Row(Vector512<double> c0, Vector512<double> c1)
{
    /// <summary>Doubles of an element.</summary>
    public const int Length = 2 * FpLimbs.Count;

    /// <summary>The limbs of the coefficient of 1.</summary>
    public readonly Vector512<double> C0 = c0;

    /// <summary>The limbs of the coefficient of <c>u</c>.</summary>
    public readonly Vector512<double> C1 = c1;

    /// <summary>Writes an element as a row.</summary>
    public static void Write(in Fp2 element, double* row)
    {
        FpLimbs.Write(element.C0, row, 1);
        FpLimbs.Write(element.C1, row + FpLimbs.Count, 1);
    }

    /// <summary>The element of a row whose magnitudes are below <c>2^383</c>.</summary>
    public static Fp2 Read(double* row) => new(FpLimbs.Read(row, 1), FpLimbs.Read(row + FpLimbs.Count, 1));

    /// <summary>Loads a row.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Fp2Row Load(double* row) => new(*(Vector512<double>*)row, *(Vector512<double>*)(row + FpLimbs.Count));

    /// <summary>Stores the row.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Store(double* row)
    {
        *(Vector512<double>*)row = C0;
        *(Vector512<double>*)(row + FpLimbs.Count) = C1;
    }

    /// <summary>The sum.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Fp2Row operator +(in Fp2Row a, in Fp2Row b) => new(a.C0 + b.C0, a.C1 + b.C1);

    /// <summary>The difference.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Fp2Row operator -(in Fp2Row a, in Fp2Row b) => new(a.C0 - b.C0, a.C1 - b.C1);

    /// <summary>Twice the element.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public Fp2Row Double() => new(C0 + C0, C1 + C1);

    /// <summary>The product with <c>ξ = 1 + u</c>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public Fp2Row MultiplyByXi() => new(C0 - C1, C0 + C1);

    /// <summary>The conjugate <c>C0 - C1·u</c>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public Fp2Row Conjugate() => new(C0, -C1);

    /// <summary>The negation.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Fp2Row operator -(in Fp2Row a) => new(-a.C0, -a.C1);
}
