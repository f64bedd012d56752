using System.Numerics;
using Meeda.Chain.Index;
using Meeda.Ethereum;
using Meeda.Kzg.Commitments;
using Meeda.Kzg.Curves;
using Meeda.L1.Abi;
using Meeda.L1.Rpc;
using Meeda.L1.Transactions;
using Meeda.Protocol.Anchors;
using Meeda.Protocol.Batches;
using Meeda.Protocol.Proofs;

namespace Meeda.Chain.Contract;

/// <summary>
/// The MeedaVerifier contract as C# sees it: the only place that knows its functions and events by name. Names and
/// types come from the
/// compiled ABI that is built into this assembly, so that a change in Solidity that is not followed here fails at
/// start-up and in the tests.
/// </summary>
internal sealed partial class MeedaVerifierContract(EthereumClient client, Address address)
{
    private static readonly AbiFunction AnchorFunction = MeedaVerifierArtifact.Abi.Function("anchor");
    private static readonly AbiFunction SubmitProofFunction = MeedaVerifierArtifact.Abi.Function("submitProof");
    private static readonly AbiFunction StakeFunction = MeedaVerifierArtifact.Abi.Function("stake");
    private static readonly AbiFunction ParametersFunction = MeedaVerifierArtifact.Abi.Function("parameters");
    private static readonly AbiFunction GetAnchorFunction = MeedaVerifierArtifact.Abi.Function("getAnchor");
    private static readonly AbiFunction GetEpochFunction = MeedaVerifierArtifact.Abi.Function("getEpoch");
    private static readonly AbiFunction GetAccountFunction = MeedaVerifierArtifact.Abi.Function("getAccount");
    private static readonly AbiFunction AnchorCountFunction = MeedaVerifierArtifact.Abi.Function("anchorCount");
    private static readonly AbiFunction CreditOfFunction = MeedaVerifierArtifact.Abi.Function("creditOf");
    private static readonly AbiFunction ReportMissFunction = MeedaVerifierArtifact.Abi.Function("reportMiss");
    private static readonly AbiFunction ProveFraudFunction = MeedaVerifierArtifact.Abi.Function("proveFraud");
    private static readonly AbiFunction ProveInvalidCommitmentFunction = MeedaVerifierArtifact.Abi.Function(
        "proveInvalidCommitment"
    );
    private static readonly AbiEvent AnchoredEvent = MeedaVerifierArtifact.Abi.Event("Anchored");
    private static readonly AbiEvent BatchAnchoredEvent = MeedaVerifierArtifact.Abi.Event("BatchAnchored");
    private static readonly AbiEvent ProofSubmittedEvent = MeedaVerifierArtifact.Abi.Event("ProofSubmitted");

    // Block numbers, epochs and positions of blobs are far below; beyond it a ledger could not hold them.
    private const ulong Most = long.MaxValue;

    private static readonly Bytes32[] FollowedTopics =
    [
        AnchoredEvent.Topic,
        BatchAnchoredEvent.Topic,
        ProofSubmittedEvent.Topic,
    ];

    // It never changes.
    private BigInteger? _minimumStake;

    /// <summary>The contract's address.</summary>
    public Address Address => address;

    /// <summary>The transaction that anchors batches.</summary>
    /// <param name="batches">Of each the payload's bytes and its blobs' compressed commitments, 48 bytes each.</param>
    public TransactionRequest Anchor(IReadOnlyList<(uint PayloadLength, byte[] Commitments)> batches)
    {
        object[] headers =
        [
            .. batches.Select(batch =>
                new object[]
                {
                    batch.PayloadLength,
                    (ushort)(batch.Commitments.Length / KzgCommitment.Length),
                    Address.Zero,
                }
            ),
        ];
        byte[] commitments = [.. batches.SelectMany(batch => batch.Commitments)];
        return new TransactionRequest(address, AnchorFunction.Encode(headers, commitments));
    }

    /// <summary>The transaction that submits an epoch's proof.</summary>
    public TransactionRequest SubmitProof(ulong epoch, RangeHints hints, AvailabilityProof proof) =>
        new(
            address,
            SubmitProofFunction.Encode(
                epoch,
                Hints(hints),
                proof.PartialSums.Select(Words).ToArray(),
                proof.Y.ToArray(),
                Words(proof.Proof.Point)
            )
        );

    /// <summary>The transaction that adds to the sender's stake.</summary>
    /// <param name="wei">The amount.</param>
    public TransactionRequest Stake(BigInteger wei) => new(address, StakeFunction.Encode(), wei);

    /// <summary>The transaction that deploys a contract with these parameters.</summary>
    public static TransactionRequest Deploy(ContractParameters parameters) =>
        new(null, MeedaVerifierArtifact.Abi.Constructor.Encode(MeedaVerifierArtifact.Bytecode, [parameters.ToAbi()]));

    /// <summary>The L1 blocks from its anchor for which a blob must be held.</summary>
    public async Task<ulong> RetentionAsync(CancellationToken cancellationToken) =>
        ((AbiTuple)(await CallAsync(ParametersFunction, cancellationToken))[0]).Get<ulong>("retention");

    /// <summary>The parameters that the contract was made with, as far as epochs go.</summary>
    public async Task<EpochParameters> EpochParametersAsync(CancellationToken cancellationToken)
    {
        AbiTuple answer = await CallAsync(ParametersFunction, cancellationToken);
        var values = (AbiTuple)answer[0];
        return new EpochParameters(
            (uint)values.Get<ulong>("epochBlocks"),
            (uint)values.Get<ulong>("hotEpochs"),
            (uint)values.Get<ulong>("hotSamples"),
            (uint)values.Get<ulong>("coldSamples"),
            (uint)values.Get<ulong>("proofWindow")
        );
    }

    /// <summary>An anchor as the contract keeps it.</summary>
    public async Task<Anchor> GetAnchorAsync(Address operatorAddress, uint index, CancellationToken cancellationToken)
    {
        AbiTuple answer = await CallAsync(GetAnchorFunction, cancellationToken, operatorAddress, (ulong)index);
        var anchor = (AbiTuple)answer[0];
        return new Anchor(
            index,
            anchor.Get<Bytes32>("root"),
            anchor.Get<ulong>("firstBlob"),
            (uint)anchor.Get<ulong>("blobCount"),
            anchor.Get<ulong>("blockNumber"),
            anchor.Get<ulong>("expiry")
        );
    }

    /// <summary>Whether the contract counts an epoch of an operator as proven.</summary>
    public async Task<bool> IsProvenAsync(Address operatorAddress, ulong epoch, CancellationToken cancellationToken)
    {
        AbiTuple answer = await CallAsync(GetEpochFunction, cancellationToken, operatorAddress, epoch);
        return (EpochStatus)((AbiTuple)answer[0]).Get<ulong>("status") == EpochStatus.Proven;
    }

    /// <summary>Whether anything was recorded or reported about an epoch of an operator.</summary>
    public async Task<EpochStatus> EpochStatusAsync(
        Address operatorAddress,
        ulong epoch,
        CancellationToken cancellationToken
    ) =>
        (EpochStatus)
            ((AbiTuple)(await CallAsync(GetEpochFunction, cancellationToken, operatorAddress, epoch))[0]).Get<ulong>(
                "status"
            );

    /// <summary>An operator's stake, and whether it was slashed.</summary>
    public async Task<(BigInteger Stake, bool Condemned)> AccountAsync(
        Address operatorAddress,
        CancellationToken cancellationToken
    )
    {
        var account = (AbiTuple)(await CallAsync(GetAccountFunction, cancellationToken, operatorAddress))[0];
        return (account.Get<BigInteger>("stake"), account.Get<bool>("condemned"));
    }

    /// <summary>Why the contract would take no anchor of an operator now, in words; null where it would.</summary>
    public async Task<string?> WhyNoAnchorAsync(Address operatorAddress, CancellationToken cancellationToken)
    {
        var account = (AbiTuple)(await CallAsync(GetAccountFunction, cancellationToken, operatorAddress))[0];
        BigInteger stake = account.Get<BigInteger>("stake");
        if (account.Get<bool>("condemned"))
        {
            return $"{operatorAddress} was slashed and may not anchor any more";
        }

        if ((ulong)account["exitRequestedAt"] != 0)
        {
            return $"{operatorAddress} has asked for its stake back and may not anchor meanwhile";
        }

        BigInteger minimum = _minimumStake ??= (
            (AbiTuple)(await CallAsync(ParametersFunction, cancellationToken))[0]
        ).Get<BigInteger>("minimumStake");
        return stake >= minimum
            ? null
            : $"{operatorAddress} stakes {stake} wei, less than the {minimum} wei that the contract asks for";
    }

    /// <summary>How many anchors the contract kept of an operator at a block.</summary>
    public async Task<ulong> AnchorCountAsync(Address operatorAddress, ulong block, CancellationToken cancellationToken)
    {
        byte[] data = AnchorCountFunction.Encode(operatorAddress);
        byte[] answer = await client.CallAsync(address, data, BlockTag.Number(block), cancellationToken);
        return (ulong)(BigInteger)AnchorCountFunction.Decode(answer)[0];
    }

    /// <summary>What somebody may claim, in wei.</summary>
    public async Task<BigInteger> CreditAsync(Address owner, CancellationToken cancellationToken) =>
        (BigInteger)(await CallAsync(CreditOfFunction, cancellationToken, owner))[0];

    /// <summary>The transaction that reports an epoch of an operator as missed.</summary>
    public TransactionRequest ReportMiss(Address operatorAddress, ulong epoch, RangeHints hints) =>
        new(address, ReportMissFunction.Encode(operatorAddress, epoch, Hints(hints)));

    /// <summary>The transaction that shows a recorded partial sum to be wrong.</summary>
    /// <param name="proof">The recorded proof.</param>
    /// <param name="chunk">The wrong partial sum.</param>
    /// <param name="leaves">The commitments of the chunk's samples, in order.</param>
    public TransactionRequest ProveFraud(
        Address operatorAddress,
        SubmittedProof proof,
        int chunk,
        IReadOnlyList<AnchoredLeaf> leaves
    ) =>
        new(
            address,
            ProveFraudFunction.Encode(
                operatorAddress,
                proof.Seen.Epoch,
                proof.Seen.Seed,
                Hints(proof.Hints),
                proof.PartialSums.Select(Words).ToArray(),
                chunk,
                leaves
                    .Select(leaf => new object[] { leaf.AnchorIndex, Words(leaf), leaf.Path.Cast<object>().ToArray() })
                    .ToArray()
            )
        );

    /// <summary>The transaction that shows an anchored commitment to be no point of the group.</summary>
    /// <param name="y">A y with which the commitment's x is on the curve, 64 bytes; zeros where there is none.</param>
    public TransactionRequest ProveInvalidCommitment(
        Address operatorAddress,
        uint anchorIndex,
        ulong position,
        byte[] commitment,
        IReadOnlyList<Bytes32> path,
        byte[] y
    ) =>
        new(
            address,
            ProveInvalidCommitmentFunction.Encode(
                new object[] { operatorAddress, anchorIndex, position, commitment, path.Cast<object>().ToArray() },
                y[..32],
                y[32..]
            )
        );

    /// <summary>What happened to one operator in a range of blocks, in order.</summary>
    public async Task<OperatorEvents> ReadEventsAsync(
        Address operatorAddress,
        ulong first,
        ulong last,
        CancellationToken cancellationToken
    )
    {
        IReadOnlyList<Log> logs = await client.GetLogsAsync(
            address,
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
        IReadOnlyList<Log> logs = await client.GetLogsAsync(
            address,
            [
                [BatchAnchoredEvent.Topic],
                null,
                [id.Value],
            ],
            first,
            last,
            cancellationToken
        );
        return [.. Sound(logs, first, last, []).Select(OperatorOf)];
    }

    /// <summary>What happened to every operator in a range of blocks.</summary>
    public async Task<IReadOnlyDictionary<Address, OperatorEvents>> ReadAllEventsAsync(
        ulong first,
        ulong last,
        CancellationToken cancellationToken
    )
    {
        IReadOnlyList<Log> logs = await client.GetLogsAsync(address, [FollowedTopics], first, last, cancellationToken);
        return Sound(logs, first, last, [])
            .GroupBy(OperatorOf)
            .ToDictionary(group => group.Key, group => Read([.. group], []));
    }

    private static Address OperatorOf(Log log) =>
        Address.FromBytes(log.Topics[1].ToArray().AsSpan(Bytes32.Length - Address.Length));

    /// <summary>The logs that are what was asked for: of this contract, in these blocks, about an operator.</summary>
    private IEnumerable<Log> Sound(IReadOnlyList<Log> logs, ulong first, ulong last, List<string> odd)
    {
        foreach (Log log in logs)
        {
            if (log.Address == address && log.BlockNumber >= first && log.BlockNumber <= last && log.Topics.Count > 1)
            {
                yield return log;
            }
            else
            {
                odd.Add($"log {log.LogIndex} of block {log.BlockNumber}: it is not what was asked for");
            }
        }
    }

    private static OperatorEvents Read(IReadOnlyList<Log> logs, List<string> odd)
    {
        ILookup<ulong, AnchoredBatch> batches = Decode(logs, BatchAnchoredEvent, odd, ReadBatch)
            .ToLookup(batch => (ulong)batch.AnchorIndex);
        return new OperatorEvents(
            [.. Decode(logs, AnchoredEvent, odd, log => ReadAnchor(log, batches))],
            [.. Decode(logs, ProofSubmittedEvent, odd, ReadProof)]
        )
        {
            Odd = odd,
        };
    }

    /// <summary>
    /// The logs of an event, but for those that are none or hold values that no contract could have written: one of
    /// these must not hide the others.
    /// </summary>
    private static List<T> Decode<T>(IReadOnlyList<Log> logs, AbiEvent of, List<string> odd, Func<Log, T> read)
    {
        var values = new List<T>();
        foreach (Log log in logs.Where(log => log.Topics[0] == of.Topic))
        {
            try
            {
                values.Add(read(log));
            }
            catch (Exception unreadable)
                when (unreadable
                        is FormatException
                            or OverflowException
                            or InvalidDataException
                            or KeyNotFoundException
                            or InvalidCastException
                )
            {
                odd.Add($"log {log.LogIndex} of block {log.BlockNumber} ({of.Name}): {unreadable.Message}");
            }
        }

        return values;
    }

    private static AnchoredBatch ReadBatch(Log log)
    {
        AbiTuple arguments = BatchAnchoredEvent.Decode(log);
        var batch = new AnchoredBatch(
            new BatchId(arguments.Get<Bytes32>("batchId")),
            checked((uint)(BigInteger)arguments["anchorIndex"]),
            arguments.Get<ulong>("firstBlob"),
            (uint)arguments.Get<ulong>("blobCount")
        )
        {
            PayloadLength = (uint)arguments.Get<ulong>("payloadLength"),
        };
        return batch.BlobCount > 0 && batch.FirstBlob <= Most
            ? batch
            : throw new InvalidDataException("its blobs are none");
    }

    private static AnchorEvent ReadAnchor(Log log, ILookup<ulong, AnchoredBatch> batches)
    {
        AbiTuple arguments = AnchoredEvent.Decode(log);
        uint index = checked((uint)(BigInteger)arguments["anchorIndex"]);
        var anchor = new Anchor(
            index,
            arguments.Get<Bytes32>("root"),
            arguments.Get<ulong>("firstBlob"),
            (uint)arguments.Get<ulong>("blobCount"),
            log.BlockNumber,
            arguments.Get<ulong>("expiry")
        );
        byte[] commitments = arguments.Get<byte[]>("commitments");
        if (
            anchor.BlobCount == 0
            || anchor.FirstBlob > Most
            || anchor.Expiry > Most
            || commitments.Length != (long)anchor.BlobCount * KzgCommitment.Length
        )
        {
            throw new InvalidDataException("its numbers do not add up");
        }

        return new AnchorEvent(
            anchor,
            log.TransactionHash,
            commitments,
            [
                .. batches[index]
                    .Where(batch =>
                        batch.FirstBlob >= anchor.FirstBlob && batch.FirstBlob + batch.BlobCount <= anchor.EndBlob
                    ),
            ]
        );
    }

    private static SubmittedProof ReadProof(Log log)
    {
        AbiTuple arguments = ProofSubmittedEvent.Decode(log);
        var hints = arguments.Get<AbiTuple>("hints");
        ulong epoch = arguments.Get<ulong>("epoch");
        return new SubmittedProof(
            new ProofEvent(
                epoch <= Most ? epoch : throw new InvalidDataException("its epoch is none"),
                log.BlockNumber,
                log.TransactionHash,
                arguments.Get<Bytes32>("seed")
            ),
            new RangeHints(
                (uint)hints.Get<ulong>("loAnchor"),
                (uint)hints.Get<ulong>("hotAnchor"),
                (uint)hints.Get<ulong>("endAnchor")
            ),
            [.. arguments.Get<object[]>("partialSums").Select(point => Padded((AbiTuple)point))],
            arguments.Get<Bytes32>("y"),
            Padded(arguments.Get<AbiTuple>("proof"))
        );
    }

    private static byte[] Padded(AbiTuple words) => [.. words.SelectMany(word => ((Bytes32)word).ToArray())];

    private static object[] Hints(RangeHints hints) => [hints.LoAnchor, hints.HotAnchor, hints.EndAnchor];

    private static object[] Words(byte[] padded) => [padded[..32], padded[32..64], padded[64..96], padded[96..]];

    /// <summary>A leaf's point; infinity where it is none, which is fraud of its own and makes this one fail.</summary>
    private static object[] Words(AnchoredLeaf leaf) =>
        Words(G1Point.TryDecode(leaf.Commitment, out G1Point point) ? point : G1Point.Infinity);

    private static object[] Words(G1Point point)
    {
        var padded = new byte[G1Point.PaddedLength];
        point.EncodePadded(padded);
        return Words(padded);
    }

    private async Task<AbiTuple> CallAsync(
        AbiFunction function,
        CancellationToken cancellationToken,
        params object[] arguments
    ) =>
        function.Decode(
            await client.CallAsync(address, function.Encode(arguments), BlockTag.Latest, cancellationToken)
        );
}

/// <summary>What the contract says about an operator's epoch.</summary>
internal enum EpochStatus
{
    /// <summary>No proof is recorded.</summary>
    None = 0,

    /// <summary>A proof is recorded and was not shown to be wrong.</summary>
    Proven = 1,

    /// <summary>A miss was reported.</summary>
    Missed = 2,

    /// <summary>A partial sum was shown to be wrong.</summary>
    Fraudulent = 3,
}
