using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using Meeda.Kzg.Fields.Kernels;
using Vector = System.Runtime.Intrinsics.Vector512<double>;

namespace Meeda.Kzg.Curves;

/// <summary>Eight lanes: AVX-512.</summary>
internal readonly unsafe struct PointLanes512 : IPointLanes
{
    private const int LimbCount = FpLimbs.Count;

    /// <inheritdoc/>
    public static int Lanes => 8;

    /// <inheritdoc/>
    public static bool IsSupported => Avx512F.IsSupported;

    /// <inheritdoc/>
    public static void Multiply(double* r, double* a, double* b, double* scratch) =>
        FpVector512.Multiply(r, a, b, scratch);

    /// <inheritdoc/>
    public static void Square(double* r, double* a, double* scratch) => FpVector512.Square(r, a, scratch);

    /// <inheritdoc/>
    public static void MultiplySubtract(double* r, double* a, double* b, double* x, double* scratch) =>
        FpVector512.MultiplySubtract(r, a, b, x, scratch);

    /// <inheritdoc/>
    public static void SquareSubtract(double* r, double* a, double* x, double* y, double* scratch) =>
        FpVector512.SquareSubtract(r, a, x, y, scratch);

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Add(double* r, double* a, double* b)
    {
        for (int i = 0; i < LimbCount; i++)
        {
            ((Vector*)r)[i] = ((Vector*)a)[i] + ((Vector*)b)[i];
        }
    }

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Subtract(double* r, double* a, double* b)
    {
        for (int i = 0; i < LimbCount; i++)
        {
            ((Vector*)r)[i] = ((Vector*)a)[i] - ((Vector*)b)[i];
        }
    }

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.NoInlining | MethodImplOptions.AggressiveOptimization)]
    public static void LoadX(double* points, uint* pairs, double* x1, double* dx)
    {
        Transpose(
            Row(points, pairs[0]),
            Row(points, pairs[2]),
            Row(points, pairs[4]),
            Row(points, pairs[6]),
            Row(points, pairs[8]),
            Row(points, pairs[10]),
            Row(points, pairs[12]),
            Row(points, pairs[14]),
            out Vector a0,
            out Vector a1,
            out Vector a2,
            out Vector a3,
            out Vector a4,
            out Vector a5,
            out Vector a6,
            out Vector a7
        );
        Vector* first = (Vector*)x1;
        (first[0], first[1], first[2], first[3]) = (a0, a1, a2, a3);
        (first[4], first[5], first[6], first[7]) = (a4, a5, a6, a7);
        Transpose(
            Row(points, pairs[1]),
            Row(points, pairs[3]),
            Row(points, pairs[5]),
            Row(points, pairs[7]),
            Row(points, pairs[9]),
            Row(points, pairs[11]),
            Row(points, pairs[13]),
            Row(points, pairs[15]),
            out Vector b0,
            out Vector b1,
            out Vector b2,
            out Vector b3,
            out Vector b4,
            out Vector b5,
            out Vector b6,
            out Vector b7
        );
        Vector* difference = (Vector*)dx;
        (difference[0], difference[1], difference[2], difference[3]) = (b0 - a0, b1 - a1, b2 - a2, b3 - a3);
        (difference[4], difference[5], difference[6], difference[7]) = (b4 - a4, b5 - a5, b6 - a6, b7 - a7);
    }

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.NoInlining | MethodImplOptions.AggressiveOptimization)]
    public static void LoadY(double* points, uint* pairs, double* y1, double* dy)
    {
        // A pair's two signs are bits 0 and 32 of its 64 bits: moved to a double's sign bit.
        Vector512<ulong> signs = *(Vector512<ulong>*)pairs;
        Vector sign1 = (signs << 63).AsDouble();
        Vector sign2 = ((signs << 31) & Vector512.Create(1UL << 63)).AsDouble();
        double* y = points + LimbCount;
        Transpose(
            Row(y, pairs[0]),
            Row(y, pairs[2]),
            Row(y, pairs[4]),
            Row(y, pairs[6]),
            Row(y, pairs[8]),
            Row(y, pairs[10]),
            Row(y, pairs[12]),
            Row(y, pairs[14]),
            out Vector a0,
            out Vector a1,
            out Vector a2,
            out Vector a3,
            out Vector a4,
            out Vector a5,
            out Vector a6,
            out Vector a7
        );
        (a0, a1, a2, a3) = (a0 ^ sign1, a1 ^ sign1, a2 ^ sign1, a3 ^ sign1);
        (a4, a5, a6, a7) = (a4 ^ sign1, a5 ^ sign1, a6 ^ sign1, a7 ^ sign1);
        Vector* first = (Vector*)y1;
        (first[0], first[1], first[2], first[3]) = (a0, a1, a2, a3);
        (first[4], first[5], first[6], first[7]) = (a4, a5, a6, a7);
        Transpose(
            Row(y, pairs[1]),
            Row(y, pairs[3]),
            Row(y, pairs[5]),
            Row(y, pairs[7]),
            Row(y, pairs[9]),
            Row(y, pairs[11]),
            Row(y, pairs[13]),
            Row(y, pairs[15]),
            out Vector b0,
            out Vector b1,
            out Vector b2,
            out Vector b3,
            out Vector b4,
            out Vector b5,
            out Vector b6,
            out Vector b7
        );
        Vector* difference = (Vector*)dy;
        (difference[0], difference[1]) = ((b0 ^ sign2) - a0, (b1 ^ sign2) - a1);
        (difference[2], difference[3]) = ((b2 ^ sign2) - a2, (b3 ^ sign2) - a3);
        (difference[4], difference[5]) = ((b4 ^ sign2) - a4, (b5 ^ sign2) - a5);
        (difference[6], difference[7]) = ((b6 ^ sign2) - a6, (b7 ^ sign2) - a7);
    }

    /// <inheritdoc/>
    public static void LoadRows(double* rows, double* lanes)
    {
        Transpose(
            rows,
            rows + 16,
            rows + 32,
            rows + 48,
            rows + 64,
            rows + 80,
            rows + 96,
            rows + 112,
            out Vector a0,
            out Vector a1,
            out Vector a2,
            out Vector a3,
            out Vector a4,
            out Vector a5,
            out Vector a6,
            out Vector a7
        );
        Vector* result = (Vector*)lanes;
        (result[0], result[1], result[2], result[3]) = (a0, a1, a2, a3);
        (result[4], result[5], result[6], result[7]) = (a4, a5, a6, a7);
    }

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.NoInlining | MethodImplOptions.AggressiveOptimization)]
    public static void StoreRows(double* lanes, double* rows, int count)
    {
        Transpose(
            lanes,
            lanes + 8,
            lanes + 16,
            lanes + 24,
            lanes + 32,
            lanes + 40,
            lanes + 48,
            lanes + 56,
            out Vector a0,
            out Vector a1,
            out Vector a2,
            out Vector a3,
            out Vector a4,
            out Vector a5,
            out Vector a6,
            out Vector a7
        );
        *(Vector*)rows = a0;
        if (count == 8)
        {
            *(Vector*)(rows + 16) = a1;
            *(Vector*)(rows + 32) = a2;
            *(Vector*)(rows + 48) = a3;
            *(Vector*)(rows + 64) = a4;
            *(Vector*)(rows + 80) = a5;
            *(Vector*)(rows + 96) = a6;
            *(Vector*)(rows + 112) = a7;
            return;
        }

        Vector* rest = stackalloc Vector[] { a1, a2, a3, a4, a5, a6 };
        for (int i = 1; i < count; i++)
        {
            *(Vector*)(rows + (16 * i)) = rest[i - 1];
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static double* Row(double* points, uint entry) => (double*)((byte*)points + ((ulong)(entry >> 1) << 7));

    // The 8×8 transpose: pairs within 128 bits, then 128-bit blocks twice.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Transpose(
        double* p0,
        double* p1,
        double* p2,
        double* p3,
        double* p4,
        double* p5,
        double* p6,
        double* p7,
        out Vector o0,
        out Vector o1,
        out Vector o2,
        out Vector o3,
        out Vector o4,
        out Vector o5,
        out Vector o6,
        out Vector o7
    )
    {
        Vector t0 = Avx512F.UnpackLow(*(Vector*)p0, *(Vector*)p1);
        Vector t1 = Avx512F.UnpackHigh(*(Vector*)p0, *(Vector*)p1);
        Vector t2 = Avx512F.UnpackLow(*(Vector*)p2, *(Vector*)p3);
        Vector t3 = Avx512F.UnpackHigh(*(Vector*)p2, *(Vector*)p3);
        Vector t4 = Avx512F.UnpackLow(*(Vector*)p4, *(Vector*)p5);
        Vector t5 = Avx512F.UnpackHigh(*(Vector*)p4, *(Vector*)p5);
        Vector t6 = Avx512F.UnpackLow(*(Vector*)p6, *(Vector*)p7);
        Vector t7 = Avx512F.UnpackHigh(*(Vector*)p6, *(Vector*)p7);
        Vector s0 = Avx512F.Shuffle4x128(t0, t2, 0x88);
        Vector s1 = Avx512F.Shuffle4x128(t0, t2, 0xDD);
        Vector s2 = Avx512F.Shuffle4x128(t4, t6, 0x88);
        Vector s3 = Avx512F.Shuffle4x128(t4, t6, 0xDD);
        o0 = Avx512F.Shuffle4x128(s0, s2, 0x88);
        o4 = Avx512F.Shuffle4x128(s0, s2, 0xDD);
        o2 = Avx512F.Shuffle4x128(s1, s3, 0x88);
        o6 = Avx512F.Shuffle4x128(s1, s3, 0xDD);
        s0 = Avx512F.Shuffle4x128(t1, t3, 0x88);
        s1 = Avx512F.Shuffle4x128(t1, t3, 0xDD);
        s2 = Avx512F.Shuffle4x128(t5, t7, 0x88);
        s3 = Avx512F.Shuffle4x128(t5, t7, 0xDD);
        o1 = Avx512F.Shuffle4x128(s0, s2, 0x88);
        o5 = Avx512F.Shuffle4x128(s0, s2, 0xDD);
        o3 = Avx512F.Shuffle4x128(s1, s3, 0x88);
        o7 = Avx512F.Shuffle4x128(s1, s3, 0xDD);
    }
}
