using System.Numerics;
using Meeda.Chain.Contract;
using Meeda.Chain.Payments;
using Meeda.Client;
using Meeda.Ethereum;
using Meeda.L1.Rpc;
using Meeda.Operator.L1;
using Meeda.Protocol.Proofs;

namespace Meeda.Node.Cli.Accounts;

/// <summary>What <c>operator status --json</c> prints. Amounts are wei, decimal.</summary>
/// <param name="Account">The account.</param>
/// <param name="Owner">Its owner; null if it is not registered.</param>
/// <param name="OperatorKey">The operator key on L1, or null.</param>
/// <param name="ConfiguredKey">The configured key.</param>
/// <param name="Problem">Why the contract would reject an anchor; null if it would accept one.</param>
/// <param name="KeyBalance">The key's ether, which pays for anchors and proofs.</param>
/// <param name="Stake">The stake.</param>
/// <param name="CarriedBlobs">The number of live blobs that the stake covers.</param>
/// <param name="LiveBlobs">The number of live blobs.</param>
/// <param name="ExitRequestedAt">The block in which the stake was asked for; null where it was not.</param>
/// <param name="LockedUntil">The last block in which the stake is locked, were it asked for now.</param>
/// <param name="Price">The price, for each byte and block.</param>
/// <param name="Claimable">What the contracts owe the owner.</param>
/// <param name="Settleable">What settling would credit now.</param>
/// <param name="OpenDemands">Demands that wait for blobs: each is answered in time, or the stake is lost.</param>
/// <param name="Block">L1's head.</param>
/// <param name="Epochs">The last epochs and the next one.</param>
/// <param name="Service">What the running operator says; null where it does not answer.</param>
internal sealed record AccountStatus(
    string Account,
    string? Owner,
    string? OperatorKey,
    string ConfiguredKey,
    string? Problem,
    string KeyBalance,
    string Stake,
    ulong CarriedBlobs,
    ulong LiveBlobs,
    ulong? ExitRequestedAt,
    ulong LockedUntil,
    string Price,
    string Claimable,
    string Settleable,
    ulong OpenDemands,
    ulong Block,
    IReadOnlyList<EpochLine> Epochs,
    StatusBody? Service
)
{
    private const ulong LastEpochs = 3;

    /// <summary>Reads the status from L1, and adds that of the running operator.</summary>
    public static async Task<AccountStatus> ReadAsync(
        SystemContract system,
        EthereumClient client,
        OperatorAccount account,
        StatusBody? service,
        CancellationToken cancellationToken
    )
    {
        SystemParameters parameters = await system.ParametersAsync(cancellationToken);
        ulong head = await client.GetBlockNumberAsync(cancellationToken);
        AccountState state = await system.Anchors.AccountAsync(account.Address, cancellationToken);
        (BigInteger most, BigInteger live) = await system.Anchors.CapacityAsync(
            account.Address,
            liveHint: 0,
            cancellationToken
        );
        IReadOnlyList<EpochPayment> due = await new EpochPayments(system, client, account.Address).SettleableAsync(
            from: 0,
            cancellationToken
        );
        return new AccountStatus(
            $"{account.Address}",
            state.Owner == Address.Zero ? null : $"{state.Owner}",
            state.Key == Address.Zero ? null : $"{state.Key}",
            $"{account.Key}",
            await system.Anchors.WhyNoAnchorAsync(
                account.Address,
                account.Key,
                parameters,
                head,
                (ulong)most,
                cancellationToken
            ),
            $"{await client.GetBalanceAsync(account.Key, BlockTag.Latest, cancellationToken)}",
            $"{state.Stake}",
            (ulong)most,
            (ulong)live,
            state.ExitRequestedAt == 0 ? null : state.ExitRequestedAt,
            await system.Anchors.LockedUntilAsync(account.Address, cancellationToken),
            $"{await system.Escrow.PriceAsync(account.Address, cancellationToken)}",
            $"{await Claims.SumAsync(system, state.Owner, cancellationToken)}",
            $"{due.Aggregate(BigInteger.Zero, (sum, payment) => sum + payment.Wei)}",
            await system.Publication.OpenDemandsAsync(account.Address, cancellationToken),
            head,
            await EpochsAsync(system, account.Address, parameters.Epochs, head, cancellationToken),
            service
        );
    }

    private static async Task<IReadOnlyList<EpochLine>> EpochsAsync(
        SystemContract system,
        Address account,
        EpochParameters parameters,
        ulong head,
        CancellationToken cancellationToken
    )
    {
        ulong current = head / parameters.EpochBlocks;
        var lines = new List<EpochLine>();
        for (ulong epoch = current > LastEpochs ? current - LastEpochs : 1; epoch <= current; epoch++)
        {
            EpochRecord record = await system.Verifier.EpochAsync(account, epoch, cancellationToken);
            lines.Add(EpochLine.Of(epoch, record.Status, parameters, head));
        }

        lines.Add(EpochLine.Of(current + 1, EpochStatus.None, parameters, head));
        return lines;
    }
}

/// <summary>An epoch of an account.</summary>
/// <param name="Epoch">The epoch.</param>
/// <param name="State">Its state, in words.</param>
/// <param name="EpochBlock">The block at which it begins.</param>
/// <param name="SeedBlock">The block whose RANDAO mix is its randomness; it can be proven after that block.</param>
/// <param name="ProvableUntil">The last block that accepts its proof.</param>
internal sealed record EpochLine(ulong Epoch, string State, ulong EpochBlock, ulong SeedBlock, ulong ProvableUntil)
{
    /// <summary>Describes an epoch at a given L1 height.</summary>
    public static EpochLine Of(ulong epoch, EpochStatus status, EpochParameters parameters, ulong head)
    {
        ulong begins = epoch * parameters.EpochBlocks;
        ulong seed = begins + parameters.SeedDelay;
        ulong until = seed + parameters.ProofWindow;
        string state = status switch
        {
            EpochStatus.Proven => "proven",
            EpochStatus.Missed => "missed",
            EpochStatus.Fraudulent => "refuted",
            _ when head < begins => "next",
            _ when head <= seed => "waits for its seed",
            _ when head < until => "open: nothing proven yet",
            _ => "not proven (nothing to prove, or missed and not reported)",
        };
        return new EpochLine(epoch, state, begins, seed, until);
    }
}
