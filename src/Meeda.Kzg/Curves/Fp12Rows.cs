using System.Runtime.CompilerServices;
using Meeda.Kzg.Fields;
using Meeda.Kzg.Fields.Kernels;

namespace Meeda.Kzg.Curves;

/// <summary>
/// Arithmetic of <see cref="Fp12"/> on vectors, by the same formulas: the products that an operation needs do not
/// wait for one another, so each has a lane. An element is the
/// six rows of its coefficients <c>C0.C0, C0.C1, C0.C2, C1.C0, C1.C1, C1.C2</c>, normalised (docs/kzg-bounds.md), and
/// two rows of no meaning. Results may overwrite
/// operands. Not safe for use by several threads at once.
/// </summary>
internal sealed unsafe partial class Fp12Rows<TLanes>
    where TLanes : struct, IPointLanes
{
    /// <summary>Doubles of an element.</summary>
    public const int Length = 8 * Fp2Row.Length;

    private const int Row = Fp2Row.Length;
    private const int High = 3 * Row;

    private readonly Fp2Products<TLanes> _products = new();
    private readonly AlignedDoubles _memory = new(64 + Length);

    /// <summary>Takes memory.</summary>
    public Fp12Rows()
    {
        for (int power = 0; power < 6; power++)
        {
            Fp2Row.Write(Fp12.FrobeniusCoefficient(power), Frobenii + (power * Row));
        }
    }

    /// <summary>What works out products, for those who have rows of their own.</summary>
    public Fp2Products<TLanes> Products => _products;

    private double* Lanes => _memory.Pointer;

    // Coefficients of w^0 to w^5.
    private double* Frobenii => _memory.Pointer + 64;

    /// <summary>Writes an element's rows.</summary>
    public static void Write(in Fp12 element, double* rows)
    {
        Write(element.C0, rows);
        Write(element.C1, rows + High);
    }

    /// <summary>Writes the three rows of an element of Fp6.</summary>
    public static void Write(in Fp6 element, double* rows)
    {
        Fp2Row.Write(element.C0, rows);
        Fp2Row.Write(element.C1, rows + Row);
        Fp2Row.Write(element.C2, rows + (2 * Row));
    }

    /// <summary>Reads an element.</summary>
    public static Fp12 Read(double* rows) => new(ReadFp6(rows), ReadFp6(rows + High));

    /// <summary>Reads three rows.</summary>
    public static Fp6 ReadFp6(double* rows) =>
        new(Fp2Row.Read(rows), Fp2Row.Read(rows + Row), Fp2Row.Read(rows + (2 * Row)));

    /// <summary>Copies an element.</summary>
    public static void Copy(double* result, double* a) => Unsafe.CopyBlock(result, a, Length * sizeof(double));

    /// <summary><c>result = a·b</c>: 54 products.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Multiply(double* result, double* a, double* b)
    {
        // Karatsuba: c0 = a0·b0 + v·a1·b1, c1 = (a0 + a1)(b0 + b1) - a0·b0 - a1·b1.
        Fp6Row a0 = Fp6Row.Load(a),
            a1 = Fp6Row.Load(a + High),
            b0 = Fp6Row.Load(b),
            b1 = Fp6Row.Load(b + High);
        _products.Clear();
        Fp6Row.Ask(_products, a0, b0);
        Fp6Row.Ask(_products, a1, b1);
        Fp6Row.Ask(_products, a0 + a1, b0 + b1);
        _products.Run();
        Fp6Row v0 = Fp6Row.Take(_products),
            v1 = Fp6Row.Take(_products),
            cross = Fp6Row.Take(_products);
        (v0 + v1.MultiplyByV()).Store(result);
        (cross - v0 - v1).Store(result + High);
        Normalise(result);
    }

    /// <summary>
    /// <c>result = a·b</c> where the coefficients of <c>w</c> in <c>b</c> is 0, as in a product of two lines of the
    /// Miller loop: 51 products.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void MultiplyByLines(double* result, double* a, double* b)
    {
        // As above, with b1 = v·(d0 + d1·v).
        Fp6Row a0 = Fp6Row.Load(a),
            a1 = Fp6Row.Load(a + High),
            b0 = Fp6Row.Load(b);
        Fp2Row d0 = Fp2Row.Load(b + High + Row),
            d1 = Fp2Row.Load(b + High + (2 * Row));
        _products.Clear();
        Fp6Row.Ask(_products, a0, b0);
        Fp6Row.Ask(_products, a0 + a1, new(b0.C0, b0.C1 + d0, b0.C2 + d1));
        _products.Multiply(a1.C0, d0);
        _products.Multiply(a1.C1, d1);
        _products.Multiply(a1.C2, d1);
        _products.Multiply(a1.C0 + a1.C1, d0 + d1);
        _products.Multiply(a1.C2, d0);
        _products.Run();
        Fp6Row v0 = Fp6Row.Take(_products),
            cross = Fp6Row.Take(_products);
        Fp2Row w0 = _products.TakeProduct(),
            w1 = _products.TakeProduct(),
            w21 = _products.TakeProduct();
        Fp2Row mixed = _products.TakeProduct(),
            w20 = _products.TakeProduct();
        Fp6Row v1 = new Fp6Row(w0 + w21.MultiplyByXi(), mixed - w0 - w1, w20 + w1).MultiplyByV();
        (v0 + v1.MultiplyByV()).Store(result);
        (cross - v0 - v1).Store(result + High);
        Normalise(result);
    }

    /// <summary><c>result = a²</c>: 36 products.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Square(double* result, double* a)
    {
        // (a0 + a1)(a0 + v·a1) - a0·a1 - v·a0·a1 = a0² + v·a1²
        Fp6Row a0 = Fp6Row.Load(a),
            a1 = Fp6Row.Load(a + High);
        _products.Clear();
        Fp6Row.Ask(_products, a0, a1);
        Fp6Row.Ask(_products, a0 + a1, a0 + a1.MultiplyByV());
        _products.Run();
        Fp6Row product = Fp6Row.Take(_products),
            mixed = Fp6Row.Take(_products);
        (mixed - product - product.MultiplyByV()).Store(result);
        (product + product).Store(result + High);
        Normalise(result);
    }

    /// <summary>
    /// <c>result = a²</c> for an element of the cyclotomic subgroup: 18 products (see
    /// <see cref="Fp12.CyclotomicSquare"/>).
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void CyclotomicSquare(double* result, double* a)
    {
        Fp6Row a0 = Fp6Row.Load(a),
            a1 = Fp6Row.Load(a + High);
        _products.Clear();
        AskSquareFp4(a0.C0, a1.C1);
        AskSquareFp4(a1.C0, a0.C2);
        AskSquareFp4(a0.C1, a1.C2);
        _products.Run();
        TakeSquareFp4(out Fp2Row low, out Fp2Row high);
        TripleMinusTwice(low, a0.C0).Store(result);
        TriplePlusTwice(high, a1.C1).Store(result + High + Row);
        TakeSquareFp4(out low, out high);
        TripleMinusTwice(low, a0.C1).Store(result + Row);
        TriplePlusTwice(high, a1.C2).Store(result + High + (2 * Row));
        TakeSquareFp4(out low, out high);
        TripleMinusTwice(low, a0.C2).Store(result + (2 * Row));
        TriplePlusTwice(high.MultiplyByXi(), a1.C0).Store(result + High);
        Normalise(result);
    }

    /// <summary><c>result</c> is the conjugate of <c>a</c>.</summary>
    public static void Conjugate(double* result, double* a)
    {
        Fp6Row.Load(a).Store(result);
        (-Fp6Row.Load(a + High)).Store(result + High);
    }

    /// <summary><c>result = a^p</c>: 18 products.</summary>
    public void Frobenius(double* result, double* a)
    {
        _products.Clear();
        for (int i = 0; i < 6; i++)
        {
            // Row i is the coefficient of w^(2i) for i below 3, else of w^(2(i - 3) + 1).
            int power = i < 3 ? 2 * i : (2 * (i - 3)) + 1;
            _products.Multiply(Fp2Row.Load(a + (i * Row)).Conjugate(), Fp2Row.Load(Frobenii + (power * Row)));
        }

        _products.Run();
        for (int i = 0; i < 6; i++)
        {
            _products.TakeProduct().Store(result + (i * Row));
        }

        Normalise(result);
    }

    /// <summary>The inverse of an element's norm <c>a0² - v·a1²</c> in Fp6.</summary>
    public Fp6 InverseNorm(double* a)
    {
        Fp6Row a0 = Fp6Row.Load(a),
            a1 = Fp6Row.Load(a + High);
        double* norm = stackalloc double[Length + AlignedDoubles.Padding];
        norm = AlignedDoubles.Align(norm);
        _products.Clear();
        Fp6Row.Ask(_products, a0, a0);
        Fp6Row.Ask(_products, a1, a1);
        _products.Run();
        Fp6Row square = Fp6Row.Take(_products);
        (square - Fp6Row.Take(_products).MultiplyByV()).Store(norm);
        Normalise(norm);
        return ReadFp6(norm).Inverse();
    }

    /// <summary>Makes sums of at most 56 normalised elements normalised.</summary>
    public void Normalise(double* rows)
    {
        for (int first = 0; first < 6; first += TLanes.Lanes)
        {
            double* row = rows + (first * Row);
            for (int coefficient = 0; coefficient < Row; coefficient += FpLimbs.Count)
            {
                TLanes.LoadRows(row + coefficient, Lanes);
                FpCarry.Normalise(Lanes, TLanes.Lanes);
                TLanes.StoreRows(Lanes, row + coefficient, TLanes.Lanes);
            }
        }
    }

    // (a + b·s)² with s² = ξ.
    private void AskSquareFp4(in Fp2Row a, in Fp2Row b)
    {
        _products.Square(a);
        _products.Square(b);
        _products.Square(a + b);
    }

    private void TakeSquareFp4(out Fp2Row low, out Fp2Row high)
    {
        Fp2Row aa = _products.TakeSquare(),
            bb = _products.TakeSquare();
        low = aa + bb.MultiplyByXi();
        high = _products.TakeSquare() - aa - bb;
    }

    private static Fp2Row TripleMinusTwice(in Fp2Row square, in Fp2Row a) => (square - a).Double() + square;

    private static Fp2Row TriplePlusTwice(in Fp2Row square, in Fp2Row a) => (square + a).Double() + square;
}
