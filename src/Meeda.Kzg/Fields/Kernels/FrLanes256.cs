using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using Vector = System.Runtime.Intrinsics.Vector256<double>;
using Words = System.Runtime.Intrinsics.Vector256<ulong>;

namespace Meeda.Kzg.Fields.Kernels;

/// <summary>Four lanes: AVX2 and FMA.</summary>
internal readonly unsafe struct FrLanes256 : IFrLanes
{
    /// <inheritdoc/>
    public static int Lanes => 4;

    /// <inheritdoc/>
    public static bool IsSupported => Avx2.IsSupported && Fma.IsSupported;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.NoInlining | MethodImplOptions.AggressiveOptimization)]
    public static void Load(byte* source, int stride, double* group)
    {
        Words v0 = Swap(Vector256.Load(source)), v1 = Swap(Vector256.Load(source + stride));
        Words v2 = Swap(Vector256.Load(source + (2 * stride))), v3 = Swap(Vector256.Load(source + (3 * stride)));
        Words odd0 = Avx2.UnpackLow(v0, v1), odd1 = Avx2.UnpackLow(v2, v3);
        Words even0 = Avx2.UnpackHigh(v0, v1), even1 = Avx2.UnpackHigh(v2, v3);
        Words w3 = Avx2.Permute2x128(odd0, odd1, 0x20), w1 = Avx2.Permute2x128(odd0, odd1, 0x31);
        Words w2 = Avx2.Permute2x128(even0, even1, 0x20), w0 = Avx2.Permute2x128(even0, even1, 0x31);
        Vector* limbs = (Vector*)group;
        limbs[0] = ToDouble(w0);
        limbs[1] = ToDouble((w0 >> 43) | (w1 << 21));
        limbs[2] = ToDouble((w1 >> 22) | (w2 << 42));
        limbs[3] = ToDouble(w2 >> 1);
        limbs[4] = ToDouble((w2 >> 44) | (w3 << 20));
        limbs[5] = ToDouble(w3 >> 23);
    }

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.NoInlining | MethodImplOptions.AggressiveOptimization)]
    public static void Store(double* group, byte* target, int stride)
    {
        // Plus r, whose limbs lend one another enough for every sum to be positive: above 0 and below 2r.
        Vector* limbs = (Vector*)group;
        Words l0 = ToInteger(limbs[0]) + Vector256.Create(FrWords.PositiveModulus0);
        Words l1 = ToInteger(limbs[1]) + Vector256.Create(FrWords.PositiveModulus1) + (l0 >> 43);
        Words l2 = ToInteger(limbs[2]) + Vector256.Create(FrWords.PositiveModulus2) + (l1 >> 43);
        Words l3 = ToInteger(limbs[3]) + Vector256.Create(FrWords.PositiveModulus3) + (l2 >> 43);
        Words l4 = ToInteger(limbs[4]) + Vector256.Create(FrWords.PositiveModulus4) + (l3 >> 43);
        Words l5 = ToInteger(limbs[5]) + Vector256.Create(FrWords.PositiveModulus5) + (l4 >> 43);
        Words mask = Vector256.Create(FrWords.LimbMask);
        (l0, l1, l2, l3, l4) = (l0 & mask, l1 & mask, l2 & mask, l3 & mask, l4 & mask);

        // Plus 2^258 - r: the bit of 2^258 is set where r is to be taken away.
        Words s0 = l0 + Vector256.Create(FrWords.Complement0);
        Words s1 = l1 + Vector256.Create(FrWords.Complement1) + (s0 >> 43);
        Words s2 = l2 + Vector256.Create(FrWords.Complement2) + (s1 >> 43);
        Words s3 = l3 + Vector256.Create(FrWords.Complement3) + (s2 >> 43);
        Words s4 = l4 + Vector256.Create(FrWords.Complement4) + (s3 >> 43);
        Words s5 = l5 + Vector256.Create(FrWords.Complement5) + (s4 >> 43);
        Words reduced = Vector256<ulong>.Zero - (s5 >> 43);
        Words reducedLimb = reduced & mask;
        l0 = (s0 & reducedLimb) | Avx2.AndNot(reduced, l0);
        l1 = (s1 & reducedLimb) | Avx2.AndNot(reduced, l1);
        l2 = (s2 & reducedLimb) | Avx2.AndNot(reduced, l2);
        l3 = (s3 & reducedLimb) | Avx2.AndNot(reduced, l3);
        l4 = (s4 & reducedLimb) | Avx2.AndNot(reduced, l4);
        l5 = (s5 & reducedLimb) | Avx2.AndNot(reduced, l5);
        Words w0 = l0 | (l1 << 43), w1 = (l1 >> 21) | (l2 << 22);
        Words w2 = (l2 >> 42) | (l3 << 1) | (l4 << 44), w3 = (l4 >> 20) | (l5 << 23);
        Words high0 = Avx2.UnpackLow(w3, w2), high1 = Avx2.UnpackHigh(w3, w2);
        Words low0 = Avx2.UnpackLow(w1, w0), low1 = Avx2.UnpackHigh(w1, w0);
        Swap(Avx2.Permute2x128(high0, low0, 0x20).AsByte()).AsByte().Store(target);
        Swap(Avx2.Permute2x128(high1, low1, 0x20).AsByte()).AsByte().Store(target + stride);
        Swap(Avx2.Permute2x128(high0, low0, 0x31).AsByte()).AsByte().Store(target + (2 * stride));
        Swap(Avx2.Permute2x128(high1, low1, 0x31).AsByte()).AsByte().Store(target + (3 * stride));
    }

    /// <inheritdoc/>
    public static void Multiply(double* r, double* a, double* b, double* scratch) => FrVector256.Multiply(r, a, b, scratch);

    /// <inheritdoc/>
    public static void MultiplySubtract(double* r, double* a, double* b, double* x, double* scratch) => FrVector256.MultiplySubtract(r, a, b, x, scratch);

    /// <inheritdoc/>
    public static void Reduce(double* r, double* a, double* scratch) => FrVector256.Reduce(r, a, scratch);

    /// <inheritdoc/>
    public static void AddWeighted(double* r, double* e, double* w, int groups) => FrVector256.AddWeighted(r, e, w, groups);

    /// <inheritdoc/>
    public static void SumProducts(double* r, double* coefficients, int coefficientStep, double* elements, int elementStep, int count) =>
        FrVector256.SumProducts(r, coefficients, coefficientStep, elements, elementStep, count);

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Add(double* r, double* a, double* b)
    {
        for (int i = 0; i < FrLimbs.Count; i++)
        {
            ((Vector*)r)[i] = ((Vector*)a)[i] + ((Vector*)b)[i];
        }
    }

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Subtract(double* r, double* a, double* b)
    {
        for (int i = 0; i < FrLimbs.Count; i++)
        {
            ((Vector*)r)[i] = ((Vector*)a)[i] - ((Vector*)b)[i];
        }
    }

    // An integer of 43 bits, put into the mantissa of 2^52, which is then taken away.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector ToDouble(Words integer) =>
        ((integer & Vector256.Create(FrWords.LimbMask)) | Vector256.Create(FrWords.TwoTo52)).AsDouble() - Vector256.Create(4503599627370496.0);

    // A small integer of either sign in two's complement: what it adds to the mantissa of 1.5·2^52.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Words ToInteger(Vector limb) => (limb + Vector256.Create(6755399441055744.0)).AsUInt64() - Vector256.Create(FrWords.Rounding);

    // The bytes of every word in the opposite order.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Words Swap(Vector256<byte> bytes)
    {
        Vector128<byte> order = Vector128.Create((byte)7, 6, 5, 4, 3, 2, 1, 0, 15, 14, 13, 12, 11, 10, 9, 8);
        return Avx2.Shuffle(bytes, Vector256.Create(order, order)).AsUInt64();
    }
}
