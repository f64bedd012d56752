using System.Numerics;
using Meeda.Chain.Contract;
using Meeda.Ethereum;
using Meeda.L1.Rpc;
using Meeda.L1.Transactions;

namespace Meeda.Chain.Payments;

/// <summary>
/// Which epochs of an account can be settled, and which a rollup can have refunded: asked of the contracts alone, so
/// that any account may do either.
/// </summary>
/// <param name="system">The contracts.</param>
/// <param name="client">L1.</param>
/// <param name="account">The operator's account.</param>
internal sealed class EpochPayments(SystemContract system, EthereumClient client, Address account)
{
    // Some 70,000 gas each: well below the maximum gas of a transaction (EIP-7825).
    private const int MaxEpochsInTransaction = 100;

    private readonly Dictionary<(Address Rollup, ulong Index), Charge> _charges = [];

    /// <summary>The epochs whose charges the contract would credit to the account's owner now.</summary>
    /// <param name="from">The first epoch that is asked about.</param>
    /// <param name="cancellationToken">Ends the waiting.</param>
    public async Task<IReadOnlyList<EpochPayment>> SettleableAsync(ulong from, CancellationToken cancellationToken)
    {
        SystemParameters parameters = await system.ParametersAsync(cancellationToken);
        ulong head = await client.GetBlockNumberAsync(cancellationToken);
        var payments = new List<EpochPayment>();
        await foreach (
            (ulong epoch, EpochRecord record, EpochCharges charges) in EpochsAsync(
                Address.Zero,
                from,
                head,
                cancellationToken
            )
        )
        {
            if (
                record is { Status: EpochStatus.Proven, Earns: true }
                && head > record.ProvenAt + parameters.ChallengeWindow
                && await system.Escrow.SettlementAsync(account, charges, cancellationToken) is { IsZero: false } wei
            )
            {
                payments.Add(new EpochPayment(charges, wei));
            }
        }

        return payments;
    }

    /// <summary>The epochs whose charges the contract would credit back to a rollup now.</summary>
    /// <param name="rollup">The rollup.</param>
    /// <param name="from">The first epoch that is asked about.</param>
    /// <param name="cancellationToken">Ends the waiting.</param>
    public async Task<IReadOnlyList<EpochPayment>> RefundableAsync(
        Address rollup,
        ulong from,
        CancellationToken cancellationToken
    )
    {
        ulong head = await client.GetBlockNumberAsync(cancellationToken);
        var payments = new List<EpochPayment>();
        await foreach (
            (_, EpochRecord record, EpochCharges charges) in EpochsAsync(rollup, from, head, cancellationToken)
        )
        {
            if (
                record.Status != EpochStatus.None
                && await system.Escrow.RefundAsync(rollup, account, charges, cancellationToken) is { IsZero: false } wei
            )
            {
                payments.Add(new EpochPayment(charges, wei));
            }
        }

        return payments;
    }

    /// <summary>The transactions that settle epochs.</summary>
    public IEnumerable<TransactionRequest> Settle(IEnumerable<EpochPayment> payments) =>
        payments
            .Chunk(MaxEpochsInTransaction)
            .Select(chunk =>
                system.Escrow.SettleAll(account, [.. chunk.Select(payment => payment.Charges)]) with
                {
                    // An epoch is settled once: one whose transaction is on its way is not sent again.
                    Keys = [.. chunk.Select(payment => $"settle:{system.Address}:{account}:{payment.Charges.Epoch}")],
                }
            );

    /// <summary>The transactions that refund epochs to a rollup.</summary>
    public IEnumerable<TransactionRequest> Refund(Address rollup, IEnumerable<EpochPayment> payments) =>
        payments
            .Chunk(MaxEpochsInTransaction)
            .Select(chunk => system.Escrow.RefundAll(rollup, account, [.. chunk.Select(payment => payment.Charges)]));

    /// <summary>The epochs that release a part of any charge, up to the head.</summary>
    private async IAsyncEnumerable<(ulong Epoch, EpochRecord Record, EpochCharges Charges)> EpochsAsync(
        Address rollup,
        ulong from,
        ulong head,
        [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancellationToken
    )
    {
        ulong count = await system.Escrow.ChargeCountAsync(rollup, account, cancellationToken);
        if (count == 0)
        {
            yield break;
        }

        ulong blocks = (await system.ParametersAsync(cancellationToken)).EpochBlocks;
        ulong first = await FirstEpochAsync(rollup, blocks, cancellationToken);
        for (ulong epoch = Math.Max(first, from); epoch * blocks <= head; epoch++)
        {
            EpochRecord record = await system.Verifier.EpochAsync(account, epoch, cancellationToken);
            if (record.LoAnchor >= record.EndAnchor)
            {
                continue; // Neither proven nor reported: nothing is known of its range.
            }

            var charges = new EpochCharges(
                epoch,
                await FindAsync(rollup, count, record.LoAnchor, cancellationToken),
                await FindAsync(rollup, count, record.EndAnchor, cancellationToken)
            );
            if (charges.Lo < charges.End)
            {
                yield return (epoch, record, charges);
            }
        }
    }

    /// <summary>The first epoch whose block is after the first charge's anchor.</summary>
    private async Task<ulong> FirstEpochAsync(Address rollup, ulong epochBlocks, CancellationToken cancellationToken)
    {
        Charge first = await ChargeAsync(rollup, 0, cancellationToken);
        ulong block = (await system.Anchors.GetAnchorAsync(account, first.AnchorIndex, cancellationToken)).BlockNumber;
        return (block / epochBlocks) + 1;
    }

    /// <summary>The first charge of an anchor at or after one, or the number of charges.</summary>
    private async Task<ulong> FindAsync(
        Address rollup,
        ulong count,
        uint anchorIndex,
        CancellationToken cancellationToken
    )
    {
        ulong low = 0;
        ulong high = count;
        while (low < high)
        {
            ulong middle = low + ((high - low) / 2);
            if ((await ChargeAsync(rollup, middle, cancellationToken)).AnchorIndex < anchorIndex)
            {
                low = middle + 1;
            }
            else
            {
                high = middle;
            }
        }

        return low;
    }

    private async Task<Charge> ChargeAsync(Address rollup, ulong index, CancellationToken cancellationToken)
    {
        if (!_charges.TryGetValue((rollup, index), out Charge? charge))
        {
            charge = await system.Escrow.ChargeAsync(rollup, account, index, cancellationToken);
            _charges.Add((rollup, index), charge);
        }

        return charge;
    }
}

/// <summary>What an epoch would credit.</summary>
/// <param name="Charges">The charges that it releases a part of.</param>
/// <param name="Wei">The sum of these parts, in wei.</param>
internal sealed record EpochPayment(EpochCharges Charges, BigInteger Wei);
