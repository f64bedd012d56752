using System.Globalization;
using System.Numerics;
using Meeda.Chain.L1;
using Meeda.Ethereum;
using Meeda.Hosting;
using Meeda.L1.Rpc;
using Microsoft.Extensions.Options;

namespace Meeda.Operator.L1;

/// <summary>
/// Reads the balances of the operator's accounts, and warns when one gets low: an account that cannot pay misses its
/// epochs.
/// </summary>
internal sealed class BalanceMonitor(
    IOptions<TransactionOptions> options,
    EthereumClient client,
    OperatorAccount account,
    TimeProvider time,
    ILogger<BalanceMonitor> logger
) : PeriodicService(PollInterval, time)
{
    private static readonly TimeSpan PollInterval = TimeSpan.FromMinutes(1);
    private static readonly BigInteger Gwei = 1_000_000_000;

    /// <summary>The balance at the last poll, in ether; null before the first.</summary>
    public decimal? Balance { get; private set; }

    /// <summary>Whether it was below <see cref="TransactionOptions.BalanceAlarm"/>.</summary>
    public bool IsLow => Balance < options.Value.BalanceAlarm;

    /// <summary>Polls once, at the operator's account and at the one that pays for publications.</summary>
    internal async Task PollAsync(CancellationToken cancellationToken)
    {
        Balance = await PollAsync(account.Key, cancellationToken);
        if (account.Publications is { } publications)
        {
            await PollAsync(publications, cancellationToken);
        }
    }

    private async Task<decimal> PollAsync(Address address, CancellationToken cancellationToken)
    {
        BigInteger wei = await client.GetBalanceAsync(address, BlockTag.Latest, cancellationToken);
        decimal balance = (decimal)BigInteger.Min(wei / Gwei, long.MaxValue) / 1_000_000_000m;
        OperatorMetrics.Balance.Record(
            (double)balance,
            new KeyValuePair<string, object?>("account", address.ToString())
        );
        if (balance < options.Value.BalanceAlarm)
        {
            logger.BalanceLow(
                address.ToString(),
                balance.ToString(CultureInfo.InvariantCulture),
                options.Value.BalanceAlarm.ToString(CultureInfo.InvariantCulture)
            );
        }

        return balance;
    }

    /// <inheritdoc/>
    protected override Task RunOnceAsync(CancellationToken stoppingToken) => PollAsync(stoppingToken);

    /// <inheritdoc/>
    protected override void OnFailed(Exception failure) =>
        logger.BalanceUnknown(account.Key.ToString(), Outage.Explain(failure).Reason);
}
