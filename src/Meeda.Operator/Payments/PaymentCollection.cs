using System.Numerics;
using Meeda.Chain.Contract;
using Meeda.Chain.Payments;
using Meeda.Ethereum;
using Meeda.L1.Rpc;
using Meeda.L1.Transactions;
using Meeda.Operator.L1;
using Meeda.Operator.Leadership;
using Meeda.Protocol.Proofs;
using Microsoft.Extensions.Options;

namespace Meeda.Operator.Payments;

/// <summary>
/// Settles proven epochs, and has credits paid out to the account's owner, once either is worth its gas. The operator
/// key sends; the contracts pay the owner only.
/// </summary>
internal sealed class PaymentCollection(
    IOptions<PaymentOptions> options,
    SystemContract system,
    EthereumClient client,
    OperatorAccount account,
    TransactionSender sender,
    LeaderElection leadership,
    TimeProvider time,
    ILogger<PaymentCollection> logger
) : PeriodicLeaderService("Collecting payments", options.Value.Interval, leadership, time, logger)
{
    private ulong _from;

    /// <summary>What settling would credit, as of the last round; zero before the first.</summary>
    public BigInteger Settleable { get; private set; }

    /// <summary>What the contracts owe the owner, as of the last round; zero before the first.</summary>
    public BigInteger Claimable { get; private set; }

    private BigInteger Threshold => EtherAmount.FromEther(options.Value.CollectAbove);

    /// <inheritdoc/>
    protected override async Task RunOnceAsync(CancellationToken stoppingToken)
    {
        await SettleAsync(stoppingToken);
        await ClaimAsync(stoppingToken);
    }

    private bool IsWorth(BigInteger wei) => !Threshold.IsZero && wei >= Threshold;

    private async Task SettleAsync(CancellationToken stoppingToken)
    {
        SystemParameters parameters = await system.ParametersAsync(stoppingToken);
        ulong head = await client.GetBlockNumberAsync(stoppingToken);
        var payments = new EpochPayments(system, client, account.Address);
        IReadOnlyList<EpochPayment> due = await payments.SettleableAsync(_from, stoppingToken);
        Settleable = Sum(due);
        if (IsWorth(Settleable))
        {
            foreach (TransactionRequest request in payments.Settle(due))
            {
                TransactionReceipt receipt = await sender.SendAsync(request, stoppingToken);
                logger.Settled(due.Count, EtherAmount.Show(Settleable), receipt.TransactionHash.ToString());
            }

            Settleable = BigInteger.Zero;
            due = [];
        }

        // What is settled, and what was never proven, is not asked for again.
        ulong open = OldestOpenEpoch(head, parameters);
        _from = Math.Max(_from, due.Select(payment => payment.Charges.Epoch).Append(open).Min());
    }

    private async Task ClaimAsync(CancellationToken stoppingToken)
    {
        Address owner = (await system.Anchors.AccountAsync(account.Address, stoppingToken)).Owner;
        BigInteger claimable = BigInteger.Zero;
        foreach ((string name, CreditsContract contract) in system.Creditors)
        {
            BigInteger owed = await contract.CreditAsync(owner, stoppingToken);
            if (IsWorth(owed))
            {
                TransactionReceipt receipt = await sender.SendAsync(contract.ClaimFor(owner), stoppingToken);
                logger.PaidOut(EtherAmount.Show(owed), name, owner.ToString(), receipt.TransactionHash.ToString());
                owed = BigInteger.Zero;
            }

            claimable += owed;
        }

        Claimable = claimable;
    }

    /// <summary>The oldest epoch that may be proven later, or whose proof may still be challenged.</summary>
    private static ulong OldestOpenEpoch(ulong head, SystemParameters parameters)
    {
        EpochParameters epochs = parameters.Epochs;
        ulong span = epochs.SeedDelay + epochs.ProofWindow + parameters.ChallengeWindow;
        return head > span ? (head - span) / epochs.EpochBlocks : 0;
    }

    private static BigInteger Sum(IEnumerable<EpochPayment> payments) =>
        payments.Aggregate(BigInteger.Zero, (sum, payment) => sum + payment.Wei);
}
