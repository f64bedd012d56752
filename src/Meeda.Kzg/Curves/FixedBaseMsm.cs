using Meeda.Kzg.Fields;

namespace Meeda.Kzg.Curves;

/// <summary>
/// <c>Σ s_i·P_i</c> for points known beforehand. The table holds every <c>2^(15w)·P_i</c> and its double, so the
/// signed digits of all windows share one set
/// of buckets and no doublings are left; buckets are summed by rounds of affine additions of disjoint pairs
/// (<see cref="PairAdder"/>). Safe for use by
/// many threads at once; as many as there are processors run at the same time.
/// </summary>
/// <remarks>
/// Where a pair turns out to be equal or opposite, which unknown discrete logarithms exclude for the ceremony's
/// points, the whole sum is done again
/// with complete additions.
/// </remarks>
internal sealed unsafe class FixedBaseMsm : IDisposable
{
    private readonly G1Affine[] _points;
    private readonly NativeArena _memory = new();
    private readonly double* _rows;
    private readonly FixedBaseMsmPlan _plan;
    private readonly Stack<FixedBaseMsmWorkspace> _workspaces = [];

    /// <summary>Builds the table.</summary>
    /// <param name="points">Points of the subgroup, none at infinity; their number a multiple of 8. Not to be changed
    /// afterwards.</param>
    /// <param name="createAdder">Makes the adder, one for each workspace.</param>
    public FixedBaseMsm(G1Affine[] points, Func<NativeArena, PairAdder> createAdder)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(points.Length % 8, 0);
        if (points.Any(point => point.IsInfinity))
        {
            throw new ArgumentException("a point is at infinity", nameof(points));
        }

        _points = points;
        _plan = new FixedBaseMsmPlan(points.Length);
        int workspaceCount = Environment.ProcessorCount;
        long rows = _plan.TableLength + ((long)workspaceCount * _plan.ArenaLength);
        _rows = (double*)_memory.Allocate((nuint)(rows * PairAdder.RowLength * sizeof(double)));
        PairAdder adder = createAdder(_memory);
        for (int i = 0; i < points.Length; i++)
        {
            adder.Write(points[i], _rows + ((long)i * PairAdder.RowLength));
        }

        long windowLength = (long)points.Length * PairAdder.RowLength;
        for (int window = 0; window < FixedBaseMsmPlan.Windows; window++)
        {
            double* target = _rows + (window * FixedBaseMsmPlan.Multiples * windowLength);
            if (window > 0)
            {
                // From twice the point of the window before.
                adder.Double(target - windowLength, target, points.Length);
                for (int i = 2; i < FixedBaseMsmPlan.Width; i++)
                {
                    adder.Double(target, target, points.Length);
                }
            }

            adder.Double(target, target + windowLength, points.Length);
        }

        for (int i = 0; i < workspaceCount; i++)
        {
            int arena = _plan.TableLength + (i * _plan.ArenaLength);
            _workspaces.Push(new(_memory, _plan, _rows, arena, i == 0 ? adder : createAdder(_memory)));
        }
    }

    /// <summary>Frees the memory, once sums that are being worked out are done.</summary>
    public void Dispose() => _memory.Dispose();

    /// <summary>The sum.</summary>
    /// <param name="scalars">One for each point, 32 bytes big-endian each, all below the modulus.</param>
    /// <exception cref="ObjectDisposedException">The memory was freed.</exception>
    public G1Point Sum(ReadOnlySpan<byte> scalars)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(scalars.Length, _points.Length * Fr.Length);
        using NativeArena.Lease lease = _memory.Use();
        FixedBaseMsmWorkspace workspace = Take();
        try
        {
            if (workspace.TrySum(scalars, out G1Point sum))
            {
                return sum;
            }
        }
        finally
        {
            Return(workspace);
        }

        return CompleteSum(scalars);
    }

    /// <summary>The sum by complete additions, which share nothing with the fast ones but the field.</summary>
    /// <param name="scalars">As for <see cref="Sum"/>.</param>
    public G1Point CompleteSum(ReadOnlySpan<byte> scalars)
    {
        var elements = new Fr[_points.Length];
        for (int i = 0; i < elements.Length; i++)
        {
            elements[i] = Fr.FromCanonical(scalars.Slice(i * Fr.Length, Fr.Length));
        }

        return MultiScalarMultiplication.Sum(_points, elements);
    }

    private FixedBaseMsmWorkspace Take()
    {
        lock (_workspaces)
        {
            while (_workspaces.Count == 0)
            {
                Monitor.Wait(_workspaces);
            }

            return _workspaces.Pop();
        }
    }

    private void Return(FixedBaseMsmWorkspace workspace)
    {
        lock (_workspaces)
        {
            _workspaces.Push(workspace);
            Monitor.Pulse(_workspaces);
        }
    }
}
