using System.Numerics;
using Meeda.Chain.Index;
using Meeda.Ethereum;
using Meeda.L1.Abi;
using Meeda.L1.Rpc;
using Meeda.L1.Transactions;

namespace Meeda.Chain.Contract;

/// <summary>
/// The contract's forced publication: demands, the blobs that answer them, and what happens to who stays silent.
/// </summary>
internal sealed partial class MeedaVerifierContract
{
    private ulong? _challengeWindow;

    private static readonly AbiFunction DemandFunction = MeedaVerifierArtifact.Abi.Function("demand");
    private static readonly AbiFunction PublishFunction = MeedaVerifierArtifact.Abi.Function("publish");
    private static readonly AbiFunction ExpireFunction = MeedaVerifierArtifact.Abi.Function("expire");
    private static readonly AbiFunction GetDemandFunction = MeedaVerifierArtifact.Abi.Function("getDemand");
    private static readonly AbiFunction DemandBondFunction = MeedaVerifierArtifact.Abi.Function("demandBond");
    private static readonly AbiFunction ClaimFunction = MeedaVerifierArtifact.Abi.Function("claim");
    private static readonly AbiEvent DemandedEvent = MeedaVerifierArtifact.Abi.Event("Demanded");

    /// <summary>The transaction that demands a blob of an operator.</summary>
    /// <param name="leaf">The blob's anchor, commitment and Merkle path.</param>
    /// <param name="position">The operator's position of the blob.</param>
    /// <param name="bond">The bond in wei; at least <see cref="DemandBondAsync"/> in the block that takes it.</param>
    public TransactionRequest Demand(Address operatorAddress, AnchoredLeaf leaf, ulong position, BigInteger bond) =>
        new(
            address,
            DemandFunction.Encode(
                (object)
                    new object[]
                    {
                        operatorAddress,
                        leaf.AnchorIndex,
                        position,
                        leaf.Commitment,
                        leaf.Path.Cast<object>().ToArray(),
                    }
            ),
            bond
        );

    /// <summary>The call that shows the contract a blob of the same transaction.</summary>
    /// <param name="demandId">The demand that it answers.</param>
    /// <param name="blobIndex">Which of the transaction's blobs.</param>
    public TransactionRequest Publish(ulong demandId, int blobIndex) =>
        new(address, PublishFunction.Encode(demandId, (ulong)blobIndex));

    /// <summary>The transaction that slashes an operator whose demand was not answered in time.</summary>
    public TransactionRequest Expire(ulong demandId) => new(address, ExpireFunction.Encode(demandId));

    /// <summary>The transaction that pays out what the contract owes the sender.</summary>
    public TransactionRequest Claim() => new(address, ClaimFunction.Encode());

    /// <summary>The bond that a demand in the next block takes, in wei.</summary>
    public async Task<BigInteger> DemandBondAsync(CancellationToken cancellationToken) =>
        (BigInteger)(await CallAsync(DemandBondFunction, cancellationToken))[0];

    /// <summary>Where a demand stands.</summary>
    public async Task<DemandStatus> DemandStatusAsync(ulong demandId, CancellationToken cancellationToken) =>
        (DemandStatus)
            ((AbiTuple)(await CallAsync(GetDemandFunction, cancellationToken, demandId))[0]).Get<ulong>("status");

    /// <summary>What the reporter of a missed epoch gets, in wei.</summary>
    public async Task<BigInteger> MissRewardAsync(CancellationToken cancellationToken) =>
        ((AbiTuple)(await CallAsync(ParametersFunction, cancellationToken))[0]).Get<BigInteger>("missReward");

    /// <summary>The blocks within which a demanded blob must be published.</summary>
    public async Task<ulong> PublishWindowAsync(CancellationToken cancellationToken) =>
        ((AbiTuple)(await CallAsync(ParametersFunction, cancellationToken))[0]).Get<ulong>("publishWindow");

    /// <summary>
    /// The blocks from a proof within which a wrong partial sum can be slashed; asked for once, since the contract
    /// never changes it.
    /// </summary>
    public async Task<ulong> ChallengeWindowAsync(CancellationToken cancellationToken) =>
        _challengeWindow ??= ((AbiTuple)(await CallAsync(ParametersFunction, cancellationToken))[0]).Get<ulong>(
            "challengeWindow"
        );

    /// <summary>The demands made in a range of blocks.</summary>
    /// <param name="operatorAddress">Of whom; null for all.</param>
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
                [DemandedEvent.Topic],
                null,
                operatorTopic,
            ],
            first,
            last,
            cancellationToken
        );
        return Decode([.. Sound(logs, first, last, [])], DemandedEvent, [], ReadDemand);
    }

    private static DemandEvent ReadDemand(Log log)
    {
        AbiTuple arguments = DemandedEvent.Decode(log);
        var demand = new DemandEvent(
            checked((ulong)(BigInteger)arguments["demandId"]),
            arguments.Get<Address>("operator"),
            arguments.Get<ulong>("position"),
            arguments.Get<Address>("demander"),
            arguments.Get<Bytes32>("versionedHash"),
            arguments.Get<ulong>("deadline"),
            log.BlockNumber
        );
        return demand.Id <= Most && demand.Position <= Most && demand.Deadline <= Most
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
