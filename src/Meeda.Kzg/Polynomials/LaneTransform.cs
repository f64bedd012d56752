using Meeda.Kzg.Fields;
using Meeda.Kzg.Fields.Kernels;

namespace Meeda.Kzg.Polynomials;

/// <summary>
/// Transforms of as many polynomials as there are lanes, one in each: element i of all of them is group i.
/// </summary>
/// <remarks>Safe for use by many threads at once.</remarks>
internal sealed unsafe class LaneTransform<TLanes>
    where TLanes : struct, IFrLanes
{
    /// <summary>How large elements as they are loaded count, in reduced ones.</summary>
    public const int Loaded = 2;

    private static readonly int GroupLength = FrLimbs.Count * TLanes.Lanes;

    private readonly int _size;

    // ω^i and ω^-i for i below half the size, the same in all lanes.
    private readonly AlignedDoubles _roots;
    private readonly AlignedDoubles _inverseRoots;

    /// <summary>Prepares transforms of a size that is a power of two.</summary>
    public LaneTransform(int size)
    {
        RoundingMode.RequireNearest();
        _size = size;
        Fr[] roots = EvaluationDomain.RootsOfUnity(size);
        _roots = new(Math.Max(1, size / 2) * GroupLength);
        _inverseRoots = new(Math.Max(1, size / 2) * GroupLength);
        for (int i = 0; i < size / 2; i++)
        {
            FrLimbs.Broadcast(roots[i], _roots.Pointer + (i * GroupLength), TLanes.Lanes);
            FrLimbs.Broadcast(roots[-i & (size - 1)], _inverseRoots.Pointer + (i * GroupLength), TLanes.Lanes);
        }
    }

    /// <summary>Replaces coefficients, ascending, by values in bit-reversed order, reduced.</summary>
    /// <param name="groups">The elements.</param>
    /// <param name="magnitude">How large they are, in reduced ones.</param>
    /// <param name="scratch">3 groups.</param>
    public void Evaluate(double* groups, int magnitude, double* scratch)
    {
        for (int half = _size / 2; half >= 1; half /= 2)
        {
            int step = _size / (2 * half);
            magnitude = Butterfly.Prepare<TLanes>(groups, _size, magnitude, 2);
            for (int start = 0; start < _size; start += 2 * half)
            {
                for (int i = 0; i < half; i++)
                {
                    double* low = groups + ((start + i) * GroupLength);
                    Butterfly.Evaluate<TLanes>(
                        low,
                        low + (half * GroupLength),
                        _roots.Pointer + (i * step * GroupLength),
                        scratch
                    );
                }
            }

            magnitude *= 2;
        }

        Butterfly.Prepare<TLanes>(groups, _size, magnitude, 1);
    }

    /// <summary>Replaces values in bit-reversed order by coefficients, ascending, times the size, reduced.</summary>
    /// <inheritdoc cref="Evaluate"/>
    public void Interpolate(double* groups, int magnitude, double* scratch)
    {
        for (int half = 1; half < _size; half *= 2)
        {
            int step = _size / (2 * half);
            magnitude = Butterfly.Prepare<TLanes>(groups, _size, magnitude, 3);
            for (int start = 0; start < _size; start += 2 * half)
            {
                for (int i = 0; i < half; i++)
                {
                    double* low = groups + ((start + i) * GroupLength);
                    Butterfly.Interpolate<TLanes>(
                        low,
                        low + (half * GroupLength),
                        _inverseRoots.Pointer + (i * step * GroupLength),
                        scratch
                    );
                }
            }

            magnitude++;
        }

        Butterfly.Prepare<TLanes>(groups, _size, magnitude, 1);
    }
}
