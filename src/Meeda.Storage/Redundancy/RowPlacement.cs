using System.Collections.Concurrent;
using Meeda.Kzg.Commitments;
using Meeda.Protocol.Batches;

namespace Meeda.Storage.Redundancy;

/// <summary>
/// A batch's rows spread over providers: <c>n</c> data rows and the smallest number <c>m</c> of parity rows that
/// survives the loss of any <c>f</c> of
/// <c>N</c> providers (docs/protocol.md, "Redundancy"). Row <c>j</c> belongs to provider <c>(j + first byte of the
/// id) mod N</c>, so that every provider
/// gets its share of single-row batches too. No row is given out that was not checked against its commitment.
/// </summary>
internal sealed class RowPlacement : IDisposable
{
    private readonly RowLayout _layout;
    private readonly RowWriter _writer;
    private readonly RowReader _reader;
    private readonly RowRepair _repair;
    private readonly ILogger<RowPlacement> _logger;

    // Batches whose rows a task writes, repairs or deletes.
    private readonly ConcurrentDictionary<BatchId, bool> _claimed = new();

    /// <summary>Makes the placement; nothing is asked of the providers yet.</summary>
    /// <param name="providers">The providers in their order.</param>
    /// <param name="lost">How many of them may be lost.</param>
    /// <param name="key">The ceremony's commitment key.</param>
    /// <param name="logger">The log.</param>
    /// <param name="held">Data rows of payloads that are held here, where the providers do not have them; null for
    /// none.</param>
    /// <param name="clock">The clock; the system's where it is absent.</param>
    public RowPlacement(
        IReadOnlyList<IRowProvider> providers,
        int lost,
        CommitmentKey key,
        ILogger<RowPlacement> logger,
        IRowSource? held = null,
        TimeProvider? clock = null
    )
    {
        TimeProvider time = clock ?? TimeProvider.System;
        ProviderLane[] lanes = [.. providers.Select(provider => new ProviderLane(provider, time, logger))];
        _logger = logger;
        _layout = new RowLayout(lanes, lost);
        _writer = new RowWriter(_layout, logger);
        var search = new RowSearch(_layout, key, logger, held, time);
        _reader = new RowReader(_layout, search, logger, held, time);
        _repair = new RowRepair(_layout, search, key, logger);
    }

    /// <summary>The providers' names, in their order.</summary>
    public IReadOnlyList<string> Names => [.. _layout.Lanes.Select(lane => lane.Name)];

    /// <summary>
    /// The providers that something is wrong with right now, and what, for logs; empty where nothing is known to be.
    /// </summary>
    public string Troubles =>
        string.Join(
            "; ",
            _layout.Lanes.Where(lane => lane.Trouble is not null).Select(lane => $"{lane.Name}: {lane.Trouble}")
        );

    /// <summary>Whether more providers than may be lost did not answer lately.</summary>
    public bool AreMoreAway => _layout.Lanes.Count(lane => lane.Trouble is not null) > _layout.Lost;

    /// <summary>
    /// The providers that take no rows now, each with the reason: asked, all side by side, and no longer than a health
    /// check may wait.
    /// </summary>
    /// <param name="patience">How long each is waited for.</param>
    public async Task<IReadOnlyList<string>> AwayAsync(TimeSpan patience)
    {
        string?[] problems = await Task.WhenAll(
            _layout.Lanes.Select(async lane =>
            {
                try
                {
                    await lane.ProbeAsync(CancellationToken.None).WaitAsync(patience);
                    return lane.Trouble is { } trouble ? $"{lane.Name}: {trouble}" : null;
                }
                catch (TimeoutException)
                {
                    return $"{lane.Name}: it has not answered for {patience.TotalSeconds:0} s";
                }
                catch (IOException failure)
                {
                    return failure.Message.StartsWith(lane.Name, StringComparison.Ordinal)
                        ? failure.Message
                        : $"{lane.Name}: {failure.Message}";
                }
            })
        );
        return [.. problems.OfType<string>()];
    }

    /// <summary>
    /// Claims the rows of a batch: who writes, repairs or deletes them does so alone, since one who deletes what
    /// another writes would undo it. The claim ends when it is disposed of.
    /// </summary>
    /// <returns>Null where another party has claimed them.</returns>
    public IDisposable? TryClaim(BatchId id) => _claimed.TryAdd(id, true) ? new Claim(this, id) : null;

    /// <summary>
    /// Stores all rows of a batch: when this returns, each is at its provider, or at another one where its own refused
    /// or did not answer in time. They are durable once
    /// <see cref="WrittenRows.FlushAsync"/> says so. Storing the same batch again replaces the rows by equal ones.
    /// </summary>
    /// <param name="id">The batch.</param>
    /// <param name="blobs">Its data rows, concatenated.</param>
    /// <param name="label">What is kept beside them, so that they are known without the ledger; empty for
    /// nothing.</param>
    /// <param name="cancellationToken">Stops between rows.</param>
    /// <exception cref="IOException">A row is at no provider.</exception>
    public async Task<WrittenRows> WriteAsync(
        BatchId id,
        ReadOnlyMemory<byte> blobs,
        ReadOnlyMemory<byte> label,
        CancellationToken cancellationToken
    )
    {
        int n = blobs.Length / Blob.ByteLength;
        var written = new WrittenRows(id, _layout.CountOf(n)) { Label = label };
        await _writer.WriteAsync(written, blobs, cancellationToken);
        return written;
    }

    /// <summary>Stores all rows of a batch that has no label.</summary>
    /// <exception cref="IOException">A row is at no provider.</exception>
    public Task<WrittenRows> WriteAsync(BatchId id, ReadOnlyMemory<byte> blobs, CancellationToken cancellationToken) =>
        WriteAsync(id, blobs, ReadOnlyMemory<byte>.Empty, cancellationToken);

    /// <inheritdoc cref="RowWriter.WriteAsync"/>
    public Task WriteAsync(WrittenRows written, ReadOnlyMemory<byte> blobs, CancellationToken cancellationToken) =>
        _writer.WriteAsync(written, blobs, cancellationToken);

    /// <inheritdoc cref="RowWriter.FlushAsync"/>
    public Task FlushAsync(CancellationToken cancellationToken) => _writer.FlushAsync(cancellationToken);

    /// <inheritdoc cref="RowReader.ReadAsync"/>
    public Task<byte[]?> ReadAsync(BatchId id, ReadOnlyMemory<byte> commitments, CancellationToken cancellationToken) =>
        _reader.ReadAsync(id, commitments, cancellationToken);

    /// <inheritdoc cref="RowReader.ReadRowAsync"/>
    public Task<bool> ReadRowAsync(
        BatchId id,
        int row,
        ReadOnlyMemory<byte> commitments,
        Memory<byte> blob,
        CancellationToken cancellationToken
    ) => _reader.ReadRowAsync(id, row, commitments, blob, cancellationToken);

    /// <inheritdoc cref="RowRepair.RepairAsync"/>
    public Task<RepairReport> RepairAsync(
        BatchId id,
        ReadOnlyMemory<byte> commitments,
        ReadOnlyMemory<byte> label,
        CancellationToken cancellationToken
    ) => _repair.RepairAsync(id, commitments, label, cancellationToken);

    /// <inheritdoc cref="RowRepair.RepairAsync"/>
    public Task<RepairReport> RepairAsync(
        BatchId id,
        ReadOnlyMemory<byte> commitments,
        CancellationToken cancellationToken
    ) => RepairAsync(id, commitments, ReadOnlyMemory<byte>.Empty, cancellationToken);

    /// <inheritdoc cref="RowReader.TryTakeDamaged"/>
    public bool TryTakeDamaged(out BatchId id) => _reader.TryTakeDamaged(out id);

    /// <inheritdoc cref="RowLayout.CountOf"/>
    public int CountOf(int n) => _layout.CountOf(n);

    /// <summary>Deletes every row of a batch wherever one may be.</summary>
    /// <param name="id">The batch.</param>
    /// <param name="n">The number of its data rows.</param>
    /// <param name="cancellationToken">Stops the waiting.</param>
    /// <returns>The names of the providers that did not do it: rows may be left there.</returns>
    public async Task<IReadOnlyList<string>> DeleteAsync(BatchId id, int n, CancellationToken cancellationToken)
    {
        bool[] done = await Task.WhenAll(Names.Select(name => TryDeleteAsync(name, id, n, cancellationToken)));
        return [.. Names.Where((_, i) => !done[i])];
    }

    /// <summary>Deletes every row of a batch at one provider.</summary>
    /// <returns>False where the provider did not do it, or is none of these.</returns>
    public async Task<bool> TryDeleteAsync(string provider, BatchId id, int n, CancellationToken cancellationToken)
    {
        if (_layout.Lanes.FirstOrDefault(lane => lane.Name == provider) is not { } lane)
        {
            return false;
        }

        try
        {
            await lane.DeleteAsync(id, _layout.CountOf(n), cancellationToken);
            return true;
        }
        catch (IOException failure)
        {
            _logger.ProviderRefused(lane, failure);
            return false;
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (ProviderLane lane in _layout.Lanes)
        {
            lane.Dispose();
        }
    }

    private sealed class Claim(RowPlacement rows, BatchId id) : IDisposable
    {
        public void Dispose() => rows._claimed.TryRemove(id, out _);
    }
}
