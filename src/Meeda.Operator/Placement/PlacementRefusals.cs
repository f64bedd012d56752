using System.Collections.Concurrent;
using Meeda.Operator.Persistence;
using Meeda.Protocol.Batches;

namespace Meeda.Operator.Placement;

/// <summary>The batches that the providers reject, and the time for which they have rejected all.</summary>
internal sealed class PlacementRefusals(Ledger ledger, BatchSignal signal, TimeProvider time, ILogger logger)
{
    private readonly ConcurrentDictionary<BatchId, bool> _refused = new();
    private long _failingSince;

    // The state that this process last wrote to the ledger; null where another operator's may be there.
    private bool? _isRefusalNoted;

    /// <summary>
    /// The time for which the providers have rejected every batch of this process. Zero while they accept batches, and
    /// while another operator leads and places them: on a shared ledger <see cref="Ledger.RefusedForAsync"/> reports it
    /// to all operators.
    /// </summary>
    public TimeSpan FailingFor =>
        Interlocked.Read(ref _failingSince) is not 0 and var since ? time.GetElapsedTime(since) : TimeSpan.Zero;

    /// <summary>Whether the providers rejected a batch at its last attempt.</summary>
    public bool IsRefused(BatchId id) => _refused.ContainsKey(id);

    /// <summary>
    /// Called when this process becomes the leader: the ledger may contain another operator's state.
    /// </summary>
    public void Begin() => _isRefusalNoted = null;

    /// <summary>
    /// Clears the state when this process no longer leads; the next leader determines it again.
    /// </summary>
    public void Forget()
    {
        Interlocked.Exchange(ref _failingSince, 0);
        _refused.Clear();
    }

    /// <summary>Records that the providers accepted a batch.</summary>
    public void Took(BatchId id) => _refused.TryRemove(id, out _);

    /// <summary>Records that the providers accept batches, or that no batch is left that they could reject.</summary>
    public async Task AcceptAsync(CancellationToken cancellationToken)
    {
        Interlocked.Exchange(ref _failingSince, 0);
        if (ledger.IsShared && _isRefusalNoted != false)
        {
            await ledger.NoteAcceptanceAsync(cancellationToken);
            _isRefusalNoted = false;
        }
    }

    /// <summary>Records, on a shared ledger, that the providers reject everything.</summary>
    public async Task NoteRefusalAsync(CancellationToken cancellationToken)
    {
        if (ledger.IsShared && _isRefusalNoted != true)
        {
            await ledger.NoteRefusalAsync(cancellationToken);
            _isRefusalNoted = true;
        }
    }

    /// <summary>Starts the time for which the providers have rejected everything, unless it has started.</summary>
    public void NoteFailing() => Interlocked.CompareExchange(ref _failingSince, time.GetTimestamp(), 0);

    /// <summary>Records batches that the providers rejected.</summary>
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
