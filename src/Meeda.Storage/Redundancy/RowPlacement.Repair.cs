using System.Collections.Concurrent;
using Meeda.Kzg.Commitments;
using Meeda.Protocol.Batches;

namespace Meeda.Storage.Redundancy;

/// <summary>What a check of all rows of a batch found.</summary>
/// <param name="Rows">Data and parity rows that there should be.</param>
/// <param name="Missing">Rows that were not where they belong.</param>
/// <param name="Wrong">Rows that are not those committed to.</param>
/// <param name="Repaired">Rows that were recomputed and are durable again.</param>
internal readonly record struct RepairReport(int Rows, int Missing, int Wrong, int Repaired);

/// <content>Finding and mending what is missing or wrong.</content>
internal sealed partial class RowPlacement
{
    // More than this at once is a lost provider, and then the scrub's ordinary pass comes to all of them.
    private const int MaxDamaged = 1024;

    // Batches whose readers met a missing or wrong row, for the scrub to see to first.
    private readonly ConcurrentQueue<BatchId> _damaged = new();

    /// <summary>
    /// Checks every row of a batch where it belongs, all at the price of one where all are well, and writes those
    /// again that are missing or wrong. Rows that
    /// cannot be written now stay missing until the next poll. Whoever asks has claimed the batch.
    /// </summary>
    public async Task<RepairReport> RepairAsync(
        BatchId id,
        ReadOnlyMemory<byte> commitments,
        CancellationToken cancellationToken
    )
    {
        int n = commitments.Length / KzgCommitment.Length;
        byte[] all = await AllCommitmentsAsync(commitments, cancellationToken);
        int rows = all.Length / KzgCommitment.Length;
        if (await IsWholeAsync(id, all, cancellationToken))
        {
            return new RepairReport(rows, 0, 0, 0);
        }

        RowSet good = await CollectAsync(id, all, cancellationToken);

        if (await RecoverAsync(good.Blobs, n, commitments, cancellationToken) is not { } data)
        {
            return new RepairReport(rows, good.Missing, good.Wrong, 0);
        }

        var parity = new byte[(long)(rows - n) * Blob.ByteLength];
        await Task.Run(() => ParityRows.Encode(data, parity), cancellationToken);
        var written = new WrittenRows(id, rows);
        foreach (
            int row in Enumerable
                .Range(0, rows)
                .Where(row => !good.Blobs.ContainsKey(row) || good.Misplaced.ContainsKey(row))
        )
        {
            try
            {
                written[row] = await AssignedProvider(id, row)
                    .WriteAsync(id, row, row < n ? Row(data, row) : Row(parity, row - n), cancellationToken);
            }
            catch (IOException refused)
            {
                NoteRefusal(AssignedProvider(id, row), refused);
            }
        }

        await written.FlushAsync(cancellationToken);
        int repaired = Enumerable.Range(0, rows).Count(row => written[row] is not null);
        return new RepairReport(rows, good.Missing, good.Wrong, repaired);
    }

    /// <summary>Takes the next batch whose readers met a missing or wrong row.</summary>
    public bool TryTakeDamaged(out BatchId id) => _damaged.TryDequeue(out id);

    private void NoteDamaged(BatchId id)
    {
        if (_damaged.Count < MaxDamaged)
        {
            _damaged.Enqueue(id);
        }
    }

    /// <summary>Whether every row is where it belongs and is the one committed to.</summary>
    private async Task<bool> IsWholeAsync(BatchId id, byte[] commitments, CancellationToken cancellationToken)
    {
        int rows = commitments.Length / KzgCommitment.Length;
        var blobs = new byte[(long)rows * Blob.ByteLength];
        bool[] present = await Task.WhenAll(
            Enumerable
                .Range(0, rows)
                .Select(row => ReadFromAsync(AssignedProvider(id, row), id, row, Row(blobs, row), cancellationToken))
        );
        return Array.TrueForAll(present, isPresent => isPresent)
            && await Task.Run(() => RowVerification.Matches(key, blobs, commitments), cancellationToken);
    }

    /// <summary>Reads every row and keeps those that match their commitments.</summary>
    private async Task<RowSet> CollectAsync(BatchId id, byte[] commitments, CancellationToken cancellationToken)
    {
        var set = new RowSet();
        for (int row = 0; row < commitments.Length / KzgCommitment.Length; row++)
        {
            var blob = new byte[Blob.ByteLength];
            if (await FindGoodRowAsync(id, row, commitments, blob, set, cancellationToken))
            {
                set.Blobs[row] = blob;
            }
        }

        return set;
    }

    /// <summary>The good rows of a batch, and how many were not.</summary>
    private sealed class RowSet
    {
        private int _missing;
        private int _wrong;

        public Dictionary<int, byte[]> Blobs { get; } = [];

        public ConcurrentDictionary<int, bool> Misplaced { get; } = new();

        public int Missing => _missing;

        public int Wrong => _wrong;

        public void Found(int row, bool isHome)
        {
            if (!isHome)
            {
                Misplaced[row] = true;
            }
        }

        public void NotFound(bool isThere) => Interlocked.Increment(ref isThere ? ref _wrong : ref _missing);
    }
}
