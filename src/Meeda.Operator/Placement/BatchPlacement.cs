using System.Collections.Concurrent;
using Meeda.Ethereum;
using Meeda.Kzg.Commitments;
using Meeda.Operator.Leadership;
using Meeda.Operator.Persistence;
using Meeda.Protocol.Batches;
using Meeda.Storage;
using Meeda.Storage.Redundancy;
using Microsoft.Extensions.Options;

namespace Meeda.Operator.Placement;

/// <summary>
/// Writes the rows of acknowledged batches to the providers, oldest first. A batch that cannot be placed yet stays in
/// the ledger: durable, but less redundant. Where rows are packed, batches wait in the ledger for others to share
/// objects with. After placement the ledger keeps payloads for reading until newer ones need the space.
/// </summary>
internal sealed class BatchPlacement(
    IOptions<StorageOptions> options,
    Ledger ledger,
    RowPlacement rows,
    BatchSignal signal,
    LeaderElection leadership,
    TimeProvider time,
    ILogger<BatchPlacement> logger
) : PeriodicLeaderService("Placement", PollInterval, leadership, time, logger)
{
    // Placing encodes, then waits for disks or nodes: two at a time keep both busy.
    private const int AtOnce = 2;
    private const int PageLength = 32;

    // A backlog of this size is placed without delay: 200 rows at six providers, which is three full MEFS stripes and
    // a part of a fourth at each.
    private const long EnoughBytes = 16L << 20;

    private static readonly TimeSpan PollInterval = TimeSpan.FromSeconds(1);

    // Somewhat more than two deadlines of a folder.
    private static readonly TimeSpan RoundLimit = TimeSpan.FromSeconds(30);

    private readonly PlacementRefusals _refusals = new(ledger, signal, time, logger);

    /// <inheritdoc cref="PlacementRefusals.FailingFor"/>
    public TimeSpan FailingFor => _refusals.FailingFor;

    /// <inheritdoc cref="PlacementRefusals.IsRefused"/>
    public bool IsRefused(BatchId id) => _refusals.IsRefused(id);

    /// <inheritdoc/>
    /// <remarks>
    /// The interval covers batches that another operator on the same database stored, without a signal in this
    /// process, and retries of batches that providers rejected.
    /// </remarks>
    protected override Task? Wake => signal.Stored;

    /// <inheritdoc/>
    protected override Task OnLeadingAsync(CancellationToken stoppingToken)
    {
        _refusals.Begin();
        return Task.CompletedTask;
    }

    /// <inheritdoc/>
    protected override async Task RunOnceAsync(CancellationToken stoppingToken)
    {
        while (await IsTimeAsync(stoppingToken) && await PlaceAllAsync(stoppingToken))
        {
            // Batches were placed, and new ones may have arrived meanwhile.
        }
    }

    /// <inheritdoc/>
    protected override void OnStopped() => _refusals.Forget();

    /// <summary>Whether the oldest waiting batch has waited long enough, or enough bytes wait.</summary>
    internal async Task<bool> IsTimeAsync(CancellationToken cancellationToken)
    {
        if (options.Value.EffectivePackDelay == TimeSpan.Zero)
        {
            return true;
        }

        Backlog backlog = await ledger.BacklogAsync(cancellationToken);
        return backlog.Bytes >= EnoughBytes
            || Stamp.IsOlder(backlog.Oldest, options.Value.EffectivePackDelay, Time.GetUtcNow());
    }

    /// <summary>Tries each batch that waits, until providers reject some.</summary>
    /// <returns>Whether any was placed.</returns>
    internal async Task<bool> PlaceAllAsync(CancellationToken cancellationToken)
    {
        for (bool isAny = false; ; isAny = true)
        {
            IReadOnlyList<StoredBatch> page = await ledger.UnplacedBatchesAsync(PageLength, cancellationToken);
            if (page.Count == 0)
            {
                await _refusals.AcceptAsync(cancellationToken); // no batch is left that providers could reject
                return isAny;
            }

            int placed = await PlaceAsync(page, cancellationToken);
            if (placed == 0 && FailingFor > TimeSpan.Zero)
            {
                await _refusals.NoteRefusalAsync(cancellationToken);
            }

            if (placed < page.Count || page.Count < PageLength)
            {
                return placed > 0 || isAny;
            }
        }
    }

    /// <summary>
    /// Tries each of these batches. Rows that did not become durable at their provider go to another one at once.
    /// </summary>
    /// <returns>How many were placed.</returns>
    private async Task<int> PlaceAsync(IReadOnlyList<StoredBatch> page, CancellationToken cancellationToken)
    {
        using RoundWatch watch = RoundWatch.Begin(
            "placing",
            RoundLimit,
            () => rows.Troubles,
            Time,
            logger,
            _refusals.NoteFailing
        );

        // Rows that another task deletes or repairs are written at the next attempt.
        List<(StoredBatch Batch, IDisposable Claim)> claimed = [];
        int placed;
        try
        {
            foreach (StoredBatch batch in page)
            {
                if (rows.TryClaim(batch.Id) is { } claim)
                {
                    claimed.Add((batch, claim));
                }
            }

            placed = await PlaceClaimedAsync([.. claimed.Select(one => one.Batch)], cancellationToken);
        }
        finally
        {
            claimed.ForEach(one => one.Claim.Dispose());
        }

        if (placed > 0)
        {
            await ledger.TrimPayloadsAsync(options.Value.LocalCopyBytes, cancellationToken);
            signal.PulseChanged();
        }

        return placed;
    }

    private async Task<int> PlaceClaimedAsync(IReadOnlyList<StoredBatch> batches, CancellationToken cancellationToken)
    {
        int placed = 0;

        // Each attempt excludes at least one more provider.
        IReadOnlyList<(StoredBatch Batch, WrittenRows? Written)> todo =
        [
            .. batches.Select(batch => (batch, (WrittenRows?)null)),
        ];
        for (int tries = 0; todo.Count > 0 && tries <= options.Value.ToleratedLosses + 1; tries++)
        {
            var written = new ConcurrentBag<(StoredBatch Batch, WrittenRows Written)>();
            await Parallel.ForEachAsync(
                todo,
                new ParallelOptions { MaxDegreeOfParallelism = AtOnce, CancellationToken = cancellationToken },
                async (one, stop) =>
                {
                    if (await TryWriteAsync(one.Batch, one.Written, stop) is { } where)
                    {
                        written.Add((one.Batch, where));
                    }
                }
            );
            (StoredBatch Batch, WrittenRows Written)[] all = [.. written];
            bool[] isDurable = await Task.WhenAll(all.Select(one => one.Written.FlushAsync(cancellationToken)));
            placed += await MarkPlacedAsync(
                [.. all.Where((_, i) => isDurable[i]).Select(one => one.Batch.Id)],
                cancellationToken
            );
            todo = [.. all.Where((_, i) => !isDurable[i]).Select(one => (one.Batch, (WrittenRows?)one.Written))];
        }

        if (todo.Count > 0)
        {
            _refusals.Refuse(
                [.. todo.Select(one => one.Batch.Id)],
                new IOException($"its rows did not become durable: {rows.Troubles}")
            );
        }

        return placed;
    }

    private async Task<int> MarkPlacedAsync(BatchId[] placed, CancellationToken cancellationToken)
    {
        if (placed.Length == 0)
        {
            return 0;
        }

        await ledger.MarkPlacedAsync(placed, Time.GetUtcNow(), cancellationToken);
        foreach (BatchId id in placed)
        {
            _refusals.Took(id);
        }

        await _refusals.AcceptAsync(cancellationToken);
        return placed.Length;
    }

    /// <summary>Writes the rows of a batch that are not durable yet.</summary>
    /// <returns>Where the rows are; null where too few providers accept them.</returns>
    private async Task<WrittenRows?> TryWriteAsync(
        StoredBatch batch,
        WrittenRows? written,
        CancellationToken cancellationToken
    )
    {
        if (
            await ledger.FindPayloadAsync(batch.Id, cancellationToken) is not { } payload
            || Keccak256.Hash(payload) != batch.PayloadHash
        )
        {
            // Rows of other bytes would overwrite good ones. The damaged batch does not block the batches behind it,
            // and a client that puts the bytes again stores them again.
            logger.PayloadLost(batch.Id.ToString());
            await ledger.MarkDamagedAsync(batch.Id, cancellationToken);
            return null;
        }

        try
        {
            using var blobs = new RowBuffer(batch.BlobCount * Blob.ByteLength);
            for (int i = 0; i < batch.BlobCount; i++)
            {
                BlobEncoding.EncodeBlob(payload, i, blobs.Memory.Span.Slice(i * Blob.ByteLength, Blob.ByteLength));
            }

            if (written is null)
            {
                return await rows.WriteAsync(batch.Id, blobs.Memory, ledger.LabelOf(batch), cancellationToken);
            }

            await rows.WriteAsync(written, blobs.Memory, cancellationToken);
            return written;
        }
        catch (IOException refused)
        {
            _refusals.Refuse([batch.Id], refused);
            return null;
        }
    }
}
