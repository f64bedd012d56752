using System.Numerics;
using Meeda.Ethereum;
using Meeda.L1.Contracts;
using Meeda.L1.Rpc;
using Meeda.L1.Transactions;

namespace Meeda.Chain.Contract;

/// <summary>What rollups prepay, what anchors charge of it, and where a charge goes.</summary>
internal sealed partial class EscrowContract(EthereumClient client, Address address)
    : CreditsContract(client, address, ContractArtifact.Escrow)
{
    private const ulong CallGas = 1_000_000;

    /// <summary>The transaction by which an account's owner sets its price.</summary>
    /// <param name="account">The account.</param>
    /// <param name="weiPerByteBlock">Wei for each byte of payload and block of retention.</param>
    public TransactionRequest SetPrice(Address account, BigInteger weiPerByteBlock) =>
        Request(new SetPriceFunction { Id = $"{account}", WeiPerByteBlock = weiPerByteBlock });

    /// <summary>The transaction by which a rollup prepays an operator and sets its limits.</summary>
    /// <param name="account">The operator's account.</param>
    /// <param name="limits">The limits from now on; what is lower takes effect after the notice.</param>
    /// <param name="wei">The prepayment; may be 0.</param>
    public TransactionRequest Deposit(Address account, EscrowLimits limits, BigInteger wei) =>
        Request(
            new DepositFunction
            {
                Id = $"{account}",
                HighestPrice = limits.MaxPrice,
                MaxWeiPerEpoch = limits.MaxWeiPerEpoch,
            },
            wei
        );

    /// <summary>The transaction that prepays for another rollup; limits stay as they are.</summary>
    public TransactionRequest DepositFor(Address rollup, Address account, BigInteger wei) =>
        Request(new DepositForFunction { Rollup = $"{rollup}", Id = $"{account}" }, wei);

    /// <summary>The transaction by which a rollup names who signs its orders.</summary>
    /// <param name="poster">The signer; zero for nobody.</param>
    public TransactionRequest SetPoster(Address poster) => Request(new SetPosterFunction { Poster = $"{poster}" });

    /// <summary>The transaction by which a rollup asks for a part of its prepayment back.</summary>
    /// <param name="account">The operator's account.</param>
    /// <param name="wei">The maximum that is wanted back.</param>
    public TransactionRequest RequestWithdrawal(Address account, BigInteger wei) =>
        Request(new RequestEscrowWithdrawalFunction { Id = $"{account}", Amount = wei });

    /// <summary>The transaction that credits what a rollup asked for, once the notice is over.</summary>
    public TransactionRequest Withdraw(Address account) => Request(new WithdrawEscrowFunction { Id = $"{account}" });

    /// <summary>The transaction that credits proven epochs to an account's owner; any account may send it.</summary>
    public TransactionRequest SettleAll(Address account, IReadOnlyCollection<EpochCharges> epochs) =>
        Request(
            new SettleAllFunction
            {
                Id = $"{account}",
                Epochs = [.. epochs.Select(each => each.Epoch)],
                Los = [.. epochs.Select(each => new BigInteger(each.Lo))],
                Ends = [.. epochs.Select(each => new BigInteger(each.End))],
            }
        );

    /// <summary>The transaction that credits failed epochs to a rollup; any account may send it.</summary>
    public TransactionRequest RefundAll(Address rollup, Address account, IReadOnlyCollection<EpochCharges> epochs) =>
        Request(
            new RefundAllFunction
            {
                Rollup = $"{rollup}",
                Id = $"{account}",
                Epochs = [.. epochs.Select(each => each.Epoch)],
                Los = [.. epochs.Select(each => new BigInteger(each.Lo))],
                Ends = [.. epochs.Select(each => new BigInteger(each.End))],
            }
        );

    /// <summary>An account's price, in wei for each byte of payload and block of retention.</summary>
    public async Task<BigInteger> PriceAsync(Address account, CancellationToken cancellationToken) =>
        (await CallAsync(new PriceOfFunction { Id = $"{account}" }, cancellationToken)).Value1;

    /// <summary>What a rollup prepaid an account and no anchor charged, in wei.</summary>
    public async Task<BigInteger> BalanceAsync(Address rollup, Address account, CancellationToken cancellationToken) =>
        (await CallAsync(new BalanceOfFunction { Rollup = $"{rollup}", Id = $"{account}" }, cancellationToken)).Value1;

    /// <summary>A rollup's limits for an account as they hold now.</summary>
    public async Task<EscrowLimits> LimitsAsync(Address rollup, Address account, CancellationToken cancellationToken)
    {
        LimitsOfOutput limits = await CallAsync(
            new LimitsOfFunction { Rollup = $"{rollup}", Id = $"{account}" },
            cancellationToken
        );
        return new EscrowLimits(limits.Value1, limits.Value2);
    }

    /// <summary>Who signs a rollup's orders now.</summary>
    public async Task<Address> PosterAsync(Address rollup, CancellationToken cancellationToken) =>
        Address.Parse((await CallAsync(new PosterOfFunction { Rollup = $"{rollup}" }, cancellationToken)).Value1);

    /// <summary>The first block in which a rollup's withdrawal is free; null where none was asked for.</summary>
    public async Task<ulong?> WithdrawableFromAsync(
        Address rollup,
        Address account,
        CancellationToken cancellationToken
    )
    {
        try
        {
            await Client.CallAsync(rollup, Withdraw(account), CallGas, BlockTag.Latest, cancellationToken);
            return 0;
        }
        catch (JsonRpcException refusal) when (refusal.RevertData.Length == 4 + Bytes32.Length)
        {
            // NoticeNotOver(from), 0 where nothing was asked for.
            ulong from = (ulong)new BigInteger(refusal.RevertData.AsSpan(4), isUnsigned: true, isBigEndian: true);
            return from == 0 ? null : from;
        }
    }

    /// <summary>The number of a rollup's charges by an account, one for each anchor.</summary>
    /// <param name="rollup">The rollup; zero for all together.</param>
    /// <param name="account">The account.</param>
    /// <param name="cancellationToken">Ends the waiting.</param>
    public async Task<ulong> ChargeCountAsync(Address rollup, Address account, CancellationToken cancellationToken) =>
        (ulong)
            (
                await CallAsync(new ChargeCountFunction { Rollup = $"{rollup}", Id = $"{account}" }, cancellationToken)
            ).Value1;

    /// <summary>A charge.</summary>
    /// <param name="rollup">The rollup; zero for all together.</param>
    /// <param name="account">The account.</param>
    /// <param name="index">Its place among them.</param>
    /// <param name="cancellationToken">Ends the waiting.</param>
    public async Task<Charge> ChargeAsync(
        Address rollup,
        Address account,
        ulong index,
        CancellationToken cancellationToken
    )
    {
        ChargeAtOutput charge = await CallAsync(
            new ChargeAtFunction
            {
                Rollup = $"{rollup}",
                Id = $"{account}",
                Index = index,
            },
            cancellationToken
        );
        return new Charge(charge.Value1, charge.Value2);
    }

    /// <summary>What a settlement of an epoch would credit, in wei; null where the contract would refuse it.</summary>
    public Task<BigInteger?> SettlementAsync(
        Address account,
        EpochCharges epoch,
        CancellationToken cancellationToken
    ) =>
        WouldAsync(
            new SettleFunction
            {
                Id = $"{account}",
                Epoch = epoch.Epoch,
                LoCharge = epoch.Lo,
                EndCharge = epoch.End,
            },
            output => output.Amount,
            cancellationToken
        );

    /// <summary>What a refund of an epoch would credit, in wei; null where the contract would refuse it.</summary>
    public Task<BigInteger?> RefundAsync(
        Address rollup,
        Address account,
        EpochCharges epoch,
        CancellationToken cancellationToken
    ) =>
        WouldAsync(
            new RefundFunction
            {
                Rollup = $"{rollup}",
                Id = $"{account}",
                Epoch = epoch.Epoch,
                LoCharge = epoch.Lo,
                EndCharge = epoch.End,
            },
            output => output.Amount,
            cancellationToken
        );

    private async Task<BigInteger?> WouldAsync<TFunction, TOutput>(
        IFunction<TFunction, TOutput> function,
        Func<TOutput, BigInteger> amount,
        CancellationToken cancellationToken
    )
        where TFunction : Nethereum.Contracts.FunctionMessage, IFunction<TFunction, TOutput>, new()
        where TOutput : new()
    {
        try
        {
            return amount(await CallAsync(function, cancellationToken));
        }
        catch (JsonRpcException refusal) when (refusal.RevertData.Length >= 4)
        {
            return null;
        }
    }
}
