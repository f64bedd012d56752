namespace Meeda.Kzg.Fields.Kernels;

/// <summary>
/// Arithmetic in the scalar field on one vector width, an element in each lane. A group is 6 vectors, vector i holding limb i of every lane
/// (<see cref="FrLimbs"/>); sums of products are wide, 12 vectors, until they are reduced. Bounds: docs/kzg-bounds.md.
/// </summary>
internal unsafe interface IFrLanes
{
    /// <summary>Lanes of a vector.</summary>
    static abstract int Lanes { get; }

    /// <summary>Whether the processor has what it takes.</summary>
    static abstract bool IsSupported { get; }

    /// <summary>Reads 32 big-endian bytes for each lane, <paramref name="stride"/> bytes apart: whole limbs, none of them negative.</summary>
    static abstract void Load(byte* source, int stride, double* group);

    /// <summary>Writes what is below <c>r</c> and equal modulo <c>r</c> as 32 big-endian bytes for each lane, <paramref name="stride"/> bytes apart. Of reduced groups only.</summary>
    static abstract void Store(double* group, byte* target, int stride);

    /// <summary><c>r = a·b</c>, reduced. Either factor may be as large as four reduced ones.</summary>
    static abstract void Multiply(double* r, double* a, double* b, double* scratch);

    /// <summary><c>r = a·b - x</c>, reduced. Every operand may be as large as four reduced ones.</summary>
    static abstract void MultiplySubtract(double* r, double* a, double* b, double* x, double* scratch);

    /// <summary><c>r</c> is wide <c>a</c>, reduced.</summary>
    static abstract void Reduce(double* r, double* a, double* scratch);

    /// <summary><c>r += w·e</c> on the 9 wide limbs of as many groups; <c>w</c> is 3 vectors. At most <see cref="FrLimbs.MostWeighted"/> times between reductions.</summary>
    static abstract void AddWeighted(double* r, double* e, double* w, int groups);

    /// <summary>Wide <c>r = Σ c·e</c>: at most <see cref="FrLimbs.MostProducts"/> coefficients of 6 doubles, the same in all lanes, and as many groups.</summary>
    static abstract void SumProducts(double* r, double* coefficients, int coefficientStep, double* elements, int elementStep, int count);

    /// <summary><c>r = a + b</c> limb by limb, no carries.</summary>
    static abstract void Add(double* r, double* a, double* b);

    /// <summary><c>r = a - b</c> limb by limb, no carries.</summary>
    static abstract void Subtract(double* r, double* a, double* b);
}
