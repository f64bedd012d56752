using Meeda.Chain.Contract;
using Meeda.Chain.Following;
using Meeda.Chain.L1;
using Meeda.Ethereum;
using Meeda.Hosting;
using Meeda.L1.Rpc;
using Meeda.L1.Transactions;
using Meeda.Operator.Leadership;
using Meeda.Operator.Persistence;
using Microsoft.Extensions.Options;

namespace Meeda.Operator.L1;

/// <summary>
/// Keeps the ledger at L1's head by a <see cref="ChainFollower"/> of this operator while this process leads. Reports
/// the last block read, and lets other services wait for a block. The only writer of the ledger's L1 tables.
/// </summary>
internal sealed class L1Follower : BackgroundService
{
    private readonly L1Options _options;
    private readonly EthereumClient _client;
    private readonly Ledger _ledger;
    private readonly BatchSignal _signal;
    private readonly LeaderElection _leadership;
    private readonly OperatorStanding _standing;
    private readonly TimeProvider _time;
    private readonly ILogger<L1Follower> _logger;
    private readonly ChainFollower _chain;
    private readonly FinalBlock _final;
    private readonly KeyRivalry _rivalry;
    private readonly Outage _following;
    private readonly Outage _asking;
    private readonly Lock _gate = new();
    private TaskCompletionSource _advanced = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private ulong? _tip;
    private (ulong Number, long AskedAt)? _head;

    /// <summary>Makes the follower of an operator; it reads once it is started.</summary>
    public L1Follower(
        IOptions<L1Options> options,
        EthereumClient client,
        SystemContract system,
        OperatorAccount account,
        Ledger ledger,
        BatchSignal signal,
        LeaderElection leadership,
        OperatorStanding standing,
        TimeProvider time,
        ILogger<L1Follower> logger
    )
    {
        (_options, _client, _ledger, _signal) = (options.Value, client, ledger, signal);
        (_leadership, _standing, _time, _logger) = (leadership, standing, time, logger);
        _chain = new ChainFollower(client, system, ledger, account.Address, _options.FromBlock, logger)
        {
            Advanced = Publish,
            RolledBack = Forget,
        };
        _final = new FinalBlock(client, ledger, logger);
        _rivalry = new KeyRivalry(ledger, time, logger);
        _following = new Outage("Following L1", time, logger);
        _asking = new Outage("Querying the contract about this operator", time, logger);
    }

    /// <summary>
    /// The last final block of L1, at most the last block read; 0 before the first poll, and if L1 reports none.
    /// It never decreases, and is accepted only if it is a block of the followed chain, so that no single response
    /// moves it past what this process has read.
    /// </summary>
    public ulong Final => _final.Number;

    /// <summary>Whether L1 was read up to its head at the last poll.</summary>
    public bool IsCaughtUp { get; private set; }

    /// <summary>The last block whose events are in the ledger, or null before the first.</summary>
    public ulong? Tip
    {
        get
        {
            lock (_gate)
            {
                return _tip;
            }
        }
    }

    /// <summary>
    /// L1's height for certain: its head at a poll that ended well a moment ago, up to which this process read
    /// everything into the ledger. Null where it is not known,
    /// also where another operator reads.
    /// </summary>
    public ulong? Head
    {
        get
        {
            lock (_gate)
            {
                return
                    _head is var (number, askedAt)
                    && _time.GetElapsedTime(askedAt) <= (2 * _options.PollInterval) + TimeSpan.FromSeconds(1)
                    ? number
                    : null;
            }
        }
    }

    /// <summary>Waits until the ledger holds everything up to a block.</summary>
    public async Task WaitForBlockAsync(ulong blockNumber, CancellationToken cancellationToken)
    {
        while (true)
        {
            Task advanced;
            lock (_gate)
            {
                if (_tip >= blockNumber)
                {
                    return;
                }

                advanced = _advanced.Task;
            }

            await advanced.WaitAsync(cancellationToken);
        }
    }

    /// <summary>
    /// Waits until the ledger holds everything up to L1's head. A long wait re-reads the head, so that a number which
    /// was too high, by an error or before a reorganisation to a shorter chain, does not block it.
    /// </summary>
    public async Task FollowedToHeadAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            ulong head = await _client.GetBlockNumberAsync(cancellationToken);
            try
            {
                await WaitForBlockAsync(head, cancellationToken)
                    .WaitAsync(5 * _options.PollInterval, _time, cancellationToken);
                return;
            }
            catch (TimeoutException)
            {
                // The follower is behind, or there is no such block.
            }
        }
    }

    /// <summary>
    /// Waits until no transaction of the sender is pending and everything it did on L1 is in the ledger.
    /// </summary>
    public async Task WaitUntilSettledAsync(TransactionSender sender, CancellationToken cancellationToken)
    {
        var outage = new Outage("Reading earlier transactions", _time, _logger);
        while (true)
        {
            try
            {
                if (await sender.IsSettledAsync(cancellationToken))
                {
                    await FollowedToHeadAsync(cancellationToken);
                    outage.Over();
                    return;
                }

                outage.Failed("pending", "transactions of this account are still on their way");
            }
            catch (Exception failure) when (!cancellationToken.IsCancellationRequested)
            {
                outage.Failed(failure);
            }

            await Task.Delay(_options.PollInterval, _time, cancellationToken);
        }
    }

    /// <summary>Reads everything up to L1's head once.</summary>
    public async Task CatchUpAsync(CancellationToken cancellationToken)
    {
        long askedAt = _time.GetTimestamp();
        ulong last = await _chain.CatchUpAsync(cancellationToken);
        await _rivalry.LookAsync(last, cancellationToken);
        Publish(last);
        lock (_gate)
        {
            _head = (last, askedAt);
        }
    }

    /// <summary>Asks once which block is final.</summary>
    internal Task LookAtFinalAsync(CancellationToken cancellationToken) => _final.PollAsync(cancellationToken);

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (true)
        {
            await PollAsync(stoppingToken);
            await Task.Delay(_following.Pause(_options.PollInterval), _time, stoppingToken);
        }
    }

    /// <summary>Polls L1 once: the leader reads, the others learn from the ledger how far it is.</summary>
    internal async Task PollAsync(CancellationToken cancellationToken)
    {
        try
        {
            if (_leadership.IsLeading)
            {
                await CatchUpAsync(cancellationToken);
            }
            else if (await _ledger.TipAsync(cancellationToken) is { } tip)
            {
                Publish(tip.Number); // The leader reads; what it read is in the ledger of all.
            }

            await LookAtFinalAsync(cancellationToken);
            IsCaughtUp = true;
            _following.Over();
        }
        catch (LeaseLostException)
        {
            // The next poll reads what the other operator wrote.
        }
        catch (Exception failure) when (!cancellationToken.IsCancellationRequested)
        {
            IsCaughtUp = false;
            _following.Failed(failure);
        }

        if (IsCaughtUp)
        {
            try
            {
                await _standing.PollAsync(cancellationToken);
                _asking.Over();
            }
            catch (Exception failure) when (!cancellationToken.IsCancellationRequested)
            {
                _asking.Failed(failure);
            }
        }
    }

    private void Forget(ulong? tip)
    {
        lock (_gate)
        {
            _tip = tip;
            _head = null;
        }
    }

    private void Publish(ulong tip)
    {
        TaskCompletionSource advanced;
        lock (_gate)
        {
            if (_tip == tip)
            {
                return;
            }

            _tip = tip;
            advanced = _advanced;
            _advanced = new(TaskCreationOptions.RunContinuationsAsynchronously);
        }

        advanced.SetResult();
        _signal.PulseChanged();
    }
}

/// <summary>The operator's account on L1.</summary>
/// <param name="Address">The account's id, the address that registered it: its stake, anchors and proofs are kept
/// under it.</param>
/// <param name="Key">The address of the operator key, which anchors and proves.</param>
internal sealed record OperatorAccount(Address Address, Address Key)
{
    /// <summary>An account that was registered with the operator key itself.</summary>
    public OperatorAccount(Address address)
        : this(address, address) { }

    /// <summary>
    /// The address that pays for publications (<see cref="SignerOptions.BlobKey"/>); null where it is the same.
    /// </summary>
    public Address? Publications { get; init; }
}
