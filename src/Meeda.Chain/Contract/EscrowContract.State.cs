using System.Numerics;
using Meeda.Ethereum;
using Meeda.L1.Contracts;
using Meeda.L1.Rpc;
using Meeda.Protocol.Batches;
using Meeda.Protocol.Signatures;

namespace Meeda.Chain.Contract;

/// <content>What an operator reads before it takes a batch.</content>
internal sealed partial class EscrowContract
{
    private static readonly EventReader<ChargedEventData> Charged =
        ContractArtifact.Escrow.Contract.Event<ChargedEventData>();

    /// <summary>What a rollup's escrow for an account looks like at a block.</summary>
    public async Task<EscrowState> StateAsync(
        Address rollup,
        Address account,
        ulong block,
        CancellationToken cancellationToken
    )
    {
        BlockTag at = BlockTag.Number(block);
        (string rollupText, string id) = ($"{rollup}", $"{account}");
        LimitsOfOutput limits = await CallAsync(
            new LimitsOfFunction { Rollup = rollupText, Id = id },
            at,
            cancellationToken
        );
        ChargeableOfOutput chargeable = await CallAsync(
            new ChargeableOfFunction { Rollup = rollupText, Id = id },
            at,
            cancellationToken
        );
        SpentOfOutput spent = await CallAsync(
            new SpentOfFunction { Rollup = rollupText, Id = id },
            at,
            cancellationToken
        );
        PostersOfOutput posters = await CallAsync(new PostersOfFunction { Rollup = rollupText }, at, cancellationToken);
        return new EscrowState(
            block,
            (await CallAsync(new BalanceOfFunction { Rollup = rollupText, Id = id }, at, cancellationToken)).Value1,
            (await CallAsync(new PriceOfFunction { Id = id }, at, cancellationToken)).Value1,
            new EscrowLimits(limits.Value1, limits.Value2)
        )
        {
            Lasting = chargeable.Lasting,
            SpentByLimit = spent.ByLimit,
            Posters = new EscrowPosters(Address.Parse(posters.Current), Address.Parse(posters.Lasting)),
        };
    }

    /// <summary>What a rollup was charged for a batch by orders, in wei.</summary>
    public async Task<BigInteger> SpentByOrdersAsync(
        Address rollup,
        Address account,
        BatchId batch,
        CancellationToken cancellationToken
    ) =>
        (
            await CallAsync(
                new SpentOfFunction
                {
                    Rollup = $"{rollup}",
                    Id = $"{account}",
                    BatchId = batch.Value.ToArray(),
                },
                cancellationToken
            )
        ).ByOrders;

    /// <summary>The EIP-712 domain in which orders are signed.</summary>
    public async Task<ContractDomain> DomainAsync(CancellationToken cancellationToken) =>
        new(await Client.GetChainIdAsync(cancellationToken), Address);

    /// <summary>What a rollup was charged for an account in a range of blocks.</summary>
    public async Task<IReadOnlyList<ChargeEvent>> ReadChargesAsync(
        Address rollup,
        Address account,
        ulong first,
        ulong last,
        CancellationToken cancellationToken
    )
    {
        IReadOnlyList<Log> logs = await Client.GetLogsAsync(
            [Address],
            [
                [Charged.Topic],
                [SystemContract.Topic(rollup)],
                [SystemContract.Topic(account)],
            ],
            first,
            last,
            cancellationToken
        );
        return
        [
            .. logs.Where(log =>
                    log.Address == Address
                    && log.BlockNumber >= first
                    && log.BlockNumber <= last
                    && log.Topics is [var topic, var payer, var id, _]
                    && topic == Charged.Topic
                    && payer == SystemContract.Topic(rollup)
                    && id == SystemContract.Topic(account)
                )
                .Select(log => new ChargeEvent(log.BlockNumber, Charged.Read(log).Amount)),
        ];
    }
}
