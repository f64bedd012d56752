using System.Numerics;
using Meeda.Chain.Contract;
using Meeda.Http;
using Meeda.L1.Rpc;
using Meeda.Operator.Persistence;

namespace Meeda.Operator.L1;

/// <summary>
/// Whether the contract would accept an anchor of this operator. It rejects an operator without a stake, slashed, or
/// exiting, whose new batches could never be anchored. The last successful read counts until the next one.
/// </summary>
internal sealed class OperatorStanding(
    EthereumClient client,
    SystemContract system,
    OperatorAccount account,
    Ledger ledger,
    TimeProvider time,
    ILogger<OperatorStanding> logger
)
{
    private volatile Refusal? _refusal;
    private volatile StakeCapacity? _capacity;
    private bool _isHalfFull;
    private long _head;

    /// <summary>How many live blobs the stake carries, and how many there are; null before the first poll.</summary>
    public StakeCapacity? Capacity => _capacity;

    /// <summary>Whether the operator has set a price, as of the last poll: escrows pay for batches.</summary>
    public bool HasPrice { get; private set; }

    /// <summary>L1's height at the last poll; 0 before the first.</summary>
    public ulong Head => (ulong)Interlocked.Read(ref _head);

    /// <summary>Why the contract takes no anchor, in words; null where it does, as far as is known.</summary>
    public string? Problem => _refusal?.Reason;

    /// <summary>
    /// Why this operator anchors nothing and takes no puts, in words; null where it does. The ledger comes from a
    /// backup and is being completed, or another machine sends with the same key.
    /// </summary>
    public string? Pause =>
        ledger.Restoration is { } restoration
            ? $"it may be older than what was done with its key ({restoration}), and is being completed from L1 and "
                + "the providers"
        : ledger.Rival is { } rival
            ? $"another machine sends with the same key ({rival}); stop all but one, and see meeda restore --mark"
        : null;

    /// <summary>Refuses what would owe an anchor while none is sent.</summary>
    /// <exception cref="DaException">There is a reason (<see cref="Pause"/>).</exception>
    public void EnsureAnchoring()
    {
        if (Pause is { } pause)
        {
            throw new DaException(DaError.Unavailable, $"ledger: {pause}; nothing of this batch is stored or renewed");
        }
    }

    /// <summary>For how long it has been so; zero where it is not.</summary>
    public TimeSpan FailingFor => _refusal is { } refusal ? time.GetElapsedTime(refusal.Since) : TimeSpan.Zero;

    /// <summary>Asks the contract.</summary>
    public async Task PollAsync(CancellationToken cancellationToken)
    {
        await ledger.RefreshRestorationAsync(cancellationToken);
        ulong head = await client.GetBlockNumberAsync(cancellationToken);
        Interlocked.Exchange(ref _head, (long)head);
        StakeCapacity capacity = await PollCapacityAsync(head, cancellationToken);
        HasPrice = await system.Escrow.PriceAsync(account.Address, cancellationToken) > 0;
        string? reason = await system.Anchors.WhyNoAnchorAsync(
            account.Address,
            account.Key,
            await system.ParametersAsync(cancellationToken),
            head,
            capacity.Most,
            cancellationToken
        );
        Refusal? before = _refusal;
        _refusal = reason is null ? null : new Refusal(reason, before?.Since ?? time.GetTimestamp());
        if (reason is not null && before?.Reason != reason)
        {
            logger.CannotAnchor(account.Address.ToString(), reason);
        }
        else if (reason is null && before is not null)
        {
            logger.CanAnchorAgain(account.Address.ToString());
        }
    }

    private async Task<StakeCapacity> PollCapacityAsync(ulong head, CancellationToken cancellationToken)
    {
        uint hint = await ledger.FirstLiveAnchorAsync(head, cancellationToken);
        (BigInteger most, BigInteger live) = await system.Anchors.CapacityAsync(
            account.Address,
            hint,
            cancellationToken
        );
        var capacity = new StakeCapacity((ulong)BigInteger.Min(most, long.MaxValue), (ulong)live);
        _capacity = capacity;
        if (capacity.IsHalfFull != _isHalfFull)
        {
            _isHalfFull = capacity.IsHalfFull;
            if (_isHalfFull)
            {
                logger.CapacityHalfFull(account.Address.ToString(), capacity.Live, capacity.Most);
            }
        }

        return capacity;
    }

    private sealed record Refusal(string Reason, long Since);
}

/// <summary>The live blobs of an account.</summary>
/// <param name="Most">The most that its stake carries.</param>
/// <param name="Live">Those that are anchored and not expired.</param>
internal sealed record StakeCapacity(ulong Most, ulong Live)
{
    /// <summary>Whether half of it is used.</summary>
    public bool IsHalfFull => Most > 0 && Live >= Most / 2;
}
