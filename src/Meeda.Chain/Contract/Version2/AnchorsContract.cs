using System.Numerics;
using Meeda.Ethereum;
using Meeda.Kzg.Commitments;
using Meeda.L1.Rpc;
using Meeda.L1.Transactions;
using Meeda.Protocol.Anchors;

namespace Meeda.Chain.Contract.Version2;

/// <summary>An operator's account as version 2 keeps it.</summary>
/// <param name="Owner">The account that stakes, withdraws, sets keys and receives credits.</param>
/// <param name="Key">The key that anchors and proves; zero: none.</param>
/// <param name="KeyNonce">The nonce of the next key's consent.</param>
/// <param name="Stake">The stake in wei.</param>
/// <param name="IsSlashed">Whether it was slashed.</param>
internal sealed record OperatorAccount(Address Owner, Address Key, ulong KeyNonce, BigInteger Stake, bool IsSlashed);

/// <summary>Operators' accounts, stakes and anchors.</summary>
internal sealed class AnchorsContract(EthereumClient client, Address address)
    : PartContract(client, address, ContractArtifact.Anchors)
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

    /// <summary>The transaction that anchors batches which no rollup pays for.</summary>
    /// <param name="batches">Of each the payload's bytes and its blobs' compressed commitments, 48 bytes each.</param>
    /// <param name="liveHint">An index such that all anchors before it are expired.</param>
    public TransactionRequest Anchor(IReadOnlyList<(uint PayloadLength, byte[] Commitments)> batches, uint liveHint) =>
        Request(
            new AnchorFunction
            {
                Batches =
                [
                    .. batches.Select(batch => new BatchHeaderData
                    {
                        PayloadLength = batch.PayloadLength,
                        BlobCount = (ushort)(batch.Commitments.Length / KzgCommitment.Length),
                        Rollup = $"{Address.Zero}",
                    }),
                ],
                Commitments = [.. batches.SelectMany(batch => batch.Commitments)],
                LiveHint = liveHint,
            }
        );

    /// <summary>An account.</summary>
    public async Task<OperatorAccount> AccountAsync(Address account, CancellationToken cancellationToken)
    {
        AccountData data = (await CallAsync(new GetAccountFunction { Id = $"{account}" }, cancellationToken)).Value1;
        return new OperatorAccount(
            Address.Parse(data.Owner),
            Address.Parse(data.Key),
            data.KeyNonce,
            data.Stake,
            data.Slashed
        );
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
}
