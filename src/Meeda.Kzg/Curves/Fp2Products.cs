using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using Meeda.Kzg.Fields;
using Meeda.Kzg.Fields.Kernels;

namespace Meeda.Kzg.Curves;

/// <summary>
/// Independent products in Fp2, collected, worked out together with one product of the base field in each lane, and
/// taken in the order they were given.
/// Factors are sums of at most 6 normalised elements, so that the sum of their coefficients is one of at most 12. Not
/// safe for use by several threads at once.
/// </summary>
internal sealed unsafe class Fp2Products<TLanes>
    where TLanes : struct, IPointLanes
{
    // Products of the base field: those of 24 products in Fp2, whole groups of 8.
    private const int Capacity = 72;

    private readonly AlignedDoubles _memory = new((2 * Capacity * Fp2Row.Length) + (4 * 64) + (16 * 8));
    private readonly double* _factors;
    private readonly double* _products;
    private double* _next;

    /// <summary>Takes memory.</summary>
    public Fp2Products()
    {
        RoundingMode.RequireNearest();
        _factors = _memory.Pointer;
        _products = _factors + (Capacity * Fp2Row.Length);
        _next = _factors;
    }

    /// <summary>Asks for <c>a·b</c>: three products (Karatsuba).</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Multiply(in Fp2Row a, in Fp2Row b)
    {
        double* next = _next;
        Put(next, a.C0, b.C0);
        Put(next + Fp2Row.Length, a.C1, b.C1);
        Put(next + (2 * Fp2Row.Length), a.C0 + a.C1, b.C0 + b.C1);
        _next = next + (3 * Fp2Row.Length);
    }

    /// <summary>Asks for <c>a²</c>: two products.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Square(in Fp2Row a)
    {
        double* next = _next;
        Put(next, a.C0 + a.C1, a.C0 - a.C1);
        Put(next + Fp2Row.Length, a.C0, a.C1);
        _next = next + (2 * Fp2Row.Length);
    }

    /// <summary>Asks for <c>a·b</c> with <c>b</c> in the base field: two products.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Scale(in Fp2Row a, Vector512<double> b)
    {
        double* next = _next;
        Put(next, a.C0, b);
        Put(next + Fp2Row.Length, a.C1, b);
        _next = next + (2 * Fp2Row.Length);
    }

    /// <summary>Works out what has been asked for.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Run()
    {
        int lanes = TLanes.Lanes;
        double* a = _products + (Capacity * Fp2Row.Length),
            b = a + (8 * lanes),
            r = b + (8 * lanes),
            scratch = r + (8 * lanes);
        double* product = _products;
        for (
            double* factor = _factors;
            factor < _next;
            factor += lanes * Fp2Row.Length, product += lanes * Fp2Row.Length
        )
        {
            TLanes.LoadRows(factor, a);
            TLanes.LoadRows(factor + FpLimbs.Count, b);
            FpCarry.Carry(a, lanes);
            FpCarry.Carry(b, lanes);
            TLanes.Multiply(r, a, b, scratch);
            TLanes.StoreRows(r, product, lanes);
        }

        _next = _products;
    }

    /// <summary>The next product: sums of 2 and 3 normalised elements.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public Fp2Row TakeProduct()
    {
        Vector512<double> low = *(Vector512<double>*)_next,
            high = *(Vector512<double>*)(_next + Fp2Row.Length);
        Vector512<double> cross = *(Vector512<double>*)(_next + (2 * Fp2Row.Length));
        _next += 3 * Fp2Row.Length;
        return new(low - high, cross - low - high);
    }

    /// <summary>The next square: a normalised element and twice one.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public Fp2Row TakeSquare()
    {
        Vector512<double> product = *(Vector512<double>*)(_next + Fp2Row.Length);
        Fp2Row square = new(*(Vector512<double>*)_next, product + product);
        _next += 2 * Fp2Row.Length;
        return square;
    }

    /// <summary>The next product with an element of the base field, normalised.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public Fp2Row TakeScaled()
    {
        Fp2Row product = new(*(Vector512<double>*)_next, *(Vector512<double>*)(_next + Fp2Row.Length));
        _next += 2 * Fp2Row.Length;
        return product;
    }

    /// <summary>Starts over: what has not been taken is lost.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Clear() => _next = _factors;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Put(double* factors, Vector512<double> a, Vector512<double> b)
    {
        *(Vector512<double>*)factors = a;
        *(Vector512<double>*)(factors + FpLimbs.Count) = b;
    }
}
