using System.Diagnostics.CodeAnalysis;
using Meeda.Kzg.Fields;

namespace Meeda.Kzg.Curves;

/// <summary>
/// <c>Σ s_i·P_i</c> over so few points that each has a vector's lane of its own. Not safe for use by several threads
/// at once.
/// </summary>
[SuppressMessage(
    "Reliability",
    "CA1001",
    Justification = "Each thread has one, whose memory goes when the thread does."
)]
internal sealed unsafe class PointProducts
{
    /// <summary>Points at most.</summary>
    public const int Limit = 16;

    [ThreadStatic]
    private static PointProducts? _instance;

    private readonly NativeArena _memory = new();
    private readonly PairAdder _adder;
    private readonly PointMultiplier _multiplier;
    private readonly double* _rows;

    private PointProducts()
    {
        _adder = PairAdder.Create(_memory);
        _multiplier = PointMultiplier.Create(_memory);
        _rows = (double*)_memory.Allocate(2 * Limit * PairAdder.RowLength * sizeof(double));
    }

    /// <summary>The sum over points of the subgroup: repeated, opposite and infinite ones are fine.</summary>
    public static G1Point Sum(ReadOnlySpan<G1Affine> points, ReadOnlySpan<Fr> scalars)
    {
        PointProducts products = _instance ??= new();
        using NativeArena.Lease lease = products._memory.Use();
        Span<uint> entries = stackalloc uint[Limit];
        var split = new List<SplitScalar>(points.Length);
        double* rows = products._rows;
        for (int i = 0; i < points.Length; i++)
        {
            if (!points[i].IsInfinity && scalars[i] != Fr.Zero)
            {
                entries[split.Count] = (uint)split.Count << 1;
                products._adder.Write(points[i], rows + (split.Count * PairAdder.RowLength));
                split.Add(new(scalars[i]));
            }
        }

        double* results = rows + (Limit * PairAdder.RowLength);
        products._multiplier.Multiply(rows, entries[..split.Count], split.ToArray(), results);
        G1Point sum = default;
        for (int i = 0; i < split.Count; i++)
        {
            sum = sum.Add(products._adder.Read(results, (uint)i << 1));
        }

        return sum;
    }
}
