using System.Collections.Concurrent;
using Meeda.Protocol.Batches;
using Meeda.Storage;
using Meeda.Storage.Redundancy;

namespace Meeda.Node.Tests.Storage;

/// <summary>The kinds of calls to a provider.</summary>
public enum ProviderCall
{
    /// <summary>Reading a row.</summary>
    Read,

    /// <summary>Writing a row.</summary>
    Write,

    /// <summary>Making rows durable.</summary>
    Flush,

    /// <summary>Deleting rows.</summary>
    Delete,

    /// <summary>Checking whether it accepts rows.</summary>
    Probe,
}

/// <summary>
/// A provider in memory whose calls hang or fail on command. A hanging call blocks its thread, as on a faulty disk.
/// </summary>
internal sealed class HangingProvider(string name, TimeSpan deadline) : IRowProvider, IDisposable
{
    private readonly ConcurrentDictionary<(BatchId, int), byte[]> _rows = new();
    private readonly ConcurrentDictionary<ProviderCall, string?> _struck = new();
    private readonly ManualResetEventSlim _released = new();
    private int _hanging;

    public string Name => name;

    public ProviderLimits Limits { get; } = new(deadline, 4, 4);

    /// <summary>Calls that have not returned.</summary>
    public int Hanging => Volatile.Read(ref _hanging);

    /// <summary>How often each call was made.</summary>
    public ConcurrentDictionary<ProviderCall, int> Calls { get; } = new();

    /// <summary>The rows that it holds.</summary>
    public int Rows => _rows.Count;

    public void Hang(params ProviderCall[] calls) => Array.ForEach(calls, call => _struck[call] = null);

    public void Fail(ProviderCall call, string reason) => _struck[call] = reason;

    /// <summary>Makes it work again; hanging calls return.</summary>
    public void Release()
    {
        _struck.Clear();
        _released.Set();
    }

    public Task WriteAsync(BatchId id, int row, ReadOnlyMemory<byte> blob, CancellationToken cancellationToken)
    {
        Enter(ProviderCall.Write);
        _rows[(id, row)] = blob.ToArray();
        return Task.CompletedTask;
    }

    public Task FlushAsync(CancellationToken cancellationToken)
    {
        Enter(ProviderCall.Flush);
        return Task.CompletedTask;
    }

    public Task<bool> ReadAsync(BatchId id, int row, Memory<byte> blob, CancellationToken cancellationToken)
    {
        Enter(ProviderCall.Read);
        if (!_rows.TryGetValue((id, row), out byte[]? found))
        {
            return Task.FromResult(false);
        }

        found.CopyTo(blob);
        return Task.FromResult(true);
    }

    public Task DeleteAsync(BatchId id, int rows, CancellationToken cancellationToken)
    {
        Enter(ProviderCall.Delete);
        foreach ((BatchId Id, int Row) key in _rows.Keys.Where(key => key.Item1 == id))
        {
            _rows.TryRemove(key, out _);
        }

        return Task.CompletedTask;
    }

    public Task<bool> ProbeAsync(CancellationToken cancellationToken)
    {
        Enter(ProviderCall.Probe);
        return Task.FromResult(true);
    }

    public void Dispose() => Release();

    private void Enter(ProviderCall call)
    {
        Calls.AddOrUpdate(call, 1, (_, count) => count + 1);
        if (!_struck.TryGetValue(call, out string? reason))
        {
            return;
        }

        if (reason is not null)
        {
            throw new IOException(reason);
        }

        Interlocked.Increment(ref _hanging);
        _released.Wait();
        Interlocked.Decrement(ref _hanging);
    }
}
