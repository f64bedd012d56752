using System.Data.Common;
using Meeda.Hosting;
using Meeda.Operator.Persistence;
using Meeda.Storage;
using Meeda.Storage.Redundancy;
using Microsoft.Extensions.Options;

namespace Meeda.Operator.Batches;

/// <summary>
/// Whether a put would succeed now: the ledger is writable, its disk has space for the longest batch, and no more
/// providers are unavailable than may be lost. Concurrent callers share one check, whose result is valid for a second.
/// The disk space is reserved and released without writing, and the ledger's own row is written every ten seconds while
/// all is well.
/// </summary>
internal sealed class Readiness(
    IOptions<StorageOptions> storage,
    IOptions<BatchOptions> batches,
    Ledger ledger,
    RowPlacement rows,
    TimeProvider time,
    ILogger<Readiness> logger
) : IDisposable
{
    private static readonly TimeSpan LookAge = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan WriteAge = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan ProbeAge = TimeSpan.FromSeconds(5);

    // Few health checks wait longer.
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(3);

    private readonly SemaphoreSlim _looking = new(1);
    private readonly LaneThreads _threads = new("data folder", 1);
    private volatile Look? _last;
    private Task? _room;
    private Task? _write;
    private long? _writtenAt;
    private long? _providersWellAt;

    /// <summary>The reason why a put would fail now; null where it would succeed.</summary>
    public async Task<string?> ProblemAsync(CancellationToken cancellationToken)
    {
        if (Fresh() is { } fresh)
        {
            return fresh.Problem;
        }

        await _looking.WaitAsync(cancellationToken);
        try
        {
            if (Fresh() is { } seen)
            {
                return seen.Problem;
            }

            string? problem = await RoomProblemAsync() ?? await WriteProblemAsync() ?? await ProviderProblemAsync();
            if (problem is not null && _last?.Problem is null)
            {
                logger.NotReady(problem);
            }
            else if (problem is null && _last?.Problem is not null)
            {
                logger.ReadyAgain();
            }

            _last = new Look(problem, time.GetTimestamp());
            return problem;
        }
        finally
        {
            _looking.Release();
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _looking.Dispose();
        _threads.Dispose();
    }

    private Look? Fresh() => _last is { } last && time.GetElapsedTime(last.At) < LookAge ? last : null;

    private async Task<string?> RoomProblemAsync()
    {
        if (storage.Value.Database is not null)
        {
            return null; // The ledger is on another machine.
        }

        // A disk that hangs gets no second call before the first has returned.
        _room = _room is { IsCompleted: false }
            ? _room
            : _threads.RunAsync(() =>
            {
                DurableFile.Probe(storage.Value.Folder, batches.Value.MaxBatchBytes);
                return Task.FromResult(true);
            });
        return await AwaitAsync(
            _room,
            "data folder",
            $"a batch of {batches.Value.MaxBatchBytes} bytes would not find room"
        );
    }

    private async Task<string?> WriteProblemAsync()
    {
        if (_writtenAt is { } at && time.GetElapsedTime(at) < WriteAge)
        {
            return null;
        }

        _write = _write is { IsCompleted: false }
            ? _write
            : Task.Run(() => ledger.ProbeAsync(time.GetUtcNow(), CancellationToken.None));
        string? problem = await AwaitAsync(_write, "ledger", "it cannot be written");
        _writtenAt = problem is null ? time.GetTimestamp() : null;
        return problem;
    }

    private async Task<string?> ProviderProblemAsync()
    {
        if (_providersWellAt is { } at && time.GetElapsedTime(at) < ProbeAge && !rows.AreMoreAway)
        {
            return null;
        }

        IReadOnlyList<string> away = await rows.AwayAsync(Patience);
        _providersWellAt = away.Count == 0 ? time.GetTimestamp() : null;
        return away.Count > storage.Value.ToleratedLosses
            ? $"providers: {away.Count} take no rows, and {storage.Value.ToleratedLosses} may be lost: "
                + $"{string.Join("; ", away)}"
            : null;
    }

    private static async Task<string?> AwaitAsync(Task look, string what, string meaning)
    {
        try
        {
            await look.WaitAsync(Patience);
            return null;
        }
        catch (TimeoutException)
        {
            return $"{what}: it has not answered for {Patience.TotalSeconds:0} s";
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException or DbException)
        {
            return $"{what}: {meaning}: {failure.Message.TrimEnd('.')}";
        }
    }

    private sealed record Look(string? Problem, long At);
}
