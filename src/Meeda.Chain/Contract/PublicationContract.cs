using System.Numerics;
using Meeda.Ethereum;
using Meeda.L1.Rpc;
using Meeda.L1.Transactions;
using Meeda.Protocol.Anchors;

namespace Meeda.Chain.Contract;

/// <summary>
/// Forced publication: demands, the blobs that answer them, and what happens to an operator that stays silent.
/// </summary>
internal sealed class PublicationContract(EthereumClient client, Address address)
    : CreditsContract(client, address, ContractArtifact.Publication)
{
    /// <summary>The most blobs of one transaction (EIP-7594), hence the most demands that it answers.</summary>
    public const int MaxBlobs = 6;

    // MeedaPublication's: what fees may rise to, a blob's gas (EIP-4844), and what publishing takes.
    private const int FeeMargin = 8;
    private const int GasPerBlob = 131_072;
    private const int PublishGas = 150_000;

    /// <summary>The transaction that demands a blob of an operator.</summary>
    /// <param name="operatorAddress">The operator's account.</param>
    /// <param name="leaf">The blob's anchor, commitment and Merkle path.</param>
    /// <param name="position">The operator's position of the blob.</param>
    /// <param name="bond">The bond in wei; at least <see cref="DemandBondAsync"/> in the block that takes it.</param>
    public TransactionRequest Demand(Address operatorAddress, AnchoredLeaf leaf, ulong position, BigInteger bond) =>
        Request(new DemandFunction { Blob = leaf.ToAbi(operatorAddress, position) }, bond);

    /// <summary>
    /// The call that shows the contract blobs of the same transaction: the blob at place i answers the i-th demand.
    /// </summary>
    /// <param name="demandIds">The demands, at most <see cref="MaxBlobs"/>.</param>
    public TransactionRequest Publish(IEnumerable<ulong> demandIds) =>
        Request(new PublishFunction { DemandIds = [.. demandIds.Select(id => new BigInteger(id))] });

    /// <summary>The transaction that slashes an operator whose demand was not answered in time.</summary>
    public TransactionRequest Expire(ulong demandId) => Request(new ExpireFunction { DemandId = demandId });

    /// <summary>
    /// The bond that a demand in the next block takes, in wei: <c>fixed + 8 · (blobBaseFee · 131,072 + baseFee ·
    /// 150,000)</c> (docs/protocol.md, "What any account can show"). Computed here and not asked of the contract: nodes
    /// that follow geth run a call without a gas price at a base fee of zero.
    /// </summary>
    /// <param name="fixedPart">The bond's fixed part, <see cref="SystemParameters.DemandBond"/>.</param>
    /// <param name="cancellationToken">Ends the waiting.</param>
    /// <exception cref="L1UnreachableException">The node has no newest block, or does not know the price of
    /// blobs.</exception>
    public async Task<BigInteger> DemandBondAsync(BigInteger fixedPart, CancellationToken cancellationToken)
    {
        Block head =
            await Client.GetBlockAsync(BlockTag.Latest, cancellationToken)
            ?? throw new L1UnreachableException("the node has no newest block");
        BigInteger blobFee =
            await Client.GetBlobBaseFeeAsync(cancellationToken)
            ?? throw new L1UnreachableException("the node does not tell the price of blobs");
        return fixedPart + (FeeMargin * ((blobFee * GasPerBlob) + (head.BaseFeePerGas * PublishGas)));
    }

    /// <summary>The demands that wait for an account's blobs.</summary>
    public async Task<ulong> OpenDemandsAsync(Address account, CancellationToken cancellationToken) =>
        (ulong)(await CallAsync(new OpenDemandsFunction { Id = $"{account}" }, cancellationToken)).Value1;

    /// <summary>Where a demand stands.</summary>
    public async Task<DemandStatus> DemandStatusAsync(ulong demandId, CancellationToken cancellationToken) =>
        (DemandStatus)(await CallAsync(new GetDemandFunction { DemandId = demandId }, cancellationToken)).Value1.Status;
}

/// <summary>A blob's commitment with its way to the anchor's root.</summary>
/// <param name="AnchorIndex">The anchor that holds it.</param>
/// <param name="Commitment">The commitment, 48 bytes.</param>
/// <param name="Path">The Merkle path from its leaf to the anchor's root over commitments.</param>
/// <param name="Roots">The anchor's roots.</param>
internal sealed record AnchoredLeaf(uint AnchorIndex, byte[] Commitment, IReadOnlyList<Bytes32> Path, AnchorRoots Roots)
{
    /// <summary>The contracts' <c>BlobRef</c> struct.</summary>
    /// <param name="account">The operator's account.</param>
    /// <param name="position">The operator's position of the blob.</param>
    public BlobRefData ToAbi(Address account, ulong position) =>
        new()
        {
            Operator = $"{account}",
            AnchorIndex = AnchorIndex,
            Position = position,
            Commitment = Commitment,
            Path = [.. Path.Select(node => node.ToArray())],
            IdRoot = Roots.IdRoot.ToArray(),
        };
}

/// <summary>Where a demand stands.</summary>
internal enum DemandStatus
{
    /// <summary>Not answered yet.</summary>
    Open = 0,

    /// <summary>The blob appeared on L1.</summary>
    Published = 1,

    /// <summary>It did not appear in time, and the operator was slashed.</summary>
    Expired = 2,
}
