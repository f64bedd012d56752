using System.Collections.Concurrent;
using Meeda.Protocol.Batches;
using Meeda.Storage;

namespace Meeda.Node.Tests.Model;

/// <summary>A provider's fault.</summary>
internal enum ProviderFault
{
    /// <summary>Nothing.</summary>
    None,

    /// <summary>Every call fails.</summary>
    Down,

    /// <summary>It serves rows, but neither writes nor deletes any.</summary>
    ReadOnly,

    /// <summary>No call ever returns.</summary>
    Hanging,
}

/// <summary>A provider in memory that fails, rejects writes or hangs on command.</summary>
internal sealed class MemoryProvider(string name, Activity activity) : IRowProvider
{
    private readonly ConcurrentDictionary<(BatchId Batch, int Row), byte[]> _rows = new();
    private TaskCompletionSource _over = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private ProviderFault _fault;

    /// <inheritdoc/>
    public string Name => name;

    /// <summary>Its fault. Hanging calls fail when this changes.</summary>
    public ProviderFault Fault
    {
        get => _fault;
        set
        {
            _fault = value;
            Interlocked.Exchange(ref _over, new(TaskCreationOptions.RunContinuationsAsynchronously)).SetResult();
        }
    }

    /// <summary>The stored rows.</summary>
    public IEnumerable<(BatchId Batch, int Row)> Rows => _rows.Keys;

    /// <summary>Loses every row.</summary>
    public void Lose() => _rows.Clear();

    /// <summary>Flips a bit of a row, if it is stored.</summary>
    public void Spoil(BatchId batch, int row)
    {
        if (_rows.TryGetValue((batch, row), out byte[]? kept))
        {
            byte[] other = [.. kept];
            other[1] ^= 1;
            _rows[(batch, row)] = other;
        }
    }

    /// <inheritdoc/>
    public async Task<bool> ReadAsync(BatchId id, int row, Memory<byte> blob, CancellationToken cancellationToken)
    {
        await ReachAsync(isChange: false);
        if (!_rows.TryGetValue((id, row), out byte[]? kept))
        {
            return false;
        }

        kept.CopyTo(blob);
        return true;
    }

    /// <inheritdoc/>
    public async Task WriteAsync(BatchId id, int row, ReadOnlyMemory<byte> blob, CancellationToken cancellationToken)
    {
        await ReachAsync(isChange: true);
        _rows[(id, row)] = blob.ToArray();
    }

    /// <inheritdoc/>
    public Task FlushAsync(CancellationToken cancellationToken) => ReachAsync(isChange: true);

    /// <inheritdoc/>
    public async Task DeleteAsync(BatchId id, int rows, CancellationToken cancellationToken)
    {
        await ReachAsync(isChange: true);
        foreach ((BatchId Batch, int Row) key in _rows.Keys.Where(key => key.Batch == id && key.Row < rows))
        {
            _rows.TryRemove(key, out _);
        }
    }

    private async Task ReachAsync(bool isChange)
    {
        activity.Note();
        if (Fault == ProviderFault.Hanging)
        {
            Task over = _over.Task;
            activity.Hangs();
            await over;
            throw new IOException("the disk came back");
        }

        if (Fault == ProviderFault.Down || (isChange && Fault == ProviderFault.ReadOnly))
        {
            throw new IOException($"the provider is {Fault}");
        }
    }
}

/// <summary>Records the services' activity, so that a test can wait until they are idle.</summary>
internal sealed class Activity
{
    private TaskCompletionSource _hung = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private long _count;

    /// <summary>The number of recorded actions.</summary>
    public long Count => Interlocked.Read(ref _count);

    /// <summary>Completes when a call begins to hang.</summary>
    public Task Hung => Volatile.Read(ref _hung).Task;

    /// <summary>Records an action.</summary>
    public void Note() => Interlocked.Increment(ref _count);

    /// <summary>Records that a call begins to hang.</summary>
    public void Hangs() =>
        Interlocked.Exchange(ref _hung, new(TaskCreationOptions.RunContinuationsAsynchronously)).SetResult();
}
