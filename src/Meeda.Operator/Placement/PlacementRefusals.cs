using System.Collections.Concurrent;
using Meeda.Operator.Persistence;
using Meeda.Protocol.Batches;

namespace Meeda.Operator.Placement;

/// <summary>Which batches the providers refuse, and for how long they have been refusing all.</summary>
internal sealed class PlacementRefusals(Ledger ledger, BatchSignal signal, TimeProvider time, ILogger logger)
{
    private readonly ConcurrentDictionary<BatchId, bool> _refused = new();
    private long _failingSince;

    // Whether the ledger says what this process found out last; null where it may say what another operator did.
    private bool? _isRefusalNoted;

    /// <summary>
    /// How long the providers have been refusing this process's batches, without taking one; zero while they take
    /// them, and where another operator leads and brings
    /// them: on a shared ledger <see cref="Ledger.RefusedForAsync"/> says it to all alike.
    /// </summary>
    public TimeSpan FailingFor =>
        Interlocked.Read(ref _failingSince) is not 0 and var since ? time.GetElapsedTime(since) : TimeSpan.Zero;

    /// <summary>Whether the providers refused a batch when it was last brought to them.</summary>
    public bool IsRefused(BatchId id) => _refused.ContainsKey(id);

    /// <summary>
    /// To be called when this process begins to lead: the ledger may say what another operator found.
    /// </summary>
    public void Begin() => _isRefusalNoted = null;

    /// <summary>
    /// Forgets: the next leader finds out again. What this process found must not be said permanently.
    /// </summary>
    public void Forget()
    {
        Interlocked.Exchange(ref _failingSince, 0);
        _refused.Clear();
    }

    /// <summary>Notes that the providers took a batch.</summary>
    public void Took(BatchId id) => _refused.TryRemove(id, out _);

    /// <summary>Notes that the providers take batches, or that none is left that they could refuse.</summary>
    public async Task AcceptAsync(CancellationToken cancellationToken)
    {
        Interlocked.Exchange(ref _failingSince, 0);
        if (ledger.IsShared && _isRefusalNoted != false)
        {
            await ledger.NoteAcceptanceAsync(cancellationToken);
            _isRefusalNoted = false;
        }
    }

    /// <summary>Notes, on a shared ledger, that the providers refuse everything.</summary>
    public async Task NoteRefusalAsync(CancellationToken cancellationToken)
    {
        if (ledger.IsShared && _isRefusalNoted != true)
        {
            await ledger.NoteRefusalAsync(cancellationToken);
            _isRefusalNoted = true;
        }
    }

    /// <summary>Notes that the providers have been refusing from now on, unless they did before.</summary>
    public void NoteFailing() => Interlocked.CompareExchange(ref _failingSince, time.GetTimestamp(), 0);

    /// <summary>Notes batches that the providers refused.</summary>
    public void Refuse(IReadOnlyList<BatchId> batches, IOException refused)
    {
        NoteFailing();
        bool isNew = false;
        foreach (BatchId id in batches)
        {
            if (_refused.TryAdd(id, true))
            {
                logger.PlacingRefused(id.ToString(), refused.Message);
                isNew = true;
            }
        }

        if (isNew)
        {
            signal.PulseChanged();
        }
    }
}
