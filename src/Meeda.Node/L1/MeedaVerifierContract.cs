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
    public TransactionRequest Stake(System.Numerics.BigInteger wei) => new(address, StakeFunction.Encode(), wei);

    /// <summary>The parameters that the contract was made with, as far as epochs go.</summary>
    public async Task<EpochParameters> EpochParametersAsync(CancellationToken cancellationToken)
    {
        IReadOnlyDictionary<string, object> values = await CallAsync(ParametersFunction, cancellationToken);
        return new EpochParameters(
            Convert.ToUInt32(values["epochBlocks"], null),
            Convert.ToUInt32(values["hotEpochs"], null),
            Convert.ToUInt32(values["hotSamples"], null),
            Convert.ToUInt32(values["coldSamples"], null),
            Convert.ToUInt32(values["proofWindow"], null));
    }

    private static object[] Words(G1Point point)
    {
        var padded = new byte[G1Point.PaddedLength];
        point.EncodePadded(padded);
        return [padded[..32], padded[32..64], padded[64..96], padded[96..]];
    }
}
