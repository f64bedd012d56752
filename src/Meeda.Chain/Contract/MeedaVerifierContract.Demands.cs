using System.Numerics;
using Meeda.Chain.Index;
using Meeda.Ethereum;
using Meeda.L1.Contracts;
using Meeda.L1.Rpc;
using Meeda.L1.Transactions;

namespace Meeda.Chain.Contract;

/// <summary>
/// The contract's forced publication: demands, the blobs that answer them, and what happens to who stays silent.
/// </summary>
internal sealed partial class MeedaVerifierContract
{
    private ulong? _challengeWindow;

    private static readonly EventReader<DemandedEventData> Demanded = Abi.Event<DemandedEventData>();

    /// <summary>The transaction that demands a blob of an operator.</summary>
    /// <param name="leaf">The blob's anchor, commitment and Merkle path.</param>
    /// <param name="position">The operator's position of the blob.</param>
    /// <param name="bond">The bond in wei; at least <see cref="DemandBondAsync"/> in the block that takes it.</param>
    public TransactionRequest Demand(Address operatorAddress, AnchoredLeaf leaf, ulong position, BigInteger bond) =>
        Request(
            new DemandFunction
            {
                Blob = new BlobRefData
                {
                    Operator = $"{operatorAddress}",
                    AnchorIndex = leaf.AnchorIndex,
                    Position = position,
                    Commitment = leaf.Commitment,
                    Path = Nodes(leaf.Path),
                },
            },
            bond
        );

    /// <summary>The call that shows the contract a blob of the same transaction.</summary>
    /// <param name="demandId">The demand that it answers.</param>
    /// <param name="blobIndex">Which of the transaction's blobs.</param>
    public TransactionRequest Publish(ulong demandId, int blobIndex) =>
        Request(new PublishFunction { DemandId = demandId, BlobIndex = blobIndex });

    /// <summary>The transaction that slashes an operator whose demand was not answered in time.</summary>
    public TransactionRequest Expire(ulong demandId) => Request(new ExpireFunction { DemandId = demandId });

    /// <summary>The transaction that pays out what the contract owes the sender.</summary>
    public TransactionRequest Claim() => Request(new ClaimFunction());

    /// <summary>The bond that a demand in the next block takes, in wei.</summary>
    public async Task<BigInteger> DemandBondAsync(CancellationToken cancellationToken) =>
        (await CallAsync(new DemandBondFunction(), cancellationToken)).Value1;

    /// <summary>Where a demand stands.</summary>
    public async Task<DemandStatus> DemandStatusAsync(ulong demandId, CancellationToken cancellationToken) =>
        (DemandStatus)(await CallAsync(new GetDemandFunction { DemandId = demandId }, cancellationToken)).Value1.Status;

    /// <summary>What the reporter of a missed epoch gets, in wei.</summary>
    public async Task<BigInteger> MissRewardAsync(CancellationToken cancellationToken) =>
        (await ParametersAsync(cancellationToken)).MissReward;

    /// <summary>The blocks within which a demanded blob must be published.</summary>
    public async Task<ulong> PublishWindowAsync(CancellationToken cancellationToken) =>
        (await ParametersAsync(cancellationToken)).PublishWindow;

    /// <summary>
    /// The blocks from a proof within which a wrong partial sum can be slashed; asked for once, since the contract
    /// never changes it.
    /// </summary>
    public async Task<ulong> ChallengeWindowAsync(CancellationToken cancellationToken) =>
        _challengeWindow ??= (await ParametersAsync(cancellationToken)).ChallengeWindow;

    /// <summary>The demands made in a range of blocks.</summary>
    /// <param name="operatorAddress">The operator; null for all.</param>
    public async Task<IReadOnlyList<DemandEvent>> ReadDemandsAsync(
        Address? operatorAddress,
        ulong first,
        ulong last,
        CancellationToken cancellationToken
    )
    {
        IReadOnlyList<Bytes32>? operatorTopic = operatorAddress is { } of ? [Topic(of)] : null;
        IReadOnlyList<Log> logs = await client.GetLogsAsync(
            address,
            [
                [Demanded.Topic],
                null,
                operatorTopic,
            ],
            first,
            last,
            cancellationToken
        );
        return Decode([.. Sound(logs, first, last, [])], Demanded.Topic, Demanded.Name, [], ReadDemand);
    }

    private static DemandEvent ReadDemand(Log log)
    {
        DemandedEventData values = Demanded.Read(log);
        var demand = new DemandEvent(
            checked((ulong)values.DemandId),
            Address.Parse(values.Operator),
            values.Position,
            Address.Parse(values.Demander),
            Bytes32.FromBytes(values.VersionedHash),
            values.Deadline,
            log.BlockNumber
        );
        return demand.Id <= MaxNumber && demand.Position <= MaxNumber && demand.Deadline <= MaxNumber
            ? demand
            : throw new InvalidDataException("its numbers do not add up");
    }

    private static Bytes32 Topic(Address account)
    {
        var topic = new byte[Bytes32.Length];
        account.CopyTo(topic.AsSpan(Bytes32.Length - Address.Length));
        return Bytes32.FromBytes(topic);
    }
}

/// <summary>A blob's commitment with its way to the anchor's root.</summary>
/// <param name="AnchorIndex">The anchor that holds it.</param>
/// <param name="Commitment">The commitment, 48 bytes.</param>
/// <param name="Path">The Merkle path from its leaf to the anchor's root.</param>
internal sealed record AnchoredLeaf(uint AnchorIndex, byte[] Commitment, IReadOnlyList<Bytes32> Path);

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
