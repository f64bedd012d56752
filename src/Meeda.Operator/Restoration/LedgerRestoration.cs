using Meeda.Chain.L1;
using Meeda.Hosting;
using Meeda.L1.Rpc;
using Meeda.L1.Transactions;
using Meeda.Operator.L1;
using Meeda.Operator.Leadership;
using Meeda.Operator.Persistence;

namespace Meeda.Operator.Restoration;

/// <summary>
/// Completes a ledger that is older than the last use of its key (<see cref="Ledger.Restoration"/>), before this
/// process accepts puts, writes to providers, deletes or sends anything: (1) It follows L1 to its head. (2) It uses up
/// every nonce that the earlier machine may have signed for, so that none of that machine's transactions can still be
/// mined (<see cref="TransactionSender.TakeOverAsync"/>). (3) It follows L1 again: now everything that the earlier
/// machine did is known, and nothing can be added. (4) It searches the providers for what was placed since the backup
/// (<see cref="ProviderInventory"/>). Each step may be repeated.
/// </summary>
internal sealed class LedgerRestoration : BackgroundService
{
    /// <summary>
    /// The maximum that <see cref="TransactionOptions.MaxInFlight"/> allows, whatever the earlier machine's setting
    /// was.
    /// </summary>
    internal const int MaxInFlight = 16;

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

    /// <summary>Creates the service; from now on, leadership waits for the restoration to end.</summary>
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

    /// <summary>Waits until the ledger is complete, whichever process completes it.</summary>
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
        // Not for a separate blob account: it only publishes blobs, which the contract accepts once, and it may lack
        // the ether for more transactions.
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
            await sender.NextNonceAsync(cancellationToken) + MaxInFlight,
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
