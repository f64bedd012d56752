using Meeda.Chain.L1;
using Meeda.Hosting;
using Meeda.L1.Rpc;
using Meeda.L1.Transactions;
using Meeda.Operator.L1;
using Meeda.Operator.Leadership;
using Meeda.Operator.Persistence;

namespace Meeda.Operator.Restoration;

/// <summary>
/// Completes a ledger that is older than what was done with its key (<see cref="Ledger.Restoration"/>), before this
/// process takes puts, writes to providers, deletes or sends anything:
/// (1) L1 is followed to its head. (2) Every nonce that the earlier machine may have signed for is used up, so that
/// nothing which it sent can arrive any more (<see cref="TransactionSender.TakeOverAsync"/>). (3) L1 is followed once
/// more: what the earlier machine brought about is known now, and final for it. (4) The providers are searched for
/// what was placed since the backup (<see cref="ProviderInventory"/>). Each step may be repeated.
/// </summary>
internal sealed class LedgerRestoration : BackgroundService
{
    /// <summary>
    /// The most transactions that an operator has under way (<see cref="TransactionOptions.MaxInFlight"/>), whatever
    /// the earlier machine's settings were.
    /// </summary>
    internal const int MostInFlight = 16;

    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);

    private readonly Ledger _ledger;
    private readonly EthereumClient _client;
    private readonly L1Follower _follower;
    private readonly LeaderElection _leadership;
    private readonly TransactionSender _sender;
    private readonly ProviderInventory _inventory;
    private readonly TimeProvider _time;
    private readonly ILogger<LedgerRestoration> _logger;
    private readonly Outage _outage;

    /// <summary>Makes the service; whoever waits to lead waits for it from now on.</summary>
    public LedgerRestoration(
        Ledger ledger,
        EthereumClient client,
        L1Follower follower,
        LeaderElection leadership,
        TransactionSender sender,
        ProviderInventory inventory,
        TimeProvider time,
        ILogger<LedgerRestoration> logger
    )
    {
        (_ledger, _client, _follower, _leadership) = (ledger, client, follower, leadership);
        (_sender, _inventory) = (sender, inventory);
        (_time, _logger) = (time, logger);
        _outage = new Outage("Completing the restored ledger", time, logger);
        leadership.Before = WaitUntilOverAsync;
    }

    /// <summary>Waits until the ledger is complete, whichever process sees to it.</summary>
    public async Task WaitUntilOverAsync(CancellationToken cancellationToken)
    {
        while (_ledger.Restoration is not null)
        {
            await Task.Delay(Pause, _time, cancellationToken);
            await RefreshAsync(cancellationToken);
        }
    }

    /// <summary>Completes the ledger.</summary>
    /// <exception cref="LeaseLostException">Another operator leads by now.</exception>
    internal async Task RunOnceAsync(CancellationToken cancellationToken)
    {
        await _follower.FollowedToHeadAsync(cancellationToken);
        // A separate account for blobs only publishes, which the contract takes once; it may have no ether for more.
        await TakeOverAsync(_sender, cancellationToken);
        await _follower.FollowedToHeadAsync(cancellationToken);
        ulong head = await _client.GetBlockNumberAsync(cancellationToken);
        InventoryReport report = await _inventory.RunAsync(cancellationToken);
        await _ledger.EndRestorationAsync(head, cancellationToken);
        _logger.RestorationOver(head, report.Batches, report.Unreadable, report.Objects);
    }

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        if (_ledger.Restoration is { } reason)
        {
            _logger.RestorationBegins(reason);
        }

        while (_ledger.Restoration is not null)
        {
            CancellationToken lost = await _leadership.WaitUntilHeldAsync(stoppingToken);
            using var both = CancellationTokenSource.CreateLinkedTokenSource(stoppingToken, lost);
            try
            {
                await RefreshAsync(both.Token);
                if (_ledger.Restoration is not null)
                {
                    await RunOnceAsync(both.Token);
                    _outage.Over();
                }
            }
            catch (Exception failure)
            {
                stoppingToken.ThrowIfCancellationRequested();
                if (!lost.IsCancellationRequested && failure is not LeaseLostException)
                {
                    _outage.Failed(failure);
                }

                await Task.Delay(_outage.Pause(Pause), _time, stoppingToken);
            }
        }
    }

    private async Task TakeOverAsync(TransactionSender sender, CancellationToken cancellationToken)
    {
        ulong end = await _ledger.KeepFenceAsync(
            sender.Address,
            await _client.GetChainIdAsync(cancellationToken),
            await sender.NextNonceAsync(cancellationToken) + MostInFlight,
            cancellationToken
        );
        _logger.TakingOver(sender.Address.ToString(), end);
        await sender.TakeOverAsync(end, cancellationToken);
    }

    private async Task RefreshAsync(CancellationToken cancellationToken)
    {
        try
        {
            await _ledger.RefreshRestorationAsync(cancellationToken);
        }
        catch (System.Data.Common.DbException failure) when (!cancellationToken.IsCancellationRequested)
        {
            _outage.Failed(failure);
        }
    }
}
