using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using Meeda.Kzg.Fields.Kernels;
using Vector = System.Runtime.Intrinsics.Vector256<double>;

namespace Meeda.Kzg.Curves;

/// <summary>Four lanes: AVX2 and FMA.</summary>
internal readonly unsafe struct PointLanes256 : IPointLanes
{
    private const int LimbCount = FpLimbs.Count;

    /// <inheritdoc/>
    public static int Lanes => 4;

    /// <inheritdoc/>
    public static bool IsSupported => Avx2.IsSupported && Fma.IsSupported;

    /// <inheritdoc/>
    public static void Multiply(double* r, double* a, double* b, double* scratch) =>
        FpVector256.Multiply(r, a, b, scratch);

    /// <inheritdoc/>
    public static void Square(double* r, double* a, double* scratch) => FpVector256.Square(r, a, scratch);

    /// <inheritdoc/>
    public static void MultiplySubtract(double* r, double* a, double* b, double* x, double* scratch) =>
        FpVector256.MultiplySubtract(r, a, b, x, scratch);

    /// <inheritdoc/>
    public static void SquareSubtract(double* r, double* a, double* x, double* y, double* scratch) =>
        FpVector256.SquareSubtract(r, a, x, y, scratch);

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
        LoadDifference(points, pairs, default, default, (Vector*)x1, (Vector*)dx);
        LoadDifference(points + 4, pairs, default, default, (Vector*)x1 + 4, (Vector*)dx + 4);
    }

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.NoInlining | MethodImplOptions.AggressiveOptimization)]
    public static void LoadY(double* points, uint* pairs, double* y1, double* dy)
    {
        // A pair's two signs are bits 0 and 32 of its 64 bits: moved to a double's sign bit.
        Vector256<ulong> signs = *(Vector256<ulong>*)pairs;
        Vector sign1 = (signs << 63).AsDouble();
        Vector sign2 = ((signs << 31) & Vector256.Create(1UL << 63)).AsDouble();
        LoadDifference(points + LimbCount, pairs, sign1, sign2, (Vector*)y1, (Vector*)dy);
        LoadDifference(points + LimbCount + 4, pairs, sign1, sign2, (Vector*)y1 + 4, (Vector*)dy + 4);
    }

    /// <inheritdoc/>
    public static void LoadRows(double* rows, double* lanes)
    {
        Vector* result = (Vector*)lanes;
        Transpose(rows, rows + 16, rows + 32, rows + 48, out result[0], out result[1], out result[2], out result[3]);
        Transpose(
            rows + 4,
            rows + 20,
            rows + 36,
            rows + 52,
            out result[4],
            out result[5],
            out result[6],
            out result[7]
        );
    }

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.NoInlining | MethodImplOptions.AggressiveOptimization)]
    public static void StoreRows(double* lanes, double* rows, int count)
    {
        Vector* transposed = stackalloc Vector[LimbCount];
        Transpose(
            lanes,
            lanes + 4,
            lanes + 8,
            lanes + 12,
            out transposed[0],
            out transposed[2],
            out transposed[4],
            out transposed[6]
        );
        Transpose(
            lanes + 16,
            lanes + 20,
            lanes + 24,
            lanes + 28,
            out transposed[1],
            out transposed[3],
            out transposed[5],
            out transposed[7]
        );
        for (int i = 0; i < count; i++)
        {
            *(Vector*)(rows + (16 * i)) = transposed[2 * i];
            *(Vector*)(rows + (16 * i) + 4) = transposed[(2 * i) + 1];
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static double* Row(double* points, uint entry) => (double*)((byte*)points + ((ulong)(entry >> 1) << 7));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void LoadDifference(
        double* coordinates,
        uint* pairs,
        Vector sign1,
        Vector sign2,
        Vector* first,
        Vector* difference
    )
    {
        Transpose(
            Row(coordinates, pairs[0]),
            Row(coordinates, pairs[2]),
            Row(coordinates, pairs[4]),
            Row(coordinates, pairs[6]),
            out Vector a0,
            out Vector a1,
            out Vector a2,
            out Vector a3
        );
        (a0, a1, a2, a3) = (a0 ^ sign1, a1 ^ sign1, a2 ^ sign1, a3 ^ sign1);
        (first[0], first[1], first[2], first[3]) = (a0, a1, a2, a3);
        Transpose(
            Row(coordinates, pairs[1]),
            Row(coordinates, pairs[3]),
            Row(coordinates, pairs[5]),
            Row(coordinates, pairs[7]),
            out Vector b0,
            out Vector b1,
            out Vector b2,
            out Vector b3
        );
        (difference[0], difference[1]) = ((b0 ^ sign2) - a0, (b1 ^ sign2) - a1);
        (difference[2], difference[3]) = ((b2 ^ sign2) - a2, (b3 ^ sign2) - a3);
    }

    // The 4×4 transpose: pairs within 128 bits, then 128-bit blocks.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Transpose(
        double* p0,
        double* p1,
        double* p2,
        double* p3,
        out Vector o0,
        out Vector o1,
        out Vector o2,
        out Vector o3
    )
    {
        Vector t0 = Avx.UnpackLow(*(Vector*)p0, *(Vector*)p1);
        Vector t1 = Avx.UnpackHigh(*(Vector*)p0, *(Vector*)p1);
        Vector t2 = Avx.UnpackLow(*(Vector*)p2, *(Vector*)p3);
        Vector t3 = Avx.UnpackHigh(*(Vector*)p2, *(Vector*)p3);
        o0 = Avx.Permute2x128(t0, t2, 0x20);
        o1 = Avx.Permute2x128(t1, t3, 0x20);
        o2 = Avx.Permute2x128(t0, t2, 0x31);
        o3 = Avx.Permute2x128(t1, t3, 0x31);
    }
}
