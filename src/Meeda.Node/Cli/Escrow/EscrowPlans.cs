using System.Numerics;
using Meeda.Chain.Contract;
using Meeda.Chain.Payments;
using Meeda.Ethereum;
using Meeda.Hosting;
using Meeda.L1.Rpc;
using Meeda.L1.Transactions;

namespace Meeda.Node.Cli.Escrow;

/// <summary>The transactions of a rollup's commands, made from what L1 says now. Nothing is sent here.</summary>
/// <param name="client">L1.</param>
/// <param name="system">The contracts.</param>
/// <param name="rollup">The rollup, which sends them.</param>
/// <param name="account">The operator's account.</param>
internal sealed class EscrowPlans(EthereumClient client, SystemContract system, Address rollup, Address account)
{
    private const ulong ClaimGas = 60_000;

    private EscrowContract Escrow => system.Escrow;

    /// <summary>Prepays.</summary>
    /// <param name="wei">How much.</param>
    /// <param name="maxPrice">The highest price accepted; null for that of before, or the operator's of now.</param>
    /// <param name="maxPerEpoch">The most an epoch without orders; null for that of before, or the amount.</param>
    /// <param name="payee">Another rollup that it is for; null for the sender.</param>
    /// <param name="cancellationToken">Ends the waiting.</param>
    public async Task<IReadOnlyList<PlannedTransaction>> DepositAsync(
        BigInteger wei,
        BigInteger? maxPrice,
        BigInteger? maxPerEpoch,
        Address? payee,
        CancellationToken cancellationToken
    )
    {
        if (payee is { } other)
        {
            return
            [
                new(
                    $"prepay {account} {EtherAmount.Show(wei)} for rollup {other}",
                    Escrow.DepositFor(other, account, wei)
                ),
            ];
        }

        EscrowLimits now = await Escrow.LimitsAsync(rollup, account, cancellationToken);
        var limits = new EscrowLimits(
            maxPrice ?? (now.MaxPrice.IsZero ? await Escrow.PriceAsync(account, cancellationToken) : now.MaxPrice),
            maxPerEpoch ?? (now.MaxWeiPerEpoch.IsZero ? wei : now.MaxWeiPerEpoch)
        );
        return
        [
            new(
                $"prepay {account} {EtherAmount.Show(wei)}; a price up to {limits.MaxPrice} wei for each byte and "
                    + $"block, and up to {EtherAmount.Show(limits.MaxWeiPerEpoch)} an epoch without signed orders",
                Escrow.Deposit(account, limits, wei)
            ),
        ];
    }

    /// <summary>Asks for a prepayment back, or pays out what was asked for and is free.</summary>
    /// <param name="wanted">The maximum that is wanted; null for all.</param>
    /// <param name="cancellationToken">Ends the waiting.</param>
    /// <exception cref="SetupException">It was asked for, and the notice is not over.</exception>
    public async Task<IReadOnlyList<PlannedTransaction>> WithdrawAsync(
        BigInteger? wanted,
        CancellationToken cancellationToken
    )
    {
        ulong head = await client.GetBlockNumberAsync(cancellationToken);
        if (await Escrow.WithdrawableFromAsync(rollup, account, cancellationToken) is { } from)
        {
            return head + 1 < from
                ? throw new SetupException(
                    $"withdraw: it was asked for already, and is free from block {from} on; L1 is at block {head}"
                )
                :
                [
                    new("free what was asked for", Escrow.Withdraw(account)),
                    new($"pay it out to {rollup}", Escrow.ClaimFor(rollup), ClaimGas),
                ];
        }

        BigInteger balance = await Escrow.BalanceAsync(rollup, account, cancellationToken);
        uint notice = (await system.ParametersAsync(cancellationToken)).EscrowNotice;
        return balance.IsZero
            ? []
            :
            [
                new(
                    $"ask for {EtherAmount.Show(BigInteger.Min(wanted ?? balance, balance))} of "
                        + $"{EtherAmount.Show(balance)} back; it is free after {notice} blocks, as far as no anchor "
                        + "charged it until then; run this again then",
                    Escrow.RequestWithdrawal(account, wanted ?? balance)
                ),
            ];
    }

    /// <summary>Pays back the charges of epochs that failed, and whatever else the escrow owes the rollup.</summary>
    public async Task<IReadOnlyList<PlannedTransaction>> RefundAsync(CancellationToken cancellationToken)
    {
        var payments = new EpochPayments(system, client, account);
        IReadOnlyList<EpochPayment> due = await payments.RefundableAsync(rollup, from: 0, cancellationToken);
        BigInteger sum = due.Aggregate(BigInteger.Zero, (total, payment) => total + payment.Wei);
        BigInteger owed = sum + await Escrow.CreditAsync(rollup, cancellationToken);
        return owed.IsZero
            ? []
            :
            [
                .. payments
                    .Refund(rollup, due)
                    .Select(request => new PlannedTransaction(
                        $"refund {due.Count} epochs, which credits {EtherAmount.Show(sum)} in all",
                        request
                    )),
                new(
                    $"pay {EtherAmount.Show(owed)} out to {rollup}",
                    Escrow.ClaimFor(rollup),
                    due.Count == 0 ? null : ClaimGas
                ),
            ];
    }

    /// <summary>Names who signs the rollup's orders.</summary>
    public async Task<IReadOnlyList<PlannedTransaction>> SetPosterAsync(
        Address poster,
        CancellationToken cancellationToken
    )
    {
        uint notice = (await system.ParametersAsync(cancellationToken)).EscrowNotice;
        return [new($"let {poster} sign the orders of {rollup}, in {notice} blocks", Escrow.SetPoster(poster))];
    }
}
