using System.Buffers;
using Meeda.Kzg.Fields;
using Meeda.Kzg.Fields.Kernels;

namespace Meeda.Kzg.Polynomials;

/// <summary>
/// Transforms on one vector width. Rounds in which an element meets one far away work on groups of neighbours; in the
/// last few, where it meets one of the same group, each lane
/// takes a run of neighbours.
/// </summary>
internal sealed unsafe class VectorByteTransform<TLanes> : ByteTransform
    where TLanes : struct, IFrLanes
{
    private const int Scratch = 4;

    private static readonly int GroupLength = FrLimbs.Count * TLanes.Lanes;

    private readonly LaneTransform<TLanes> _runs = new(TLanes.Lanes);
    private readonly Lazy<LaneTransform<TLanes>> _many;

    // For each round in which groups meet, that of half the size first, the roots of the pairs.
    private readonly AlignedDoubles _roots;
    private readonly AlignedDoubles _inverseRoots;
    private readonly AlignedDoubles _inverseSize = new(GroupLength);

    /// <summary>Prepares transforms.</summary>
    public VectorByteTransform(int size)
        : base(size)
    {
        _many = new(() => new(size));
        _roots = new(size * FrLimbs.Count);
        _inverseRoots = new(size * FrLimbs.Count);
        Fr[] roots = EvaluationDomain.RootsOfUnity(size);
        int place = 0;
        for (int half = size / 2; half >= TLanes.Lanes; half /= 2)
        {
            for (int i = 0; i < half; i++, place++)
            {
                int power = i * (size / (2 * half)),
                    offset = (place / TLanes.Lanes * GroupLength) + (place % TLanes.Lanes);
                FrLimbs.Write(roots[power], _roots.Pointer + offset, TLanes.Lanes);
                FrLimbs.Write(roots[-power & (size - 1)], _inverseRoots.Pointer + offset, TLanes.Lanes);
            }
        }

        FrLimbs.Broadcast(Fr.FromUInt64((ulong)size).Inverse(), _inverseSize.Pointer, TLanes.Lanes);
    }

    private int Groups => Size / TLanes.Lanes;

    /// <inheritdoc/>
    public override void Evaluate(ReadOnlySpan<byte> coefficients, Span<byte> values)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(values.Length, Size * Fr.Length);
        double[] rented = Rent();
        fixed (double* memory = rented)
        fixed (
            byte* source = coefficients,
                target = values
        )
        {
            double* groups = AlignedDoubles.Align(memory),
                scratch = groups + (Groups * GroupLength);
            int loaded = coefficients.Length / Fr.Length / TLanes.Lanes;
            Load(source, loaded, groups);
            new Span<double>(groups + (loaded * GroupLength), (Groups - loaded) * GroupLength).Clear();
            int magnitude = LaneTransform<TLanes>.Loaded;
            double* roots = _roots.Pointer;
            for (int half = Groups / 2; half >= 1; roots += half * GroupLength, half /= 2)
            {
                magnitude = Butterfly.Prepare<TLanes>(groups, Groups, magnitude, 2);
                for (int start = 0; start < Groups; start += 2 * half)
                {
                    for (int i = 0; i < half; i++)
                    {
                        double* low = groups + ((start + i) * GroupLength);
                        Butterfly.Evaluate<TLanes>(low, low + (half * GroupLength), roots + (i * GroupLength), scratch);
                    }
                }

                magnitude *= 2;
            }

            Butterfly.Prepare<TLanes>(groups, Groups, magnitude, 1);
            Store(groups, target);
            TransformRuns(target, target, isInverse: false, groups, scratch);
        }

        ArrayPool<double>.Shared.Return(rented);
    }

    /// <inheritdoc/>
    public override void Interpolate(ReadOnlySpan<byte> values, Span<byte> coefficients)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(values.Length, Size * Fr.Length);
        ArgumentOutOfRangeException.ThrowIfNotEqual(coefficients.Length, Size * Fr.Length);
        double[] rented = Rent();
        fixed (double* memory = rented)
        fixed (
            byte* source = values,
                target = coefficients
        )
        {
            double* groups = AlignedDoubles.Align(memory),
                scratch = groups + (Groups * GroupLength);
            TransformRuns(source, target, isInverse: true, groups, scratch);
            Load(target, Groups, groups);
            int magnitude = LaneTransform<TLanes>.Loaded;
            double* roots = _inverseRoots.Pointer + ((Groups - 1) * GroupLength);
            for (int half = 1; half < Groups; half *= 2)
            {
                roots -= half * GroupLength;
                magnitude = Butterfly.Prepare<TLanes>(groups, Groups, magnitude, 3);
                for (int start = 0; start < Groups; start += 2 * half)
                {
                    for (int i = 0; i < half; i++)
                    {
                        double* low = groups + ((start + i) * GroupLength);
                        Butterfly.Interpolate<TLanes>(
                            low,
                            low + (half * GroupLength),
                            roots + (i * GroupLength),
                            scratch
                        );
                    }
                }

                magnitude++;
            }

            for (int i = 0; i < Groups; i++)
            {
                TLanes.Multiply(groups + (i * GroupLength), groups + (i * GroupLength), _inverseSize.Pointer, scratch);
            }

            Store(groups, target);
        }

        ArrayPool<double>.Shared.Return(rented);
    }

    /// <inheritdoc/>
    public override void EvaluateMany(ReadOnlySpan<byte> coefficients, int count, Fr factor, Span<byte> values)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(count % TLanes.Lanes, 0);
        ArgumentOutOfRangeException.ThrowIfNotEqual(values.Length, Size * count * Fr.Length);
        LaneTransform<TLanes> transform = _many.Value;
        double[] rented = ArrayPool<double>.Shared.Rent(((Size + Scratch) * GroupLength) + AlignedDoubles.Padding);
        fixed (double* memory = rented)
        fixed (
            byte* source = coefficients,
                target = values
        )
        {
            double* groups = AlignedDoubles.Align(memory),
                scratch = groups + (Size * GroupLength),
                factors = scratch + (3 * GroupLength);
            int loaded = coefficients.Length / Fr.Length / count;
            FrLimbs.Broadcast(factor, factors, TLanes.Lanes);
            for (int first = 0; first < count; first += TLanes.Lanes)
            {
                for (int i = 0; i < loaded; i++)
                {
                    double* group = groups + (i * GroupLength);
                    TLanes.Load(source + (((i * count) + first) * Fr.Length), Fr.Length, group);
                    TLanes.Multiply(group, group, factors, scratch);
                }

                new Span<double>(groups + (loaded * GroupLength), (Size - loaded) * GroupLength).Clear();
                transform.Evaluate(groups, 1, scratch);
                for (int i = 0; i < Size; i++)
                {
                    TLanes.Store(groups + (i * GroupLength), target + (((i * count) + first) * Fr.Length), Fr.Length);
                }
            }
        }

        ArrayPool<double>.Shared.Return(rented);
    }

    private double[] Rent() =>
        ArrayPool<double>.Shared.Rent(((Groups + Scratch) * GroupLength) + AlignedDoubles.Padding);

    // The rounds within runs of as many neighbours as there are lanes, a run in each lane.
    private void TransformRuns(byte* source, byte* target, bool isInverse, double* groups, double* scratch)
    {
        int lanes = TLanes.Lanes;
        for (int first = 0; first < Size; first += lanes * lanes)
        {
            for (int i = 0; i < lanes; i++)
            {
                TLanes.Load(source + ((first + i) * Fr.Length), lanes * Fr.Length, groups + (i * GroupLength));
            }

            if (isInverse)
            {
                _runs.Interpolate(groups, LaneTransform<TLanes>.Loaded, scratch);
            }
            else
            {
                _runs.Evaluate(groups, LaneTransform<TLanes>.Loaded, scratch);
            }

            for (int i = 0; i < lanes; i++)
            {
                TLanes.Store(groups + (i * GroupLength), target + ((first + i) * Fr.Length), lanes * Fr.Length);
            }
        }
    }

    private static void Load(byte* source, int count, double* groups)
    {
        for (int i = 0; i < count; i++)
        {
            TLanes.Load(source + (i * TLanes.Lanes * Fr.Length), Fr.Length, groups + (i * GroupLength));
        }
    }

    private void Store(double* groups, byte* target)
    {
        for (int i = 0; i < Groups; i++)
        {
            TLanes.Store(groups + (i * GroupLength), target + (i * TLanes.Lanes * Fr.Length), Fr.Length);
        }
    }
}
