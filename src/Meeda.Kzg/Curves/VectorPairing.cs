using Meeda.Kzg.Fields;
using Meeda.Kzg.Fields.Kernels;

namespace Meeda.Kzg.Curves;

/// <summary>
/// Products of one or two pairings on vectors, by the steps of <see cref="Pairing"/>. Not safe for use by several
/// threads at once.
/// </summary>
internal sealed unsafe class VectorPairing<TLanes>
    where TLanes : struct, IPointLanes
{
    // Lines of the loop: 63 tangents and 5 chords. Those of two points are multiplied with each other eight at a time.
    private const int Lines = 68;
    private const int LinesAtOnce = 8;
    private const int Length = Fp12Rows<TLanes>.Length;
    private const int Row = Fp2Row.Length;

    [ThreadStatic]
    private static VectorPairing<TLanes>? _instance;

    private readonly Fp12Rows<TLanes> _field = new();
    private readonly AlignedDoubles _memory = new((Lines + LinesAtOnce + 6) * Length);

    private VectorPairing() { }

    private double* LineProducts => _memory.Pointer;

    private double* Value => _memory.Pointer + ((Lines + LinesAtOnce) * Length);

    /// <summary><c>Π e(P_i, Q_i)</c> for one or two points, none at infinity.</summary>
    /// <param name="ratios">The <c>-x/y</c> of the points of G1.</param>
    /// <param name="yInverses">Their <c>1/y</c>.</param>
    /// <param name="lines">The lines of the points of G2.</param>
    public static Fp12 Product(ReadOnlySpan<Fp> ratios, ReadOnlySpan<Fp> yInverses, ReadOnlySpan<G2Lines> lines)
    {
        VectorPairing<TLanes> pairing = _instance ??= new();
        if (lines.Length == 1)
        {
            pairing.WriteLines(ratios[0], yInverses[0], lines[0]);
        }
        else
        {
            pairing.MultiplyLines(ratios, yInverses, lines[0], lines[1]);
        }

        pairing.MillerLoop();
        pairing.FinalExponentiation();
        Fp12 value = Fp12Rows<TLanes>.Read(pairing.Value);
        GC.KeepAlive(pairing);
        return value;
    }

    // A line times w³/y is l0 + l1·w² + w³ (see G2Lines): rows C0.C0, C0.C1 and C1.C1.
    private void WriteLines(in Fp ratio, in Fp yInverse, G2Lines lines)
    {
        double* memory = stackalloc double[Row + AlignedDoubles.Padding];
        double* factors = AlignedDoubles.Align(memory);
        FpLimbs.Write(ratio, factors, 1);
        FpLimbs.Write(yInverse, factors + FpLimbs.Count, 1);
        Fp2Row factor = Fp2Row.Load(factors);
        new Span<double>(LineProducts, Lines * Length).Clear();
        for (int i = 0; i < Lines; i++)
        {
            double* product = LineProducts + (i * Length);
            _field.Products.Clear();
            Scale(lines.Rows + (i * 2 * Row), factor);
            _field.Products.Run();
            _field.Products.TakeScaled().Store(product + Row);
            _field.Products.TakeScaled().Store(product);
            product[4 * Row] = 1;
        }
    }

    // (a0 + a1·w² + w³)(b0 + b1·w² + w³) = a0·b0 + ξ + (a0·b1 + a1·b0)·w² + (a0 + b0)·w³ + a1·b1·w⁴ + (a1 + b1)·w⁵
    private void MultiplyLines(ReadOnlySpan<Fp> ratios, ReadOnlySpan<Fp> yInverses, G2Lines first, G2Lines second)
    {
        double* memory = stackalloc double[(3 + (4 * LinesAtOnce)) * Row + AlignedDoubles.Padding];
        double* rows = AlignedDoubles.Align(memory),
            scaled = rows + (3 * Row);
        FpLimbs.Write(ratios[0], rows, 1);
        FpLimbs.Write(yInverses[0], rows + FpLimbs.Count, 1);
        FpLimbs.Write(ratios[1], rows + Row, 1);
        FpLimbs.Write(yInverses[1], rows + Row + FpLimbs.Count, 1);
        Fp2Row.Write(Fp2.Xi, rows + (2 * Row));
        Fp2Row a = Fp2Row.Load(rows),
            b = Fp2Row.Load(rows + Row),
            xi = Fp2Row.Load(rows + (2 * Row));
        Fp2Products<TLanes> products = _field.Products;
        for (int start = 0; start < Lines; start += LinesAtOnce)
        {
            // 1. Both lines at the points: 8 products of the base field for each.
            int count = Math.Min(LinesAtOnce, Lines - start);
            products.Clear();
            for (int i = start; i < start + count; i++)
            {
                Scale(first.Rows + (i * 2 * Row), a);
                Scale(second.Rows + (i * 2 * Row), b);
            }

            products.Run();
            for (int i = 0; i < 4 * count; i++)
            {
                products.TakeScaled().Store(scaled + (i * Row));
            }

            // 2. Their product: rows 4i to 4i + 3 are a1, a0, b1 and b0.
            products.Clear();
            for (int i = 0; i < count; i++)
            {
                Fp2Row a1 = Fp2Row.Load(scaled + (4 * i * Row)),
                    a0 = Fp2Row.Load(scaled + (((4 * i) + 1) * Row));
                Fp2Row b1 = Fp2Row.Load(scaled + (((4 * i) + 2) * Row)),
                    b0 = Fp2Row.Load(scaled + (((4 * i) + 3) * Row));
                products.Multiply(a0, b0);
                products.Multiply(a1, b1);
                products.Multiply(a0 + a1, b0 + b1);
            }

            products.Run();
            for (int i = 0; i < count; i++)
            {
                StoreProduct(LineProducts + ((start + i) * Length), scaled + (4 * i * Row), xi);
            }
        }
    }

    // The three products of a pair of lines, with the rows a1, a0, b1 and b0 of the lines, as an element of Fp12.
    private void StoreProduct(double* product, double* lines, in Fp2Row xi)
    {
        Fp2Products<TLanes> products = _field.Products;
        Fp2Row low = products.TakeProduct(),
            high = products.TakeProduct();
        (low + xi).Store(product);
        (products.TakeProduct() - low - high).Store(product + Row);
        high.Store(product + (2 * Row));
        (Fp2Row.Load(lines + Row) + Fp2Row.Load(lines + (3 * Row))).Store(product + (4 * Row));
        (Fp2Row.Load(lines) + Fp2Row.Load(lines + (2 * Row))).Store(product + (5 * Row));
        _field.Normalise(product);
    }

    // Slope times -x/y, intercept times 1/y.
    private void Scale(double* line, in Fp2Row factors)
    {
        _field.Products.Scale(Fp2Row.Load(line), factors.C0);
        _field.Products.Scale(Fp2Row.Load(line + Row), factors.C1);
    }

    private void MillerLoop()
    {
        double* value = Value,
            line = LineProducts;
        Fp12Rows<TLanes>.Copy(value, line);
        for (int bit = 62; bit >= 0; bit--)
        {
            if (bit < 62)
            {
                _field.Square(value, value);
                _field.MultiplyByLines(value, value, line);
            }

            line += Length;
            if (((Pairing.CurveParameter >> bit) & 1) != 0)
            {
                _field.MultiplyByLines(value, value, line);
                line += Length;
            }
        }

        Fp12Rows<TLanes>.Conjugate(value, value);
    }

    private void FinalExponentiation()
    {
        double* value = Value,
            f = value + Length,
            a = f + Length,
            b = a + Length,
            c = b + Length;

        // 1. The easy part, f^((p⁶-1)(p²+1)): the conjugate over f is the conjugate's square over the norm.
        new Span<double>(b, Length).Clear();
        Fp12Rows<TLanes>.Write(_field.InverseNorm(value), b);
        Fp12Rows<TLanes>.Conjugate(a, value);
        _field.Square(a, a);
        _field.Multiply(a, a, b);
        _field.Frobenius(f, a);
        _field.Frobenius(f, f);
        _field.Multiply(f, f, a);

        // 2. The hard part: see Pairing.
        MultiplyByPowerLessOne(a, f);
        MultiplyByPowerLessOne(a, a);
        PowerZ(b, a);
        _field.Frobenius(c, a);
        _field.Multiply(a, b, c);
        PowerZ(b, a);
        PowerZ(b, b);
        _field.Frobenius(c, a);
        _field.Frobenius(c, c);
        _field.Multiply(b, b, c);
        Fp12Rows<TLanes>.Conjugate(a, a);
        _field.Multiply(a, a, b);
        _field.CyclotomicSquare(b, f);
        _field.Multiply(a, a, b);
        _field.Multiply(value, a, f);
    }

    // a^(z-1), which may overwrite a.
    private void MultiplyByPowerLessOne(double* result, double* a)
    {
        double* b = Value + (3 * Length);
        PowerZ(b, a);
        Fp12Rows<TLanes>.Conjugate(result, a);
        _field.Multiply(result, result, b);
    }

    // a^z in the cyclotomic subgroup, which may overwrite a; the factor is kept apart.
    private void PowerZ(double* result, double* a)
    {
        double* factor = Value + (5 * Length);
        Fp12Rows<TLanes>.Copy(factor, a);
        Fp12Rows<TLanes>.Copy(result, a);
        for (int bit = 62; bit >= 0; bit--)
        {
            _field.CyclotomicSquare(result, result);
            if (((Pairing.CurveParameter >> bit) & 1) != 0)
            {
                _field.Multiply(result, result, factor);
            }
        }

        Fp12Rows<TLanes>.Conjugate(result, result);
    }
}
