using Meeda.Chain.Index;
using Meeda.Ethereum;
using Meeda.Kzg.Commitments;
using Meeda.L1.Contracts;
using Meeda.L1.Rpc;
using Meeda.Protocol.Anchors;
using Meeda.Protocol.Batches;
using Meeda.Protocol.Proofs;

namespace Meeda.Chain.Contract;

/// <content>What the logs of the parts say.</content>
internal sealed partial class SystemContract
{
    // Block numbers, epochs and positions of blobs are far below; beyond it a ledger could not hold them.
    private const ulong MaxNumber = long.MaxValue;

    private static readonly EventReader<AnchoredEventData> Anchored =
        ContractArtifact.Anchors.Contract.Event<AnchoredEventData>();
    private static readonly EventReader<BatchAnchoredEventData> BatchAnchored =
        ContractArtifact.Anchors.Contract.Event<BatchAnchoredEventData>();
    private static readonly EventReader<ProofSubmittedEventData> ProofSubmitted =
        ContractArtifact.Verifier.Contract.Event<ProofSubmittedEventData>();

    private static readonly EventReader<DemandedEventData> Demanded =
        ContractArtifact.Publication.Contract.Event<DemandedEventData>();

    private static readonly Bytes32[] FollowedTopics = [Anchored.Topic, BatchAnchored.Topic, ProofSubmitted.Topic];

    /// <summary>What happened to one operator in a range of blocks, in order.</summary>
    public async Task<OperatorEvents> ReadEventsAsync(
        Address operatorAddress,
        ulong first,
        ulong last,
        CancellationToken cancellationToken
    )
    {
        IReadOnlyList<Log> logs = await Client.GetLogsAsync(
            [Anchors.Address, Verifier.Address],
            [FollowedTopics, [Topic(operatorAddress)]],
            first,
            last,
            cancellationToken
        );
        var odd = new List<string>();
        return Read([.. Sound(logs, first, last, odd).Where(log => log.Topics[1] == Topic(operatorAddress))], odd);
    }

    /// <summary>The operators that anchored a batch in a range of blocks.</summary>
    public async Task<IReadOnlyList<Address>> ReadHoldersAsync(
        BatchId id,
        ulong first,
        ulong last,
        CancellationToken cancellationToken
    )
    {
        IReadOnlyList<Log> logs = await Client.GetLogsAsync(
            [Anchors.Address],
            [
                [BatchAnchored.Topic],
                null,
                [id.Value],
            ],
            first,
            last,
            cancellationToken
        );
        return [.. Sound(logs, first, last, []).Select(OperatorOf)];
    }

    /// <summary>The demands made in a range of blocks.</summary>
    /// <param name="operatorAddress">The operator; null for all.</param>
    /// <param name="first">The first block.</param>
    /// <param name="last">The last block.</param>
    /// <param name="cancellationToken">Ends the waiting.</param>
    public async Task<IReadOnlyList<DemandEvent>> ReadDemandsAsync(
        Address? operatorAddress,
        ulong first,
        ulong last,
        CancellationToken cancellationToken
    )
    {
        IReadOnlyList<Bytes32>? operatorTopic = operatorAddress is { } of ? [Topic(of)] : null;
        IReadOnlyList<Log> logs = await Client.GetLogsAsync(
            [Publication.Address],
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

    /// <summary>What happened to every operator in a range of blocks.</summary>
    public async Task<IReadOnlyDictionary<Address, OperatorEvents>> ReadAllEventsAsync(
        ulong first,
        ulong last,
        CancellationToken cancellationToken
    )
    {
        IReadOnlyList<Log> logs = await Client.GetLogsAsync(
            [Anchors.Address, Verifier.Address],
            [FollowedTopics],
            first,
            last,
            cancellationToken
        );
        return Sound(logs, first, last, [])
            .GroupBy(OperatorOf)
            .ToDictionary(group => group.Key, group => Read([.. group], []));
    }

    private static Address OperatorOf(Log log) =>
        Address.FromBytes(log.Topics[1].ToArray().AsSpan(Bytes32.Length - Address.Length));

    /// <summary>
    /// The logs that are what was asked for: each of the contract that writes it, in these blocks, about an operator.
    /// </summary>
    private IEnumerable<Log> Sound(IReadOnlyList<Log> logs, ulong first, ulong last, List<string> odd)
    {
        foreach (Log log in logs)
        {
            if (
                log.Topics.Count > 1
                && log.Address == WriterOf(log.Topics[0])
                && log.BlockNumber >= first
                && log.BlockNumber <= last
            )
            {
                yield return log;
            }
            else
            {
                odd.Add($"log {log.LogIndex} of block {log.BlockNumber}: it is not what was asked for");
            }
        }
    }

    // Each part writes events of its own; a log of another contract's with the same topic says nothing.
    private Address WriterOf(Bytes32 topic) =>
        topic == ProofSubmitted.Topic ? Verifier.Address
        : topic == Demanded.Topic ? Publication.Address
        : Anchors.Address;

    private static OperatorEvents Read(IReadOnlyList<Log> logs, List<string> odd)
    {
        ILookup<ulong, AnchoredBatch> batches = Decode(logs, BatchAnchored.Topic, BatchAnchored.Name, odd, ReadBatch)
            .ToLookup(batch => (ulong)batch.AnchorIndex);
        return new OperatorEvents(
            [.. Decode(logs, Anchored.Topic, Anchored.Name, odd, log => ReadAnchor(log, batches))],
            [.. Decode(logs, ProofSubmitted.Topic, ProofSubmitted.Name, odd, ReadProof)]
        )
        {
            Odd = odd,
        };
    }

    /// <summary>
    /// The logs of an event, but for those that are invalid or hold values that no contract could have written: one of
    /// these must not hide the others.
    /// </summary>
    private static List<T> Decode<T>(
        IReadOnlyList<Log> logs,
        Bytes32 topic,
        string name,
        List<string> odd,
        Func<Log, T> read
    )
    {
        var values = new List<T>();
        foreach (Log log in logs.Where(log => log.Topics[0] == topic))
        {
            try
            {
                values.Add(read(log));
            }
            catch (Exception unreadable)
                when (unreadable is FormatException or OverflowException or InvalidDataException)
            {
                odd.Add($"log {log.LogIndex} of block {log.BlockNumber} ({name}): {unreadable.Message}");
            }
        }

        return values;
    }

    private static AnchoredBatch ReadBatch(Log log)
    {
        BatchAnchoredEventData values = BatchAnchored.Read(log);
        var batch = new AnchoredBatch(
            new BatchId(Bytes32.FromBytes(values.BatchId)),
            checked((uint)values.AnchorIndex),
            values.FirstBlob,
            values.BlobCount
        )
        {
            PayloadLength = values.PayloadLength,
        };
        return batch.BlobCount > 0 && batch.FirstBlob <= MaxNumber
            ? batch
            : throw new InvalidDataException("its blobs are invalid");
    }

    private static AnchorEvent ReadAnchor(Log log, ILookup<ulong, AnchoredBatch> batches)
    {
        AnchoredEventData values = Anchored.Read(log);
        uint index = checked((uint)values.AnchorIndex);
        var anchor = new Anchor(
            index,
            Bytes32.FromBytes(values.Root),
            values.FirstBlob,
            values.BlobCount,
            log.BlockNumber,
            values.Expiry
        );
        byte[] commitments = values.Commitments;
        if (
            anchor.BlobCount == 0
            || anchor.FirstBlob > MaxNumber
            || anchor.Expiry > MaxNumber
            || commitments.Length != (long)anchor.BlobCount * KzgCommitment.Length
        )
        {
            throw new InvalidDataException("its numbers do not add up");
        }

        var seen = new AnchorEvent(
            anchor,
            log.TransactionHash,
            commitments,
            [.. batches[index].OrderBy(batch => batch.FirstBlob)]
        );
        return seen.IsWhole()
            ? seen
            : throw new InvalidDataException("its root is not that of its commitments and batches");
    }

    private static SubmittedProof ReadProof(Log log)
    {
        ProofSubmittedEventData values = ProofSubmitted.Read(log);
        return new SubmittedProof(
            new ProofEvent(
                values.Epoch <= MaxNumber ? values.Epoch : throw new InvalidDataException("its epoch is out of range"),
                log.BlockNumber,
                log.TransactionHash,
                Bytes32.FromBytes(values.Seed)
            ),
            new RangeHints(values.Hints.LoAnchor, values.Hints.HotAnchor, values.Hints.EndAnchor),
            values.PartialSums,
            Bytes32.FromBytes(values.Y),
            values.Proof
        );
    }

    private static DemandEvent ReadDemand(Log log)
    {
        DemandedEventData values = Demanded.Read(log);
        var demand = new DemandEvent(
            checked((ulong)values.DemandId),
            Address.Parse(values.Id),
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

    /// <summary>An address as an indexed argument.</summary>
    internal static Bytes32 Topic(Address account)
    {
        var topic = new byte[Bytes32.Length];
        account.CopyTo(topic.AsSpan(Bytes32.Length - Address.Length));
        return Bytes32.FromBytes(topic);
    }
}
