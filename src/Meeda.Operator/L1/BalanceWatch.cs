using System.Globalization;
using System.Numerics;
using Meeda.Chain.L1;
using Meeda.Ethereum.JsonRpc;
using Microsoft.Extensions.Options;

namespace Meeda.Operator.L1;

/// <summary>Looks at the operator's balance, and says when it gets low: an account that cannot pay misses its epochs.</summary>
internal sealed class BalanceWatch(IOptions<TransactionOptions> options, EthereumClient client, OperatorAccount account, TimeProvider time, ILogger<BalanceWatch> logger)
    : BackgroundService
{
    private static readonly TimeSpan Look = TimeSpan.FromMinutes(1);
    private static readonly BigInteger Gwei = 1_000_000_000;

    /// <summary>The balance at the last look, in ether; null before the first.</summary>
    public decimal? Balance { get; private set; }

    /// <summary>Whether it was below <see cref="TransactionOptions.BalanceAlarm"/>.</summary>
    public bool IsLow => Balance < options.Value.BalanceAlarm;

    /// <summary>Looks once.</summary>
    internal async Task LookAsync(CancellationToken cancellationToken)
    {
        BigInteger wei = await client.GetBalanceAsync(account.Address, BlockTag.Latest, cancellationToken);
        Balance = (decimal)BigInteger.Min(wei / Gwei, long.MaxValue) / 1_000_000_000m;
        OperatorMetrics.Balance.Record((double)Balance);
        if (IsLow)
        {
            logger.BalanceLow(account.Address.ToString(), Balance.Value.ToString(CultureInfo.InvariantCulture), options.Value.BalanceAlarm.ToString(CultureInfo.InvariantCulture));
        }
    }

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Look, time);
        do
        {
            try
            {
                await LookAsync(stoppingToken);
            }
            catch (Exception failure) when (!stoppingToken.IsCancellationRequested)
            {
                logger.BalanceUnknown(account.Address.ToString(), Outage.Explain(failure).Reason);
            }
        }
        while (await timer.WaitForNextTickAsync(stoppingToken));
    }
}
