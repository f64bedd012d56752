using Meeda.Kzg.Commitments;
using Meeda.Protocol.Batches;

namespace Meeda.Storage.Redundancy;

/// <summary>
/// The only way to a provider: calls go through threads of its own, a bounded number at once, and each has a deadline.
/// A call over its deadline is a failure for its caller; until it returns, everything else asked of this
/// provider fails at once, so that a provider that hangs costs some threads and no one's time. Writes by several
/// callers share flushes, and a flush that fails is told to each of them.
/// </summary>
internal sealed class ProviderLane : IRowSource, IDisposable
{
    private readonly IRowProvider _provider;
    private readonly ProviderCalls _calls;
    private readonly SharedFlushes _flushes;

    /// <summary>Makes the lane; nothing is asked of the provider yet.</summary>
    public ProviderLane(IRowProvider provider, TimeProvider time, ILogger logger)
    {
        _provider = provider;
        _calls = new ProviderCalls(provider.Name, provider.Limits, time, logger);
        _flushes = new SharedFlushes(provider, _calls, logger);
    }

    /// <inheritdoc/>
    public string Name => _provider.Name;

    /// <summary>How the provider did.</summary>
    public ProviderHealth Record => _calls.Record;

    /// <inheritdoc cref="ProviderCalls.Trouble"/>
    public string? Trouble => _calls.Trouble;

    /// <inheritdoc cref="ProviderCalls.IsOut"/>
    public bool IsOut => _calls.IsOut;

    /// <inheritdoc/>
    public async Task<bool> ReadAsync(BatchId id, int row, Memory<byte> blob, CancellationToken cancellationToken)
    {
        await _calls.EnterAsync(_calls.Reads, cancellationToken);

        // The provider never sees the caller's memory, which it might still write to when no one waits for it any more.
        RowBuffer? read = await _calls.CallAsync<RowBuffer?>(
            _calls.Reads,
            "read",
            async stop =>
            {
                var own = new RowBuffer(Blob.ByteLength);
                if (await _provider.ReadAsync(id, row, own.Memory, stop))
                {
                    return own;
                }

                own.Dispose();
                return null;
            },
            cancellationToken
        );
        if (read is not { } there)
        {
            return false;
        }

        there.Memory.CopyTo(blob);
        there.Dispose();
        return true;
    }

    /// <summary>Stores a row, with the label of its batch.</summary>
    /// <exception cref="IOException">The provider refused, or did not answer in time.</exception>
    public async Task<WriteTicket> WriteAsync(
        BatchId id,
        int row,
        ReadOnlyMemory<byte> blob,
        ReadOnlyMemory<byte> label,
        CancellationToken cancellationToken
    )
    {
        await _calls.EnterAsync(_calls.Writes, cancellationToken);
        var own = new RowBuffer(Blob.ByteLength);
        blob[..Blob.ByteLength].CopyTo(own.Memory);
        int failed = _flushes.Failed;
        await _calls.CallAsync(
            _calls.Writes,
            "write",
            async stop =>
            {
                await _provider.WriteAsync(id, row, own.Memory, label, stop);
                own.Dispose();
                return true;
            },
            cancellationToken
        );
        return _flushes.Cover(this, failed);
    }

    /// <inheritdoc cref="SharedFlushes.IsDurableAsync"/>
    public Task<bool> IsDurableAsync(WriteTicket ticket, CancellationToken cancellationToken) =>
        _flushes.IsDurableAsync(ticket, cancellationToken);

    /// <inheritdoc cref="SharedFlushes.FlushAsync(CancellationToken)"/>
    public Task FlushAsync(CancellationToken cancellationToken) => _flushes.FlushAsync(cancellationToken);

    /// <summary>Deletes the rows of a batch.</summary>
    /// <exception cref="IOException">Some may still be there.</exception>
    public async Task DeleteAsync(BatchId id, int rows, CancellationToken cancellationToken)
    {
        await _calls.EnterAsync(_calls.Writes, cancellationToken);
        await _calls.CallAsync(
            _calls.Writes,
            "delete",
            async stop =>
            {
                await _provider.DeleteAsync(id, rows, stop);
                return true;
            },
            cancellationToken
        );
    }

    /// <summary>Asks whether the provider would take rows now.</summary>
    /// <exception cref="IOException">It would not, or does not answer.</exception>
    public async Task ProbeAsync(CancellationToken cancellationToken)
    {
        await _calls.EnterAsync(_calls.Writes, cancellationToken);
        await _calls.CallAsync(_calls.Writes, "probe", _provider.ProbeAsync, cancellationToken);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _flushes.Dispose();
        _calls.Dispose();
    }
}
