using System.Buffers;
using Meeda.Kzg.Fields;

namespace Meeda.Kzg.Curves;

/// <summary>
/// The sums of many lists of points at once. Neighbours are added in pairs, round by round, and all additions of a
/// round share one inversion, so that an addition
/// costs six field multiplications; in Jacobian coordinates it costs eleven. Any points will do: equal, opposite and
/// infinite neighbours are told apart.
/// </summary>
internal static class AffineListSums
{
    /// <summary>
    /// Replaces every list by its sum, which ends up at the list's number; an empty list's sum is the point at
    /// infinity.
    /// </summary>
    /// <param name="points">The lists, concatenated; at least as many places as lists.</param>
    /// <param name="lengths">The lengths of the lists; overwritten.</param>
    public static void Sum(Span<G1Affine> points, Span<int> lengths)
    {
        int additions = CountPairs(lengths);
        Fp[] inverses = ArrayPool<Fp>.Shared.Rent(additions);
        Fp[] scratch = ArrayPool<Fp>.Shared.Rent(additions);
        for (; additions > 0; additions = CountPairs(lengths))
        {
            Span<Fp> round = inverses.AsSpan(0, additions);
            WriteDenominators(points, lengths, round);
            Fp.InvertAll(round, scratch);
            AddPairs(points, lengths, round);
        }

        ArrayPool<Fp>.Shared.Return(inverses);
        ArrayPool<Fp>.Shared.Return(scratch);
        Spread(points, lengths);
    }

    private static int CountPairs(ReadOnlySpan<int> lengths)
    {
        int pairs = 0;
        foreach (int length in lengths)
        {
            pairs += length / 2;
        }

        return pairs;
    }

    // What the slope of each pair's line is divided by: x' - x, or 2y where the points are equal; 0 where there is no
    // line.
    private static void WriteDenominators(
        ReadOnlySpan<G1Affine> points,
        ReadOnlySpan<int> lengths,
        Span<Fp> denominators
    )
    {
        int start = 0;
        int pair = 0;
        foreach (int length in lengths)
        {
            for (int i = start; i + 1 < start + length; i += 2)
            {
                ref readonly G1Affine a = ref points[i];
                ref readonly G1Affine b = ref points[i + 1];
                denominators[pair++] =
                    a.IsInfinity || b.IsInfinity ? Fp.Zero
                    : a.X != b.X ? b.X - a.X
                    : a.Y == b.Y ? a.Y.Double()
                    : Fp.Zero;
            }

            start += length;
        }
    }

    // Halves every list. A sum is written where both of its points have been read already.
    private static void AddPairs(Span<G1Affine> points, Span<int> lengths, ReadOnlySpan<Fp> inverses)
    {
        int read = 0;
        int write = 0;
        int pair = 0;
        foreach (ref int length in lengths)
        {
            for (int i = 0; i < length / 2; i++, read += 2)
            {
                points[write++] = Add(points[read], points[read + 1], inverses[pair++]);
            }

            if (length % 2 != 0)
            {
                points[write++] = points[read++];
            }

            length = (length + 1) / 2;
        }
    }

    private static G1Affine Add(in G1Affine a, in G1Affine b, in Fp inverse)
    {
        Fp slope;
        if (!inverse.IsZero && a.X != b.X)
        {
            slope = (b.Y - a.Y) * inverse;
        }
        else if (!inverse.IsZero)
        {
            Fp square = a.X.Square();
            slope = (square.Double() + square) * inverse;
        }
        else
        {
            return a.IsInfinity ? b
                : b.IsInfinity ? a
                : default;
        }

        Fp x = slope.Square() - a.X - b.X;
        return new(x, (slope * (a.X - x)) - a.Y);
    }

    // The lists are of length 0 or 1 now: from the last on, each point moves up to its list's number.
    private static void Spread(Span<G1Affine> points, ReadOnlySpan<int> lengths)
    {
        int source = 0;
        foreach (int length in lengths)
        {
            source += length;
        }

        for (int list = lengths.Length - 1; list >= 0; list--)
        {
            points[list] = lengths[list] == 0 ? default : points[--source];
        }
    }
}
