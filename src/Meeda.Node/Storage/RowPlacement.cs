using System.Buffers;
using System.Collections.Concurrent;
using Meeda.Kzg.Commitments;
using Meeda.Node.Telemetry;
using Meeda.Protocol.Batches;

namespace Meeda.Node.Storage;

/// <summary>What a look at all rows of a batch found.</summary>
/// <param name="Rows">Data and parity rows that there should be.</param>
/// <param name="Missing">Rows that were not where they belong.</param>
/// <param name="Wrong">Rows that are not those committed to.</param>
/// <param name="Repaired">Rows that were computed anew and are durable again.</param>
internal readonly record struct RepairReport(int Rows, int Missing, int Wrong, int Repaired);

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
internal sealed class RowPlacement(IReadOnlyList<IRowProvider> providers, int lost, CommitmentKey key, ILogger<RowPlacement> logger, IRowSource? held = null)
{
    // More than this at once is a lost provider, and then the scrub's ordinary pass comes to all of them.
    private const int MaxDamaged = 1024;

    // Batches whose readers met a missing or wrong row, for the scrub to see to first.
    private readonly ConcurrentQueue<BatchId> _damaged = new();

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
        byte[] rented = ArrayPool<byte>.Shared.Rent(m * Blob.ByteLength);
        try
        {
            Memory<byte> parity = rented.AsMemory(0, m * Blob.ByteLength);
            await Task.Run(() => ParityRows.Encode(blobs, parity), cancellationToken);

            // One line a provider: they work side by side, and each takes its rows one after the other.
            await Task.WhenAll(Enumerable.Range(0, Math.Min(providers.Count, rows)).Select(async first =>
            {
                for (int row = first; row < rows; row += providers.Count)
                {
                    ReadOnlyMemory<byte> blob = row < n ? Row(blobs, row) : Row(parity, row - n);
                    await WriteRowAsync(id, row, blob, cancellationToken);
                }
            }));
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(rented);
        }
    }

    /// <summary>Makes everything durable that was written before.</summary>
    /// <exception cref="IOException">More providers did not than may be lost.</exception>
    public async Task FlushAsync(CancellationToken cancellationToken)
    {
        IOException?[] failures = await Task.WhenAll(providers.Select(async provider =>
        {
            try
            {
                await provider.FlushAsync(cancellationToken);
                return null;
            }
            catch (IOException failure)
            {
                logger.ProviderRefused(provider.Name, failure.Message);
                return failure;
            }
        }));
        if (failures.Count(failure => failure is not null) > lost)
        {
            throw new IOException("more providers than may be lost cannot make their rows durable", failures.First(failure => failure is not null));
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
        var blobs = new byte[(long)n * Blob.ByteLength];
        bool[] present = await Task.WhenAll(Enumerable.Range(0, n).Select(row => FindRowAsync(id, row, Row(blobs, row), cancellationToken)));
        if (Array.TrueForAll(present, isPresent => isPresent) && await Task.Run(() => RowVerification.Matches(key, blobs, commitments.Span), cancellationToken))
        {
            return blobs;
        }

        if (_damaged.Count < MaxDamaged)
        {
            _damaged.Enqueue(id);
        }

        RowSet good = await CollectAsync(id, commitments, enough: n, cancellationToken);
        logger.RowsReconstructed(id.ToString(), good.Missing, good.Wrong);
        return await RecoverAsync(good, n, commitments, cancellationToken);
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

    /// <summary>
    /// Checks every row of a batch where it belongs, all at the price of one where all are well, and writes those anew that are missing or wrong. Rows that
    /// cannot be written now stay missing until the next look.
    /// </summary>
    public async Task<RepairReport> RepairAsync(BatchId id, ReadOnlyMemory<byte> commitments, CancellationToken cancellationToken)
    {
        int n = commitments.Length / KzgCommitment.Length;
        byte[] all = await AllCommitmentsAsync(commitments, cancellationToken);
        int rows = all.Length / KzgCommitment.Length;
        if (await IsWholeAsync(id, all, cancellationToken))
        {
            return new RepairReport(rows, 0, 0, 0);
        }

        RowSet good = await CollectAsync(id, commitments, enough: int.MaxValue, cancellationToken);

        if (await RecoverAsync(good, n, commitments, cancellationToken) is not { } data)
        {
            return new RepairReport(rows, good.Missing, good.Wrong, 0);
        }

        var parity = new byte[(long)(rows - n) * Blob.ByteLength];
        await Task.Run(() => ParityRows.Encode(data, parity), cancellationToken);
        int repaired = 0;
        foreach (int row in Enumerable.Range(0, rows).Where(row => !good.Blobs.ContainsKey(row) || good.Misplaced.Contains(row)))
        {
            try
            {
                await Home(id, row).WriteAsync(id, row, row < n ? Row(data, row) : Row(parity, row - n), cancellationToken);
                repaired++;
            }
            catch (IOException refused)
            {
                logger.ProviderRefused(Home(id, row).Name, refused.Message);
            }
        }

        await FlushAsync(cancellationToken);
        return new RepairReport(rows, good.Missing, good.Wrong, repaired);
    }

    /// <summary>Deletes every row of a batch wherever one may be.</summary>
    /// <param name="id">The batch.</param>
    /// <param name="n">The number of its data rows.</param>
    /// <param name="cancellationToken">Stops between rows.</param>
    /// <exception cref="IOException">A provider did not do it; rows may be left there.</exception>
    public async Task DeleteAsync(BatchId id, int n, CancellationToken cancellationToken)
    {
        int rows = n + ParityRows.Count(n, providers.Count, lost);
        await Task.WhenAll(providers.Select(async provider =>
        {
            for (int row = 0; row < rows; row++)
            {
                await provider.DeleteAsync(id, row, cancellationToken);
            }
        }));
    }

    /// <summary>Takes the next batch whose readers met a missing or wrong row.</summary>
    public bool TryTakeDamaged(out BatchId id) => _damaged.TryDequeue(out id);

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
        for (int i = 0; ; i++)
        {
            IRowProvider provider = providers[(HomeIndex(id, row) + i) % providers.Count];
            try
            {
                await provider.WriteAsync(id, row, blob, cancellationToken);
                return;
            }
            catch (IOException refused) when (i < lost)
            {
                // As many as may be lost may refuse: the row then waits at a neighbour, and the scrub brings it home.
                logger.ProviderRefused(provider.Name, refused.Message);
            }
        }
    }

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
            return await provider.ReadAsync(id, row, blob, cancellationToken);
        }
        catch (IOException failure)
        {
            logger.ProviderRefused(provider.Name, failure.Message);
            return false;
        }
    }

    /// <summary>Whether every row is where it belongs and is the one committed to.</summary>
    private async Task<bool> IsWholeAsync(BatchId id, byte[] commitments, CancellationToken cancellationToken)
    {
        int rows = commitments.Length / KzgCommitment.Length;
        var blobs = new byte[(long)rows * Blob.ByteLength];
        bool[] present = await Task.WhenAll(Enumerable.Range(0, rows).Select(row => ReadFromAsync(Home(id, row), id, row, Row(blobs, row), cancellationToken)));
        return Array.TrueForAll(present, isPresent => isPresent) && await Task.Run(() => RowVerification.Matches(key, blobs, commitments), cancellationToken);
    }

    /// <summary>The commitments of all rows, data and parity.</summary>
    private async Task<byte[]> AllCommitmentsAsync(ReadOnlyMemory<byte> commitments, CancellationToken cancellationToken)
    {
        int m = ParityRows.Count(commitments.Length / KzgCommitment.Length, providers.Count, lost);
        byte[] parity = await Task.Run(() => ParityRows.Commitments(commitments.Span, m), cancellationToken);
        return [.. commitments.Span, .. parity];
    }

    /// <summary>Reads rows, data first, and keeps those that match their commitments, until there are <paramref name="enough"/>.</summary>
    private async Task<RowSet> CollectAsync(BatchId id, ReadOnlyMemory<byte> commitments, int enough, CancellationToken cancellationToken)
    {
        byte[] all = await AllCommitmentsAsync(commitments, cancellationToken);
        var set = new RowSet();
        for (int row = 0; row < all.Length / KzgCommitment.Length && set.Blobs.Count < enough; row++)
        {
            ReadOnlyMemory<byte> commitment = all.AsMemory(row * KzgCommitment.Length, KzgCommitment.Length);
            bool found = false;
            foreach (IRowSource source in Sources(id, row))
            {
                var blob = new byte[Blob.ByteLength];
                if (!await ReadFromAsync(source, id, row, blob, cancellationToken))
                {
                    continue;
                }

                found = true;
                if (await Task.Run(() => RowVerification.Matches(key, blob, commitment.Span), cancellationToken))
                {
                    set.Blobs[row] = blob;
                    if (source != Home(id, row))
                    {
                        set.Misplaced.Add(row);
                    }

                    break;
                }
            }

            set.Missing += found ? 0 : 1;
            set.Wrong += found && !set.Blobs.ContainsKey(row) ? 1 : 0;
        }

        return set;
    }

    private async Task<byte[]?> RecoverAsync(RowSet good, int n, ReadOnlyMemory<byte> commitments, CancellationToken cancellationToken)
    {
        if (good.Blobs.Count < n)
        {
            return null;
        }

        int[] present = [.. good.Blobs.Keys.Order().Take(n)];
        int[] missing = [.. Enumerable.Range(0, n).Except(present)];
        var blobs = new byte[(long)n * Blob.ByteLength];
        foreach (int row in present.Where(row => row < n))
        {
            good.Blobs[row].CopyTo(Row(blobs, row));
        }

        return await Task.Run(
            () =>
            {
                ParityRows.Recover(present, [.. present.Select(row => (ReadOnlyMemory<byte>)good.Blobs[row])], missing, [.. missing.Select(row => Row(blobs, row))]);
                return RowVerification.Matches(key, blobs, commitments.Span) ? blobs : null;
            },
            cancellationToken);
    }

    /// <summary>The good rows of a batch, and how many were not.</summary>
    private sealed class RowSet
    {
        public Dictionary<int, byte[]> Blobs { get; } = [];

        public HashSet<int> Misplaced { get; } = [];

        public int Missing { get; set; }

        public int Wrong { get; set; }
    }
}
