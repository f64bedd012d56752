namespace Meeda.Kzg.Curves;

/// <summary>
/// What a vector width does for <see cref="VectorPairAdder{TLanes}"/>: one point per lane. In memory a point is a row
/// of 16 doubles (limbs of x, then
/// of y, see <see cref="Fields.Kernels.FpLimbs"/>), 128 bytes; lanes are 8 vectors, vector i holding limb i of every
/// lane. An entry is a row's index
/// times two, plus one where the point's negation is meant.
/// </summary>
internal unsafe interface IPointLanes
{
    /// <summary>Lanes of a vector.</summary>
    static abstract int Lanes { get; }

    /// <summary>Whether the processor has what it takes.</summary>
    static abstract bool IsSupported { get; }

    /// <summary><c>r = a·b</c>.</summary>
    static abstract void Multiply(double* r, double* a, double* b, double* scratch);

    /// <summary><c>r = a²</c>.</summary>
    static abstract void Square(double* r, double* a, double* scratch);

    /// <summary><c>r = a·b - x</c>.</summary>
    static abstract void MultiplySubtract(double* r, double* a, double* b, double* x, double* scratch);

    /// <summary><c>r = a² - x - y</c>.</summary>
    static abstract void SquareSubtract(double* r, double* a, double* x, double* y, double* scratch);

    /// <summary><c>r = a + b</c> limb by limb, no carries.</summary>
    static abstract void Add(double* r, double* a, double* b);

    /// <summary><c>r = a - b</c> limb by limb, no carries.</summary>
    static abstract void Subtract(double* r, double* a, double* b);

    /// <summary>From pairs of entries P, Q: <c>x1 = P.x</c> and <c>dx = Q.x - P.x</c>.</summary>
    static abstract void LoadX(double* points, uint* pairs, double* x1, double* dx);

    /// <summary>From pairs of entries P, Q: <c>y1 = ±P.y</c> and <c>dy = ±Q.y - y1</c>.</summary>
    static abstract void LoadY(double* points, uint* pairs, double* y1, double* dy);

    /// <summary>Turns as many rows as there are lanes, 16 doubles apart, into lanes.</summary>
    static abstract void LoadRows(double* rows, double* lanes);

    /// <summary>Writes the first <paramref name="count"/> lanes as rows, 16 doubles apart.</summary>
    static abstract void StoreRows(double* lanes, double* rows, int count);
}
