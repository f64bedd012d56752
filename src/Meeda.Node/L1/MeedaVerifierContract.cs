using System.Numerics;
using Meeda.Ethereum;
using Meeda.Ethereum.Abi;
using Meeda.Ethereum.JsonRpc;
using Meeda.Ethereum.Transactions;
using Meeda.Kzg.Commitments;
using Meeda.Kzg.Curves;
using Meeda.Kzg.Fields;
using Meeda.Node.Storage;
using Meeda.Protocol.Anchors;
using Meeda.Protocol.Batches;
using Meeda.Protocol.Proofs;

namespace Meeda.Node.L1;

/// <summary>What happened to one operator in a range of blocks.</summary>
internal sealed record OperatorEvents(IReadOnlyList<AnchorSeen> Anchors, IReadOnlyList<ProofSeen> Proofs);

/// <summary>
/// The MeedaVerifier contract as C# sees it: the only place that knows its functions and events by name. Names and types come from the
/// compiled ABI that is built into this assembly, so that a change in Solidity that is not followed here fails at start-up and in the tests.
/// </summary>
internal sealed class MeedaVerifierContract(EthereumClient client, Address address)
{
    private static readonly AbiFunction AnchorFunction = MeedaVerifierArtifact.Abi.Function("anchor");
    private static readonly AbiFunction SubmitProofFunction = MeedaVerifierArtifact.Abi.Function("submitProof");
    private static readonly AbiFunction StakeFunction = MeedaVerifierArtifact.Abi.Function("stake");
    private static readonly AbiFunction ParametersFunction = MeedaVerifierArtifact.Abi.Function("parameters");
    private static readonly AbiFunction GetAnchorFunction = MeedaVerifierArtifact.Abi.Function("getAnchor");
    private static readonly AbiFunction GetEpochFunction = MeedaVerifierArtifact.Abi.Function("getEpoch");
    private static readonly AbiEvent AnchoredEvent = MeedaVerifierArtifact.Abi.Event("Anchored");
    private static readonly AbiEvent BatchAnchoredEvent = MeedaVerifierArtifact.Abi.Event("BatchAnchored");
    private static readonly AbiEvent ProofSubmittedEvent = MeedaVerifierArtifact.Abi.Event("ProofSubmitted");

    /// <summary>The contract's address.</summary>
    public Address Address => address;

    /// <summary>The transaction that anchors batches.</summary>
    public TransactionRequest Anchor(IReadOnlyList<StoredBatch> batches)
    {
        object[] headers = [.. batches.Select(batch => new object[] { batch.PayloadLength, (ushort)batch.BlobCount, Address.Zero })];
        byte[] commitments = [.. batches.SelectMany(batch => batch.Commitments)];
        return new TransactionRequest(address, AnchorFunction.Encode(headers, commitments));
    }

    /// <summary>The transaction that submits an epoch's proof.</summary>
    public TransactionRequest SubmitProof(ulong epoch, RangeHints hints, AvailabilityProof proof) => new(
        address,
        SubmitProofFunction.Encode(
            epoch,
            new object[] { hints.LoAnchor, hints.HotAnchor, hints.EndAnchor },
            proof.PartialSums.Select(Words).ToArray(),
            proof.Y.ToArray(),
            Words(proof.Proof.Point)));

    /// <summary>The transaction that adds to the sender's stake.</summary>
    /// <param name="wei">The amount.</param>
    public TransactionRequest Stake(BigInteger wei) => new(address, StakeFunction.Encode(), wei);

    /// <summary>The transaction that deploys a contract with these parameters.</summary>
    public static TransactionRequest Deploy(ContractParameters parameters) =>
        new(null, MeedaVerifierArtifact.Abi.Constructor.Encode(MeedaVerifierArtifact.Bytecode, [parameters.ToAbi()]));

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
            (uint)values.Get<ulong>("proofWindow"));
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
            anchor.Get<ulong>("expiry"));
    }

    /// <summary>Whether the contract counts an epoch of an operator as proven.</summary>
    public async Task<bool> IsProvenAsync(Address operatorAddress, ulong epoch, CancellationToken cancellationToken)
    {
        AbiTuple answer = await CallAsync(GetEpochFunction, cancellationToken, operatorAddress, epoch);
        return (EpochStatus)((AbiTuple)answer[0]).Get<ulong>("status") == EpochStatus.Proven;
    }

    /// <summary>The proof that a transaction submitted, out of its calldata.</summary>
    /// <exception cref="InvalidDataException">L1 does not know the transaction, or its calldata is no proof.</exception>
    public async Task<SubmittedProof> ReadProofAsync(Bytes32 transactionHash, CancellationToken cancellationToken)
    {
        Transaction transaction = await client.GetTransactionAsync(transactionHash, cancellationToken)
            ?? throw new InvalidDataException($"L1 does not know transaction {transactionHash}");
        AbiTuple arguments = SubmitProofFunction.DecodeInput(transaction.Input);
        var hints = arguments.Get<AbiTuple>("hints");
        G1Point[] partialSums = [.. arguments.Get<object[]>("partialSums").Select(point => ReadPoint((AbiTuple)point))];
        return new SubmittedProof(
            new RangeHints((uint)hints.Get<ulong>("loAnchor"), (uint)hints.Get<ulong>("hotAnchor"), (uint)hints.Get<ulong>("endAnchor")),
            new AvailabilityProof(
                partialSums,
                Fr.TryDecode(arguments.Get<Bytes32>("y").ToArray(), out Fr y) ? y : throw new InvalidDataException("the recorded y is not below r"),
                KzgProof.From(ReadPoint(arguments.Get<AbiTuple>("proof")))));
    }

    /// <summary>An operator's anchors and proofs in a range of blocks, in their order.</summary>
    public async Task<OperatorEvents> ReadEventsAsync(Address operatorAddress, ulong first, ulong last, CancellationToken cancellationToken)
    {
        var operatorTopic = new byte[Bytes32.Length];
        operatorAddress.CopyTo(operatorTopic.AsSpan(Bytes32.Length - Address.Length));
        IReadOnlyList<Log> logs = await client.GetLogsAsync(
            address,
            [[AnchoredEvent.Topic, BatchAnchoredEvent.Topic, ProofSubmittedEvent.Topic], [Bytes32.FromBytes(operatorTopic)]],
            first,
            last,
            cancellationToken);
        ILookup<ulong, AnchoredBatch> batches = logs.Where(log => log.Topics[0] == BatchAnchoredEvent.Topic)
            .Select(BatchAnchoredEvent.Decode)
            .Select(arguments => new AnchoredBatch(
                new BatchId(arguments.Get<Bytes32>("batchId")),
                (uint)(BigInteger)arguments["anchorIndex"],
                arguments.Get<ulong>("firstBlob"),
                (uint)arguments.Get<ulong>("blobCount")))
            .ToLookup(batch => (ulong)batch.AnchorIndex);
        return new OperatorEvents(
            [.. logs.Where(log => log.Topics[0] == AnchoredEvent.Topic).Select(log => ReadAnchor(log, batches))],
            [.. logs.Where(log => log.Topics[0] == ProofSubmittedEvent.Topic).Select(ReadProof)]);
    }

    private static AnchorSeen ReadAnchor(Log log, ILookup<ulong, AnchoredBatch> batches)
    {
        AbiTuple arguments = AnchoredEvent.Decode(log);
        var index = (uint)(BigInteger)arguments["anchorIndex"];
        var anchor = new Anchor(
            index,
            arguments.Get<Bytes32>("root"),
            arguments.Get<ulong>("firstBlob"),
            (uint)arguments.Get<ulong>("blobCount"),
            log.BlockNumber,
            arguments.Get<ulong>("expiry"));
        return new AnchorSeen(anchor, log.TransactionHash, arguments.Get<byte[]>("commitments"), [.. batches[index]]);
    }

    private static ProofSeen ReadProof(Log log)
    {
        AbiTuple arguments = ProofSubmittedEvent.Decode(log);
        return new ProofSeen(arguments.Get<ulong>("epoch"), log.BlockNumber, log.TransactionHash, arguments.Get<Bytes32>("seed"));
    }

    private static G1Point ReadPoint(AbiTuple words)
    {
        byte[] padded = [.. words.SelectMany(word => ((Bytes32)word).ToArray())];
        return G1Point.TryDecodePadded(padded, out G1Point point) ? point : throw new InvalidDataException("a recorded point is not one of the group");
    }

    private static object[] Words(G1Point point)
    {
        var padded = new byte[G1Point.PaddedLength];
        point.EncodePadded(padded);
        return [padded[..32], padded[32..64], padded[64..96], padded[96..]];
    }

    private async Task<AbiTuple> CallAsync(AbiFunction function, CancellationToken cancellationToken, params object[] arguments) =>
        function.Decode(await client.CallAsync(address, function.Encode(arguments), BlockTag.Latest, cancellationToken));
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

/// <summary>A proof as its transaction carries it.</summary>
/// <param name="Hints">The anchors that bound the live range.</param>
/// <param name="Proof">Partial sums, value and opening.</param>
internal sealed record SubmittedProof(RangeHints Hints, AvailabilityProof Proof);
