using Meeda.Kzg.Fields;

namespace Meeda.Kzg.Curves;

/// <summary>Affine additions in scalar arithmetic: for processors without FMA, and the reference of the vector adders. A row is the two <see cref="Fp"/>.</summary>
internal sealed unsafe class ScalarPairAdder : PairAdder
{
    private const int ChunkLength = 512;

    private readonly Fp[] _differences = new Fp[ChunkLength];
    private readonly Fp[] _scratch = new Fp[ChunkLength];

    /// <inheritdoc/>
    public override void Write(in G1Affine point, double* row) => *(G1Affine*)row = point;

    /// <inheritdoc/>
    public override G1Affine Read(double* points, uint entry)
    {
        G1Affine point = Row(points, entry);
        return (entry & 1) == 0 ? point : -point;
    }

    /// <inheritdoc/>
    public override bool TryAdd(double* points, uint* pairs, int count, double* sums)
    {
        for (int start = 0; start < count; start += ChunkLength)
        {
            int length = Math.Min(ChunkLength, count - start);
            Span<Fp> inverses = _differences.AsSpan(0, length);
            uint* chunk = pairs + (2 * start);
            for (int i = 0; i < length; i++)
            {
                inverses[i] = Row(points, chunk[(2 * i) + 1]).X - Row(points, chunk[2 * i]).X;
                if (inverses[i].IsZero)
                {
                    return false;
                }
            }

            Fp.InvertAll(inverses, _scratch);
            for (int i = 0; i < length; i++)
            {
                // λ = (y2 - y1)/(x2 - x1), x3 = λ² - x1 - x2, y3 = λ(x1 - x3) - y1
                G1Affine a = Read(points, chunk[2 * i]);
                G1Affine b = Read(points, chunk[(2 * i) + 1]);
                Fp slope = (b.Y - a.Y) * inverses[i];
                Fp x = slope.Square() - a.X - b.X;
                Write(new(x, (slope * (a.X - x)) - a.Y), sums + ((long)(start + i) * RowLength));
            }
        }

        return true;
    }

    /// <inheritdoc/>
    public override void Double(double* source, double* target, int count)
    {
        for (int start = 0; start < count; start += ChunkLength)
        {
            int length = Math.Min(ChunkLength, count - start);
            Span<Fp> inverses = _differences.AsSpan(0, length);
            for (int i = 0; i < length; i++)
            {
                inverses[i] = (*(G1Affine*)(source + ((long)(start + i) * RowLength))).Y.Double();
            }

            Fp.InvertAll(inverses, _scratch);
            for (int i = 0; i < length; i++)
            {
                // λ = 3x²/2y, x3 = λ² - 2x, y3 = λ(x - x3) - y
                G1Affine a = *(G1Affine*)(source + ((long)(start + i) * RowLength));
                Fp square = a.X.Square();
                Fp slope = (square.Double() + square) * inverses[i];
                Fp x = slope.Square() - a.X.Double();
                Write(new(x, (slope * (a.X - x)) - a.Y), target + ((long)(start + i) * RowLength));
            }
        }
    }

    private static ref readonly G1Affine Row(double* points, uint entry) => ref *(G1Affine*)(points + ((long)(entry >> 1) * RowLength));
}
