using System.Collections.Concurrent;
using Meeda.Kzg.Commitments;
using Meeda.Node.Telemetry;
using Meeda.Protocol.Batches;

namespace Meeda.Node.Storage;

/// <summary>
/// A batch's rows spread over providers: <c>n</c> data rows and the smallest number <c>m</c> of parity rows that survives the loss of any <c>f</c> of
/// <c>N</c> providers (docs/protocol.md, "Redundancy"). Row <c>j</c> belongs to provider <c>(j + first byte of the id) mod N</c>, so that every provider
/// gets its share of single-row batches too. No row is given out that was not checked against its commitment.
/// </summary>
/// <param name="providers">The providers in their order.</param>
/// <param name="lost">How many of them may be lost.</param>
/// <param name="key">The ceremony's commitment key.</param>
/// <param name="logger">The log.</param>
/// <param name="held">Data rows of payloads that are held here, where the providers do not have them; null for none.</param>
/// <param name="clock">The clock; the system's where it is absent.</param>
internal sealed partial class RowPlacement(
    IReadOnlyList<IRowProvider> providers, int lost, CommitmentKey key, ILogger<RowPlacement> logger, IRowSource? held = null, TimeProvider? clock = null)
    : IDisposable
{
    // Rows that take longer than all but one in twenty usually do are asked for elsewhere too.
    private const double HedgePercentile = 0.95;

    private readonly TimeProvider _time = clock ?? TimeProvider.System;
    private readonly Dictionary<string, ProviderRecord> _records = providers.ToDictionary(provider => provider.Name, _ => new ProviderRecord(clock ?? TimeProvider.System), StringComparer.Ordinal);

    // Providers that rows were written to since their last flush.
    private readonly ConcurrentDictionary<IRowProvider, bool> _unflushed = new();
    private readonly SemaphoreSlim _turn = new(1);

    /// <summary>
    /// Lets one at a time write and flush: whoever flushes what another one wrote would hear of a failure in the other's place. The turn ends when it is disposed of.
    /// </summary>
    public async Task<IDisposable> TakeTurnAsync(CancellationToken cancellationToken)
    {
        await _turn.WaitAsync(cancellationToken);
        return new Turn(_turn);
    }

    /// <summary>
    /// Stores all rows of a batch: when this returns, each is at its provider, or at another one where its own refused, and durable after the next
    /// <see cref="FlushAsync"/>. Storing the same batch again replaces the rows by equal ones.
    /// </summary>
    /// <param name="id">The batch.</param>
    /// <param name="blobs">Its data rows, one behind the other.</param>
    /// <param name="cancellationToken">Stops between rows.</param>
    /// <exception cref="IOException">A row is at no provider.</exception>
    public async Task WriteAsync(BatchId id, ReadOnlyMemory<byte> blobs, CancellationToken cancellationToken)
    {
        int n = blobs.Length / Blob.ByteLength;
        int m = ParityRows.Count(n, providers.Count, lost);
        int rows = n + m;
        using var parity = new RowBuffer(m * Blob.ByteLength);
        await Task.Run(() => ParityRows.Encode(blobs, parity.Memory), cancellationToken);

        // One line a provider: they work side by side, and each takes its rows one after the other.
        await Task.WhenAll(Enumerable.Range(0, Math.Min(providers.Count, rows)).Select(async first =>
        {
            for (int row = first; row < rows; row += providers.Count)
            {
                ReadOnlyMemory<byte> blob = row < n ? Row(blobs, row) : Row(parity.Memory, row - n);
                await WriteRowAsync(id, row, blob, cancellationToken);
            }
        }));
    }

    /// <summary>Makes everything durable that was written before.</summary>
    /// <exception cref="IOException">A provider did not. It is left alone for a while, so that rows written again go elsewhere.</exception>
    public async Task FlushAsync(CancellationToken cancellationToken)
    {
        IOException?[] failures = await Task.WhenAll(providers.Where(provider => _unflushed.TryRemove(provider, out _)).Select(async provider =>
        {
            try
            {
                await provider.FlushAsync(cancellationToken);
                return null;
            }
            catch (IOException failure)
            {
                logger.ProviderRefused(provider.Name, failure.Message);
                RecordOf(provider).Failed(); // What is written next goes elsewhere for a while.
                return failure;
            }
        }));
        if (Array.Find(failures, failure => failure is not null) is { } first)
        {
            throw new IOException("a provider cannot make its rows durable", first);
        }
    }

    /// <summary>
    /// A batch's data rows, checked: read as they are where all are well, computed from any <c>n</c> good rows otherwise. Null where fewer are left.
    /// </summary>
    /// <param name="id">The batch.</param>
    /// <param name="commitments">The data rows' commitments, 48 bytes each.</param>
    /// <param name="cancellationToken">Ends the reading.</param>
    public async Task<byte[]?> ReadAsync(BatchId id, ReadOnlyMemory<byte> commitments, CancellationToken cancellationToken)
    {
        int n = commitments.Length / KzgCommitment.Length;
        int rows = n + ParityRows.Count(n, providers.Count, lost);
        SortedDictionary<int, byte[]> come = await RowRace.ReadAsync(n, rows, HedgeAfter(id, n), (row, blob, stop) => ReadFromAsync(Home(id, row), id, row, blob, stop), _time, cancellationToken);
        if (await RecoverAsync(come, n, commitments, cancellationToken) is { } blobs)
        {
            if (come.Keys.Last() >= n)
            {
                NoteDamaged(id); // Missing, or only slow: the scrub finds out.
            }

            return blobs;
        }

        // Some of them are wrong or gone: once more, wherever they may be, and each checked by itself.
        NoteDamaged(id);
        byte[] all = await AllCommitmentsAsync(commitments, cancellationToken);
        var found = new RowSet();
        come = await RowRace.ReadAsync(n, rows, HedgeAfter(id, n), (row, blob, stop) => FindGoodRowAsync(id, row, all, blob, found, stop), _time, cancellationToken);
        logger.RowsReconstructed(id.ToString(), found.Missing, found.Wrong);
        return await RecoverAsync(come, n, commitments, cancellationToken);
    }

    /// <summary>One data row of a batch, computed anew where it is missing; it is not checked. False where it cannot be had.</summary>
    public async Task<bool> ReadRowAsync(BatchId id, int row, ReadOnlyMemory<byte> commitments, Memory<byte> blob, CancellationToken cancellationToken)
    {
        if (await FindRowAsync(id, row, blob, cancellationToken))
        {
            return true;
        }

        if (await ReadAsync(id, commitments, cancellationToken) is not { } blobs)
        {
            return false;
        }

        Row(blobs, row).CopyTo(blob);
        return true;
    }

    /// <summary>How many rows a batch has, data and parity.</summary>
    /// <param name="n">The number of its data rows.</param>
    public int CountOf(int n) => n + ParityRows.Count(n, providers.Count, lost);

    /// <summary>Deletes every row of a batch wherever one may be.</summary>
    /// <param name="id">The batch.</param>
    /// <param name="n">The number of its data rows.</param>
    /// <param name="cancellationToken">Stops between providers.</param>
    /// <exception cref="IOException">A provider did not do it; rows may be left there.</exception>
    public async Task DeleteAsync(BatchId id, int n, CancellationToken cancellationToken)
    {
        int rows = n + ParityRows.Count(n, providers.Count, lost);
        await Task.WhenAll(providers.Select(provider => provider.DeleteAsync(id, rows, cancellationToken)));
    }

    /// <inheritdoc/>
    public void Dispose() => _turn.Dispose();

    private static Memory<byte> Row(byte[] blobs, int row) => blobs.AsMemory(row * Blob.ByteLength, Blob.ByteLength);

    private static ReadOnlyMemory<byte> Row(ReadOnlyMemory<byte> blobs, int row) => blobs.Slice(row * Blob.ByteLength, Blob.ByteLength);

    private int HomeIndex(BatchId id, int row)
    {
        byte first = id.Value.ToArray()[0];
        return (row + first) % providers.Count;
    }

    private IRowProvider Home(BatchId id, int row) => providers[HomeIndex(id, row)];

    private async Task WriteRowAsync(BatchId id, int row, ReadOnlyMemory<byte> blob, CancellationToken cancellationToken)
    {
        // As many as may be lost may refuse, or be left alone since they did so a moment ago: the row then waits at a neighbour, and the scrub brings it home.
        IRowProvider[] order = [.. Enumerable.Range(0, lost + 1).Select(i => providers[(HomeIndex(id, row) + i) % providers.Count]).OrderBy(provider => RecordOf(provider).IsResting)];
        for (int i = 0; ; i++)
        {
            try
            {
                await MeasureAsync(order[i], async () =>
                {
                    await order[i].WriteAsync(id, row, blob, cancellationToken);
                    _unflushed[order[i]] = true;
                    return true;
                });
                return;
            }
            catch (IOException refused) when (i < lost)
            {
                logger.ProviderRefused(order[i].Name, refused.Message);
            }
        }
    }

    private ProviderRecord RecordOf(IRowSource provider) => _records[provider.Name];

    /// <summary>Asks a provider, and takes note of how it did.</summary>
    private async Task<T> MeasureAsync<T>(IRowSource provider, Func<Task<T>> ask)
    {
        if (!_records.TryGetValue(provider.Name, out ProviderRecord? record))
        {
            return await ask();
        }

        long asked = _time.GetTimestamp();
        try
        {
            T answer = await ask();
            record.Worked(_time.GetElapsedTime(asked));
            return answer;
        }
        catch (IOException)
        {
            record.Failed();
            throw;
        }
    }

    /// <summary>How long the slowest of the data rows' providers usually takes.</summary>
    private TimeSpan HedgeAfter(BatchId id, int n) =>
        Enumerable.Range(0, Math.Min(n, providers.Count)).Select(row => RecordOf(Home(id, row)).Latency(HedgePercentile)).Max();

    private async Task<bool> FindRowAsync(BatchId id, int row, Memory<byte> blob, CancellationToken cancellationToken)
    {
        foreach (IRowSource source in Sources(id, row))
        {
            if (await ReadFromAsync(source, id, row, blob, cancellationToken))
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>Where a row may be: at home first, then at its neighbours, then here.</summary>
    private IEnumerable<IRowSource> Sources(BatchId id, int row)
    {
        IEnumerable<IRowSource> all = Enumerable.Range(0, providers.Count).Select(i => providers[(HomeIndex(id, row) + i) % providers.Count]);
        return held is null ? all : all.Append(held);
    }

    private async Task<bool> ReadFromAsync(IRowSource provider, BatchId id, int row, Memory<byte> blob, CancellationToken cancellationToken)
    {
        try
        {
            return await MeasureAsync(provider, () => provider.ReadAsync(id, row, blob, cancellationToken));
        }
        catch (IOException failure)
        {
            logger.ProviderRefused(provider.Name, failure.Message);
            return false;
        }
    }

    /// <summary>The commitments of all rows, data and parity.</summary>
    private async Task<byte[]> AllCommitmentsAsync(ReadOnlyMemory<byte> commitments, CancellationToken cancellationToken)
    {
        int m = ParityRows.Count(commitments.Length / KzgCommitment.Length, providers.Count, lost);
        byte[] parity = await Task.Run(() => ParityRows.Commitments(commitments.Span, m), cancellationToken);
        return [.. commitments.Span, .. parity];
    }

    /// <summary>Reads a row from wherever it is found as it should be, and takes note of it where it is not.</summary>
    /// <param name="id">The batch.</param>
    /// <param name="row">The row.</param>
    /// <param name="commitments">The commitments of all rows.</param>
    /// <param name="blob">Receives the row.</param>
    /// <param name="set">Receives what was found.</param>
    /// <param name="cancellationToken">Ends the reading.</param>
    private async Task<bool> FindGoodRowAsync(BatchId id, int row, byte[] commitments, Memory<byte> blob, RowSet set, CancellationToken cancellationToken)
    {
        bool isThere = false;
        foreach (IRowSource source in Sources(id, row))
        {
            if (!await ReadFromAsync(source, id, row, blob, cancellationToken))
            {
                continue;
            }

            isThere = true;
            if (await Task.Run(() => RowVerification.Matches(key, blob.Span, commitments.AsSpan(row * KzgCommitment.Length, KzgCommitment.Length)), cancellationToken))
            {
                set.Found(row, isHome: source == Home(id, row));
                return true;
            }

            if (_records.TryGetValue(source.Name, out ProviderRecord? record))
            {
                record.WasWrong();
            }
        }

        set.NotFound(isThere);
        return false;
    }

    /// <summary>The data rows from any <c>n</c> rows; null where there are fewer, or the outcome is not what was committed to.</summary>
    private async Task<byte[]?> RecoverAsync(IReadOnlyDictionary<int, byte[]> good, int n, ReadOnlyMemory<byte> commitments, CancellationToken cancellationToken)
    {
        if (good.Count < n)
        {
            return null;
        }

        int[] present = [.. good.Keys.Order().Take(n)];
        int[] missing = [.. Enumerable.Range(0, n).Except(present)];
        var blobs = new byte[(long)n * Blob.ByteLength];
        foreach (int row in present.Where(row => row < n))
        {
            good[row].CopyTo(Row(blobs, row));
        }

        return await Task.Run(
            () =>
            {
                if (Array.Exists(present, row => !Blob.IsCanonical(good[row])))
                {
                    return null;
                }

                ParityRows.Recover(present, [.. present.Select(row => (ReadOnlyMemory<byte>)good[row])], missing, [.. missing.Select(row => Row(blobs, row))]);
                return RowVerification.Matches(key, blobs, commitments.Span) ? blobs : null;
            },
            cancellationToken);
    }

    private sealed class Turn(SemaphoreSlim turn) : IDisposable
    {
        public void Dispose() => turn.Release();
    }
}
