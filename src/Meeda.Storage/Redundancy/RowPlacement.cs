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
/// <param name="providers">The providers in their order.</param>
/// <param name="lost">How many of them may be lost.</param>
/// <param name="key">The ceremony's commitment key.</param>
/// <param name="logger">The log.</param>
/// <param name="held">Data rows of payloads that are held here, where the providers do not have them; null for
/// none.</param>
/// <param name="clock">The clock; the system's where it is absent.</param>
internal sealed partial class RowPlacement(
    IReadOnlyList<IRowProvider> providers,
    int lost,
    CommitmentKey key,
    ILogger<RowPlacement> logger,
    IRowSource? held = null,
    TimeProvider? clock = null
) : IDisposable
{
    // Rows that take longer than all but one in twenty usually do are asked for elsewhere too.
    private const double HedgePercentile = 0.95;

    // A single row is waited for longer than one of many: to have it otherwise may take the reading of its whole batch.
    private static readonly TimeSpan RowHedge = TimeSpan.FromMilliseconds(250);

    // The ledger has to read a whole payload for one row: of longer ones it is asked where the provider does not
    // answer.
    private const int MaxBlobsHeldFirst = 8;

    private readonly TimeProvider _time = clock ?? TimeProvider.System;
    private readonly ProviderLane[] _lanes =
    [
        .. providers.Select(provider => new ProviderLane(provider, clock ?? TimeProvider.System, logger)),
    ];

    // Batches whose rows somebody writes, repairs or deletes.
    private readonly ConcurrentDictionary<BatchId, bool> _claimed = new();

    /// <summary>The providers' names, in their order.</summary>
    public IReadOnlyList<string> Names => [.. _lanes.Select(lane => lane.Name)];

    /// <summary>
    /// The providers that something is wrong with right now, and what, for logs; empty where nothing is known to be.
    /// </summary>
    public string Troubles =>
        string.Join(
            "; ",
            _lanes.Where(lane => lane.Trouble is not null).Select(lane => $"{lane.Name}: {lane.Trouble}")
        );

    /// <summary>Whether more providers than may be lost did not answer lately.</summary>
    public bool AreMoreAway => _lanes.Count(lane => lane.Trouble is not null) > lost;

    /// <summary>
    /// The providers that take no rows now, each with the reason: asked, all side by side, and no longer than a health
    /// check may wait.
    /// </summary>
    /// <param name="patience">How long each is waited for.</param>
    public async Task<IReadOnlyList<string>> AwayAsync(TimeSpan patience)
    {
        string?[] problems = await Task.WhenAll(
            _lanes.Select(async lane =>
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
    /// <param name="cancellationToken">Stops between rows.</param>
    /// <exception cref="IOException">A row is at no provider.</exception>
    public async Task<WrittenRows> WriteAsync(
        BatchId id,
        ReadOnlyMemory<byte> blobs,
        CancellationToken cancellationToken
    )
    {
        int n = blobs.Length / Blob.ByteLength;
        var written = new WrittenRows(id, n + ParityRows.Count(n, providers.Count, lost));
        await WriteAsync(written, blobs, cancellationToken);
        return written;
    }

    /// <summary>Stores those rows of a batch again that did not become durable where they were.</summary>
    /// <param name="written">The batch's rows.</param>
    /// <param name="blobs">Its data rows, concatenated.</param>
    /// <param name="cancellationToken">Stops between rows.</param>
    /// <exception cref="IOException">A row is at no provider.</exception>
    public async Task WriteAsync(WrittenRows written, ReadOnlyMemory<byte> blobs, CancellationToken cancellationToken)
    {
        int n = blobs.Length / Blob.ByteLength;
        int rows = written.Count;
        using var parity = new RowBuffer((rows - n) * Blob.ByteLength);
        await Task.Run(() => ParityRows.Encode(blobs, parity.Memory), cancellationToken);

        // One line a provider: they work side by side, and each takes its rows one after the other.
        await Task.WhenAll(
            Enumerable
                .Range(0, Math.Min(providers.Count, rows))
                .Select(async first =>
                {
                    for (int row = first; row < rows; row += providers.Count)
                    {
                        if (written[row] is null)
                        {
                            written[row] = await WriteRowAsync(
                                written.Id,
                                row,
                                row < n ? Row(blobs, row) : Row(parity.Memory, row - n),
                                cancellationToken
                            );
                        }
                    }
                })
        );
    }

    /// <summary>Makes everything durable that was written before.</summary>
    /// <exception cref="IOException">A provider did not. It is left alone for a while, so that rows written again go
    /// elsewhere.</exception>
    public async Task FlushAsync(CancellationToken cancellationToken)
    {
        try
        {
            await Task.WhenAll(_lanes.Select(lane => lane.FlushAsync(cancellationToken)));
        }
        catch (IOException failure)
        {
            throw new IOException("a provider cannot make its rows durable", failure);
        }
    }

    /// <summary>
    /// A batch's data rows, checked: read as they are where all are well, computed from any <c>n</c> good rows
    /// otherwise. Null where fewer are left.
    /// </summary>
    /// <param name="id">The batch.</param>
    /// <param name="commitments">The data rows' commitments, 48 bytes each.</param>
    /// <param name="cancellationToken">Ends the reading.</param>
    public async Task<byte[]?> ReadAsync(
        BatchId id,
        ReadOnlyMemory<byte> commitments,
        CancellationToken cancellationToken
    )
    {
        int n = commitments.Length / KzgCommitment.Length;
        int rows = n + ParityRows.Count(n, providers.Count, lost);
        SortedDictionary<int, byte[]> come = await HedgedRowReader.ReadAsync(
            n,
            rows,
            HedgeAfter(id, n),
            (row, blob, stop) => ReadFromAsync(AssignedProvider(id, row), id, row, blob, stop),
            _time,
            cancellationToken
        );
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
        come = await HedgedRowReader.ReadAsync(
            n,
            rows,
            HedgeAfter(id, n),
            (row, blob, stop) => FindGoodRowAsync(id, row, all, blob, found, stop),
            _time,
            cancellationToken
        );
        logger.RowsReconstructed(id.ToString(), found.Missing, found.Wrong);
        return await RecoverAsync(come, n, commitments, cancellationToken);
    }

    /// <summary>
    /// One data row of a batch, from whoever has it first: the ledger, its provider, another one, or recomputed from
    /// the batch's other rows. It is not checked. False where it cannot be had.
    /// </summary>
    public async Task<bool> ReadRowAsync(
        BatchId id,
        int row,
        ReadOnlyMemory<byte> commitments,
        Memory<byte> blob,
        CancellationToken cancellationToken
    )
    {
        bool isHeldFirst = commitments.Length / KzgCommitment.Length <= MaxBlobsHeldFirst;
        if (held is not null && isHeldFirst && await ReadFromAsync(held, id, row, blob, cancellationToken))
        {
            return true;
        }

        using var over = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        TimeSpan hedge = AssignedProvider(id, row).Record.Latency(HedgePercentile);
        hedge = hedge > RowHedge ? hedge : RowHedge;
        Task<bool> home = ReadFromAsync(AssignedProvider(id, row), id, row, blob, over.Token);
        if (await Task.WhenAny(home, Task.Delay(hedge, _time, over.Token)) == home && await home)
        {
            await over.CancelAsync();
            return true;
        }

        IEnumerable<IRowSource> neighbours = LanesFor(id, row).Skip(1);
        IRowSource[] others = held is null || isHeldFirst ? [.. neighbours] : [held, .. neighbours];
        SortedDictionary<int, byte[]> come = await HedgedRowReader.ReadAsync(
            1,
            others.Length + 1,
            hedge,
            (i, found, stop) =>
                i < others.Length
                    ? ReadFromAsync(others[i], id, row, found, stop)
                    : ComputeRowAsync(id, row, commitments, found, stop),
            _time,
            cancellationToken
        );
        if (come.Count == 0)
        {
            return await home;
        }

        await over.CancelAsync();
        // Until it cannot write to the blob any more.
        await ((Task)home).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        come.Values.First().CopyTo(blob);
        return true;
    }

    /// <summary>How many rows a batch has, data and parity.</summary>
    /// <param name="n">The number of its data rows.</param>
    public int CountOf(int n) => n + ParityRows.Count(n, providers.Count, lost);

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
        if (Array.Find(_lanes, lane => lane.Name == provider) is not { } lane)
        {
            return false;
        }

        try
        {
            await lane.DeleteAsync(id, n + ParityRows.Count(n, providers.Count, lost), cancellationToken);
            return true;
        }
        catch (IOException failure)
        {
            NoteRefusal(lane, failure);
            return false;
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (ProviderLane lane in _lanes)
        {
            lane.Dispose();
        }
    }

    private static Memory<byte> Row(byte[] blobs, int row) => blobs.AsMemory(row * Blob.ByteLength, Blob.ByteLength);

    private static ReadOnlyMemory<byte> Row(ReadOnlyMemory<byte> blobs, int row) =>
        blobs.Slice(row * Blob.ByteLength, Blob.ByteLength);

    private int AssignedIndex(BatchId id, int row)
    {
        byte first = id.Value.ToArray()[0];
        return (row + first) % providers.Count;
    }

    private ProviderLane AssignedProvider(BatchId id, int row) => _lanes[AssignedIndex(id, row)];

    /// <summary>The providers in the order in which they get a row.</summary>
    private IEnumerable<ProviderLane> LanesFor(BatchId id, int row) =>
        Enumerable.Range(0, _lanes.Length).Select(i => _lanes[(AssignedIndex(id, row) + i) % _lanes.Length]);

    private async Task<WriteTicket> WriteRowAsync(
        BatchId id,
        int row,
        ReadOnlyMemory<byte> blob,
        CancellationToken cancellationToken
    )
    {
        // As many as may be lost may refuse, or be left alone since they did so a moment ago: the row then waits at a
        // neighbour, and the scrub brings it home.
        ProviderLane[] order =
        [
            .. LanesFor(id, row).Take(lost + 1).OrderBy(lane => lane.IsOut || lane.Record.IsBackingOff),
        ];
        for (int i = 0; ; i++)
        {
            try
            {
                return await order[i].WriteAsync(id, row, blob, cancellationToken);
            }
            catch (IOException refused) when (i < lost)
            {
                NoteRefusal(order[i], refused);
            }
        }
    }

    /// <summary>Logs what a provider answered; not that it is left alone, which was logged when that began.</summary>
    private void NoteRefusal(IRowSource provider, IOException refused)
    {
        if (refused is not ProviderOutException)
        {
            logger.ProviderRefused(provider.Name, refused.Message);
        }
    }

    /// <summary>How long the slowest of the data rows' providers usually takes.</summary>
    private TimeSpan HedgeAfter(BatchId id, int n) =>
        Enumerable
            .Range(0, Math.Min(n, providers.Count))
            .Select(row => AssignedProvider(id, row).Record.Latency(HedgePercentile))
            .Max();

    /// <summary>Where a row may be: at home first, then at its neighbours, then here.</summary>
    private IRowSource[] Sources(BatchId id, int row) =>
        held is null ? [.. LanesFor(id, row)] : [.. LanesFor(id, row), held];

    private async Task<bool> ReadFromAsync(
        IRowSource provider,
        BatchId id,
        int row,
        Memory<byte> blob,
        CancellationToken cancellationToken
    )
    {
        try
        {
            return await provider.ReadAsync(id, row, blob, cancellationToken);
        }
        catch (IOException failure)
        {
            NoteRefusal(provider, failure);
            return false;
        }
    }

    /// <summary>A data row computed from the others of its batch.</summary>
    private async Task<bool> ComputeRowAsync(
        BatchId id,
        int row,
        ReadOnlyMemory<byte> commitments,
        Memory<byte> blob,
        CancellationToken cancellationToken
    )
    {
        if (await ReadAsync(id, commitments, cancellationToken) is not { } blobs)
        {
            return false;
        }

        Row(blobs, row).CopyTo(blob);
        return true;
    }

    /// <summary>The commitments of all rows, data and parity.</summary>
    private async Task<byte[]> AllCommitmentsAsync(
        ReadOnlyMemory<byte> commitments,
        CancellationToken cancellationToken
    )
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
    private async Task<bool> FindGoodRowAsync(
        BatchId id,
        int row,
        byte[] commitments,
        Memory<byte> blob,
        RowSet set,
        CancellationToken cancellationToken
    )
    {
        int wrong = 0;
        IRowSource[] sources = Sources(id, row);
        SortedDictionary<int, byte[]> come = await HedgedRowReader.ReadAsync(
            1,
            sources.Length,
            RowHedge,
            async (i, found, stop) =>
            {
                if (!await ReadFromAsync(sources[i], id, row, found, stop))
                {
                    return false;
                }

                if (
                    await Task.Run(
                        () =>
                            RowVerification.Matches(
                                key,
                                found.Span,
                                commitments.AsSpan(row * KzgCommitment.Length, KzgCommitment.Length)
                            ),
                        stop
                    )
                )
                {
                    return true;
                }

                Interlocked.Increment(ref wrong);
                (sources[i] as ProviderLane)?.Record.WasWrong();
                return false;
            },
            _time,
            cancellationToken
        );
        if (come.Count == 0)
        {
            set.NotFound(isThere: wrong > 0);
            return false;
        }

        (int source, byte[] good) = come.First();
        good.CopyTo(blob);
        set.Found(row, isHome: source == 0);
        return true;
    }

    /// <summary>
    /// The data rows from any <c>n</c> rows; null where there are fewer, or the outcome is not what was committed to.
    /// </summary>
    private async Task<byte[]?> RecoverAsync(
        IReadOnlyDictionary<int, byte[]> good,
        int n,
        ReadOnlyMemory<byte> commitments,
        CancellationToken cancellationToken
    )
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

                ParityRows.Recover(
                    present,
                    [.. present.Select(row => (ReadOnlyMemory<byte>)good[row])],
                    missing,
                    [.. missing.Select(row => Row(blobs, row))]
                );
                return RowVerification.Matches(key, blobs, commitments.Span) ? blobs : null;
            },
            cancellationToken
        );
    }

    private sealed class Claim(RowPlacement rows, BatchId id) : IDisposable
    {
        public void Dispose() => rows._claimed.TryRemove(id, out _);
    }
}

/// <summary>The rows of a batch that were written, and where each went.</summary>
/// <param name="id">The batch.</param>
/// <param name="count">Its data and parity rows.</param>
internal sealed class WrittenRows(BatchId id, int count)
{
    private readonly WriteTicket?[] _tickets = new WriteTicket?[count];

    /// <summary>The batch.</summary>
    public BatchId Id => id;

    /// <summary>Its data and parity rows.</summary>
    public int Count => count;

    /// <summary>Whether every row is somewhere.</summary>
    public bool IsComplete => Array.TrueForAll(_tickets, ticket => ticket is not null);

    /// <summary>Where a row is; null where it is nowhere, or did not become durable.</summary>
    public WriteTicket? this[int row]
    {
        get => _tickets[row];
        set => _tickets[row] = value;
    }

    /// <summary>
    /// Waits until the rows are durable: for those providers only that have some of them, and no longer than their
    /// deadlines. Batches that are waited for at once share flushes.
    /// </summary>
    /// <returns>Whether all are. Where not, the others are to be written again: they go elsewhere, since providers
    /// whose flush fails are left alone for a while.</returns>
    public async Task<bool> FlushAsync(CancellationToken cancellationToken)
    {
        await Task.WhenAll(
            Enumerable
                .Range(0, count)
                .Select(async row =>
                {
                    if (_tickets[row] is { } ticket && !await ticket.Lane.IsDurableAsync(ticket, cancellationToken))
                    {
                        _tickets[row] = null;
                    }
                })
        );
        return IsComplete;
    }
}
