using System.Diagnostics.CodeAnalysis;

namespace Meeda.Kzg.Curves;

/// <summary>
/// <c>Σ s_i·P_i</c> with scalars below 2^128 over points that no one has seen before, by Pippenger's buckets: the
/// windows' sums are worked out together, so that their
/// additions share inversions. Not safe for use by several threads at once.
/// </summary>
[SuppressMessage(
    "Reliability",
    "CA1001",
    Justification = "Each thread has one, whose memory goes when the thread does."
)]
internal sealed unsafe class VariableBaseMsm
{
    /// <summary>Limbs of a scalar.</summary>
    public const int LimbsPerScalar = 2;

    // Points at most and bits of a digit, which have the fewest additions for them: windows times (points +
    // 3·buckets). More points than the last are summed in parts.
    private static readonly (int Points, int Width)[] Sizes = [(64, 4), (384, 6), (1024, 7)];

    [ThreadStatic]
    private static VariableBaseMsm?[]? _instances;

    private readonly int _windows;
    private readonly NativeArena _memory = new();
    private readonly PairAdder _adder;
    private readonly double* _rows;
    private readonly PairBucketSums _buckets;
    private readonly uint[] _entries;
    private readonly short[] _digits;
    private readonly ushort[] _sumOf;
    private readonly uint[] _bits;

    private VariableBaseMsm(int points, int width)
    {
        _windows = (128 + width) / width;
        _adder = PairAdder.Create(_memory);
        int entries = points * _windows;
        _rows = (double*)
            _memory.Allocate(
                (nuint)(points + PairBucketSums.ArenaLength(width, _windows, entries))
                    * PairAdder.RowLength
                    * sizeof(double)
            );
        _buckets = new(_memory, _rows, points, width, _windows, entries, _adder);
        _entries = new uint[entries];
        _digits = new short[entries];
        _sumOf = new ushort[entries];
        _bits = new uint[_windows * width];
    }

    /// <summary>The sum; false where equal or opposite points met, and other code has to be asked.</summary>
    /// <param name="points">Any points of the curve.</param>
    /// <param name="scalars">Two limbs for each, least significant first.</param>
    /// <param name="sum">The sum.</param>
    public static bool TrySum(ReadOnlySpan<G1Affine> points, ReadOnlySpan<ulong> scalars, out G1Point sum)
    {
        sum = default;
        while (!points.IsEmpty)
        {
            int count = Math.Min(points.Length, Sizes[^1].Points);
            int size = Array.FindIndex(Sizes, size => count <= size.Points);
            _instances ??= new VariableBaseMsm[Sizes.Length];
            VariableBaseMsm msm = _instances[size] ??= new(Sizes[size].Points, Sizes[size].Width);
            if (!msm.TrySumPart(points[..count], scalars, out G1Point part))
            {
                return false;
            }

            sum += part;
            points = points[count..];
            scalars = scalars[(count * LimbsPerScalar)..];
        }

        return true;
    }

    private bool TrySumPart(ReadOnlySpan<G1Affine> points, ReadOnlySpan<ulong> scalars, out G1Point sum)
    {
        using NativeArena.Lease lease = _memory.Use();

        // 1. An entry for each digit; points at infinity have none.
        int filled = 0;
        for (int i = 0; i < points.Length; i++)
        {
            if (points[i].IsInfinity)
            {
                continue;
            }

            _adder.Write(points[i], _rows + ((long)i * PairAdder.RowLength));
            MultiScalarMultiplication.WriteSignedDigits(
                scalars.Slice(i * LimbsPerScalar, LimbsPerScalar),
                _buckets.Width,
                _digits.AsSpan(filled, _windows)
            );
            for (int window = 0; window < _windows; window++, filled++)
            {
                _entries[filled] = (uint)i << 1;
                _sumOf[filled] = (ushort)window;
            }
        }

        // 2. A point for each bit of each window's digits.
        sum = default;
        if (!_buckets.TrySum(_entries.AsSpan(0, filled), _digits.AsSpan(0, filled), _sumOf.AsSpan(0, filled), _bits))
        {
            return false;
        }

        // 3. Each as often as the bit is worth, from the top.
        for (int bit = _bits.Length - 1; bit >= 0; bit--)
        {
            sum = sum.Double();
            if (_bits[bit] != PairListSums.None)
            {
                sum = sum.Add(_adder.Read(_rows, _bits[bit]));
            }
        }

        return true;
    }
}
