using System.Numerics;
using Meeda.Ethereum;
using Meeda.Kzg.Commitments;
using Meeda.L1.Rpc;
using Meeda.L1.Transactions;
using Meeda.Protocol.Anchors;

namespace Meeda.Chain.Contract;

/// <summary>An operator's account as the contracts keep it.</summary>
/// <param name="Owner">The account that stakes, withdraws, sets keys and receives credits.</param>
/// <param name="Key">The key that anchors and proves; zero: none.</param>
/// <param name="KeyNonce">The nonce of the next key's consent.</param>
/// <param name="Stake">The stake in wei.</param>
/// <param name="IsSlashed">Whether it was slashed.</param>
/// <param name="ExitRequestedAt">The block in which the owner asked for the stake back; 0 where it did not.</param>
internal sealed record AccountState(
    Address Owner,
    Address Key,
    ulong KeyNonce,
    BigInteger Stake,
    bool IsSlashed,
    ulong ExitRequestedAt
);

/// <summary>Operators' accounts, stakes and anchors.</summary>
internal sealed class AnchorsContract(EthereumClient client, Address address)
    : CreditsContract(client, address, ContractArtifact.Anchors)
{
    /// <summary>The transaction that registers the sender's account with a stake.</summary>
    /// <param name="wei">The stake.</param>
    public TransactionRequest Register(BigInteger wei) => Request(new RegisterFunction(), wei);

    /// <summary>The transaction by which an account's owner names its operator key.</summary>
    /// <param name="account">The account's id.</param>
    /// <param name="key">The key.</param>
    /// <param name="r">The r of the key's consent; zero where the key is the sender.</param>
    /// <param name="vs">The s and parity of the key's consent (EIP-2098); zero where the key is the sender.</param>
    public TransactionRequest SetOperatorKey(Address account, Address key, Bytes32 r = default, Bytes32 vs = default) =>
        Request(
            new SetOperatorKeyFunction
            {
                Id = $"{account}",
                Key = $"{key}",
                R = r.ToArray(),
                Vs = vs.ToArray(),
            }
        );

    /// <summary>The transaction that adds to an account's stake; any account may send it.</summary>
    /// <param name="account">The account's id.</param>
    /// <param name="wei">What is added.</param>
    public TransactionRequest StakeFor(Address account, BigInteger wei) =>
        Request(new StakeForFunction { Id = $"{account}" }, wei);

    /// <summary>The transaction by which an account's owner asks for the stake back.</summary>
    public TransactionRequest RequestWithdrawal(Address account) =>
        Request(new RequestWithdrawalFunction { Id = $"{account}" });

    /// <summary>The transaction that takes such a request back.</summary>
    public TransactionRequest CancelWithdrawal(Address account) =>
        Request(new CancelWithdrawalFunction { Id = $"{account}" });

    /// <summary>The transaction that credits the whole stake to the owner once it is free.</summary>
    public TransactionRequest Withdraw(Address account) => Request(new WithdrawFunction { Id = $"{account}" });

    /// <summary>The last block in which an account's stake is still locked, were it asked for now, or as it was
    /// asked for.</summary>
    public async Task<ulong> LockedUntilAsync(Address account, CancellationToken cancellationToken) =>
        (ulong)(await CallAsync(new WithdrawableFromFunction { Id = $"{account}" }, cancellationToken)).LastBlock;

    /// <summary>The transaction that anchors batches which no rollup pays for.</summary>
    /// <param name="batches">Of each the payload's bytes and its blobs' compressed commitments, 48 bytes each.</param>
    /// <param name="liveHint">An index such that all anchors before it are expired.</param>
    public TransactionRequest Anchor(IReadOnlyList<(uint PayloadLength, byte[] Commitments)> batches, uint liveHint) =>
        AnchorCharged(
            [.. batches.Select(batch => new AnchorCharge(batch.PayloadLength, batch.Commitments, null, null))],
            liveHint
        );

    /// <summary>The transaction that anchors batches.</summary>
    /// <param name="batches">The batches, and who pays for them.</param>
    /// <param name="liveHint">An index such that all anchors before it are expired.</param>
    public TransactionRequest AnchorCharged(IReadOnlyList<AnchorCharge> batches, uint liveHint) =>
        Request(
            new AnchorFunction
            {
                Batches =
                [
                    .. batches.Select(batch => new BatchHeaderData
                    {
                        PayloadLength = batch.PayloadLength,
                        BlobCount = (ushort)(batch.Commitments.Length / KzgCommitment.Length),
                        Rollup = $"{batch.Rollup ?? Address.Zero}",
                    }),
                ],
                Commitments = [.. batches.SelectMany(batch => batch.Commitments)],
                Orders =
                [
                    .. batches
                        .Index()
                        .Where(each => each.Item.Order is not null)
                        .Select(each => new SignedOrderData
                        {
                            Batch = (uint)each.Index,
                            MaxWei = (BigInteger)each.Item.Order!.MaxWei,
                            Deadline = each.Item.Order.Deadline,
                            R = each.Item.Order.R.ToArray(),
                            Vs = each.Item.Order.Vs.ToArray(),
                        }),
                ],
                LiveHint = liveHint,
            }
        );

    /// <summary>An account.</summary>
    public async Task<AccountState> AccountAsync(Address account, CancellationToken cancellationToken)
    {
        AccountData data = (await CallAsync(new GetAccountFunction { Id = $"{account}" }, cancellationToken)).Value1;
        return new AccountState(
            Address.Parse(data.Owner),
            Address.Parse(data.Key),
            data.KeyNonce,
            data.Stake,
            data.Slashed,
            data.ExitRequestedAt
        );
    }

    /// <summary>The account for which a key was ever named, also a retired one; null where there is none.</summary>
    public async Task<Address?> AccountEverOfAsync(Address key, CancellationToken cancellationToken)
    {
        var function = new AccountEverOfFunction { Key = $"{key}" };
        Address account = Address.Parse((await CallAsync(function, cancellationToken)).Value1);
        return account == Address.Zero ? null : account;
    }

    /// <summary>How many live blobs an account's stake carries, and how many it has.</summary>
    /// <param name="account">The account.</param>
    /// <param name="liveHint">An index such that all anchors before it are expired.</param>
    /// <param name="cancellationToken">Ends the waiting.</param>
    public async Task<(BigInteger Most, BigInteger Live)> CapacityAsync(
        Address account,
        uint liveHint,
        CancellationToken cancellationToken
    )
    {
        CapacityOutput capacity = await CallAsync(
            new CapacityFunction { Id = $"{account}", LiveHint = liveHint },
            cancellationToken
        );
        return (capacity.Most, capacity.Live);
    }

    /// <summary>Why the contract would take no anchor of an account by a key now, in words; null where it
    /// would.</summary>
    /// <param name="account">The account.</param>
    /// <param name="key">The operator key that would anchor.</param>
    /// <param name="parameters">The deployment's parameters.</param>
    /// <param name="head">L1's height.</param>
    /// <param name="carriedBlobs">How many live blobs the stake carries (<see cref="CapacityAsync"/>).</param>
    /// <param name="cancellationToken">Ends the waiting.</param>
    public async Task<string?> WhyNoAnchorAsync(
        Address account,
        Address key,
        SystemParameters parameters,
        ulong head,
        ulong carriedBlobs,
        CancellationToken cancellationToken
    )
    {
        AccountState state = await AccountAsync(account, cancellationToken);
        if (state.Owner == Address.Zero)
        {
            return $"no account {account} is registered (Meeda__L1__Account names it where another address than the "
                + "operator key registered it)";
        }

        if (state.IsSlashed)
        {
            return $"{account} was slashed and may not anchor any more";
        }

        if (state.Key != key)
        {
            return state.Key == Address.Zero
                ? $"{account} has no operator key; its owner must name {key}"
                : $"the operator key of {account} is {state.Key}, not {key}";
        }

        if (state.ExitRequestedAt != 0 && head >= state.ExitRequestedAt + parameters.AnchorGrace)
        {
            return $"{account} has asked for its stake back and may not anchor meanwhile";
        }

        // What a penalty took counts for a while, which the contract's capacity knows.
        return state.Stake.IsZero || (state.Stake < parameters.MinimumStake && carriedBlobs == 0)
            ? $"{account} stakes {state.Stake} wei, less than the {parameters.MinimumStake} wei that the contract asks "
                + "for"
            : null;
    }

    /// <summary>An anchor as the contract keeps it.</summary>
    public async Task<Anchor> GetAnchorAsync(Address account, uint index, CancellationToken cancellationToken)
    {
        AnchorData anchor = (
            await CallAsync(new GetAnchorFunction { Id = $"{account}", Index = index }, cancellationToken)
        ).Value1;
        return new Anchor(
            index,
            Bytes32.FromBytes(anchor.Root),
            anchor.FirstBlob,
            anchor.BlobCount,
            anchor.BlockNumber,
            anchor.Expiry
        );
    }

    /// <summary>How many anchors the contract keeps of an account.</summary>
    public async Task<ulong> AnchorCountAsync(Address account, CancellationToken cancellationToken) =>
        (ulong)(await CallAsync(new AnchorCountFunction { Id = $"{account}" }, cancellationToken)).Value1;

    /// <summary>How many anchors the contract kept of an account at a block.</summary>
    public async Task<ulong> AnchorCountAsync(Address account, ulong block, CancellationToken cancellationToken) =>
        (ulong)
            (
                await CallAsync(
                    new AnchorCountFunction { Id = $"{account}" },
                    BlockTag.Number(block),
                    cancellationToken
                )
            ).Value1;
}
