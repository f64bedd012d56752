using System.Numerics;
using Meeda.Ethereum;
using Meeda.Kzg.Commitments;
using Meeda.Kzg.Curves;
using Meeda.L1.Contracts;
using Meeda.L1.Rpc;
using Meeda.L1.Transactions;
using Meeda.Protocol.Anchors;
using Meeda.Protocol.Proofs;
using Nethereum.Contracts;

namespace Meeda.Chain.Contract;

/// <summary>
/// The MeedaVerifier contract as C# sees it: the only place that knows its functions and events. Their types are
/// generated from the compiled contract, and checked against the one that is built into this assembly.
/// </summary>
internal sealed partial class MeedaVerifierContract(EthereumClient client, Address address)
{
    private static readonly TypedContract Abi = MeedaVerifierArtifact.Contract;

    // It never changes.
    private BigInteger? _minimumStake;

    /// <summary>The contract's address.</summary>
    public Address Address => address;

    /// <summary>The transaction that anchors batches.</summary>
    /// <param name="batches">Of each the payload's bytes and its blobs' compressed commitments, 48 bytes each.</param>
    public TransactionRequest Anchor(IReadOnlyList<(uint PayloadLength, byte[] Commitments)> batches)
    {
        var function = new AnchorFunction
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
        };
        return Request(function);
    }

    /// <summary>The transaction that submits an epoch's proof.</summary>
    public TransactionRequest SubmitProof(ulong epoch, RangeHints hints, AvailabilityProof proof) =>
        Request(
            new SubmitProofFunction
            {
                Epoch = epoch,
                Hints = Hints(hints),
                PartialSums = [.. proof.PartialSums.Select(Words)],
                Y = proof.Y.ToArray(),
                Proof = Words(proof.Proof.Point),
            }
        );

    /// <summary>The transaction that adds to the sender's stake.</summary>
    /// <param name="wei">The amount.</param>
    public TransactionRequest Stake(BigInteger wei) => Request(new StakeFunction(), wei);

    /// <summary>The transaction that deploys a contract with these parameters.</summary>
    public static TransactionRequest Deploy(ContractParameters parameters) =>
        new(
            null,
            TypedContract.EncodeCreation(
                new MeedaVerifierDeployment(MeedaVerifierArtifact.Bytecode) { P = parameters.ToAbi() }
            )
        );

    /// <summary>The L1 blocks from its anchor for which a blob must be held.</summary>
    public async Task<ulong> RetentionAsync(CancellationToken cancellationToken) =>
        (await ParametersAsync(cancellationToken)).Retention;

    /// <summary>The parameters that the contract was made with, as far as epochs go.</summary>
    public async Task<EpochParameters> EpochParametersAsync(CancellationToken cancellationToken)
    {
        ParametersData values = await ParametersAsync(cancellationToken);
        return new EpochParameters(
            values.EpochBlocks,
            values.HotEpochs,
            values.HotSamples,
            values.ColdSamples,
            values.ProofWindow
        );
    }

    /// <summary>An anchor as the contract keeps it.</summary>
    public async Task<Anchor> GetAnchorAsync(Address operatorAddress, uint index, CancellationToken cancellationToken)
    {
        var function = new GetAnchorFunction { Operator = $"{operatorAddress}", Index = index };
        AnchorData anchor = (await CallAsync(function, cancellationToken)).Value1;
        return new Anchor(
            index,
            Bytes32.FromBytes(anchor.Root),
            anchor.FirstBlob,
            anchor.BlobCount,
            anchor.BlockNumber,
            anchor.Expiry
        );
    }

    /// <summary>Whether the contract counts an epoch of an operator as proven.</summary>
    public async Task<bool> IsProvenAsync(Address operatorAddress, ulong epoch, CancellationToken cancellationToken) =>
        await EpochStatusAsync(operatorAddress, epoch, cancellationToken) == EpochStatus.Proven;

    /// <summary>Whether anything was recorded or reported about an epoch of an operator.</summary>
    public async Task<EpochStatus> EpochStatusAsync(
        Address operatorAddress,
        ulong epoch,
        CancellationToken cancellationToken
    ) =>
        (EpochStatus)
            (
                await CallAsync(
                    new GetEpochFunction { Operator = $"{operatorAddress}", Epoch = epoch },
                    cancellationToken
                )
            )
                .Value1
                .Status;

    /// <summary>An operator's stake, and whether it was slashed.</summary>
    public async Task<(BigInteger Stake, bool Slashed)> AccountAsync(
        Address operatorAddress,
        CancellationToken cancellationToken
    )
    {
        AccountData account = await GetAccountAsync(operatorAddress, cancellationToken);
        return (account.Stake, account.Condemned);
    }

    /// <summary>Why the contract would take no anchor of an operator now, in words; null where it would.</summary>
    public async Task<string?> WhyNoAnchorAsync(Address operatorAddress, CancellationToken cancellationToken)
    {
        AccountData account = await GetAccountAsync(operatorAddress, cancellationToken);
        BigInteger stake = account.Stake;
        if (account.Condemned)
        {
            return $"{operatorAddress} was slashed and may not anchor any more";
        }

        if (account.ExitRequestedAt != 0)
        {
            return $"{operatorAddress} has asked for its stake back and may not anchor meanwhile";
        }

        BigInteger minimum = _minimumStake ??= (await ParametersAsync(cancellationToken)).MinimumStake;
        return stake >= minimum
            ? null
            : $"{operatorAddress} stakes {stake} wei, less than the {minimum} wei that the contract asks for";
    }

    /// <summary>How many anchors the contract kept of an operator at a block.</summary>
    public async Task<ulong> AnchorCountAsync(Address operatorAddress, ulong block, CancellationToken cancellationToken)
    {
        var function = new AnchorCountFunction { Operator = $"{operatorAddress}" };
        byte[] answer = await client.CallAsync(
            address,
            Abi.Encode(function),
            BlockTag.Number(block),
            cancellationToken
        );
        return (ulong)Abi.Decode(function, answer).Value1;
    }

    /// <summary>What an account may claim, in wei.</summary>
    public async Task<BigInteger> CreditAsync(Address owner, CancellationToken cancellationToken) =>
        (await CallAsync(new CreditOfFunction { Owner = $"{owner}" }, cancellationToken)).Value1;

    /// <summary>The transaction that reports an epoch of an operator as missed.</summary>
    public TransactionRequest ReportMiss(Address operatorAddress, ulong epoch, RangeHints hints) =>
        Request(
            new ReportMissFunction
            {
                Operator = $"{operatorAddress}",
                Epoch = epoch,
                Hints = Hints(hints),
            }
        );

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
        Request(
            new ProveFraudFunction
            {
                Operator = $"{operatorAddress}",
                Epoch = proof.Seen.Epoch,
                Seed = proof.Seen.Seed.ToArray(),
                Hints = Hints(proof.Hints),
                PartialSums = [.. proof.PartialSums.Select(Words)],
                Chunk = chunk,
                Leaves =
                [
                    .. leaves.Select(leaf => new LeafData
                    {
                        AnchorIndex = leaf.AnchorIndex,
                        Point = Words(leaf),
                        Path = Nodes(leaf.Path),
                    }),
                ],
            }
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
        Request(
            new ProveInvalidCommitmentFunction
            {
                Blob = new BlobRefData
                {
                    Operator = $"{operatorAddress}",
                    AnchorIndex = anchorIndex,
                    Position = position,
                    Commitment = commitment,
                    Path = Nodes(path),
                },
                YHigh = y[..32],
                YLow = y[32..],
            }
        );

    private static RangeHintsData Hints(RangeHints hints) =>
        new()
        {
            LoAnchor = hints.LoAnchor,
            HotAnchor = hints.HotAnchor,
            EndAnchor = hints.EndAnchor,
        };

    private static List<byte[]> Nodes(IReadOnlyList<Bytes32> path) => [.. path.Select(node => node.ToArray())];

    private static G1Data Words(byte[] padded) =>
        new()
        {
            XHigh = padded[..32],
            XLow = padded[32..64],
            YHigh = padded[64..96],
            YLow = padded[96..],
        };

    /// <summary>
    /// A leaf's point; infinity where it is invalid, which is fraud of its own and makes this one fail.
    /// </summary>
    private static G1Data Words(AnchoredLeaf leaf) =>
        Words(G1Point.TryDecode(leaf.Commitment, out G1Point point) ? point : G1Point.Infinity);

    private static G1Data Words(G1Point point)
    {
        var padded = new byte[G1Point.PaddedLength];
        point.EncodePadded(padded);
        return Words(padded);
    }

    private TransactionRequest Request<TFunction>(TFunction function, BigInteger wei = default)
        where TFunction : FunctionMessage, new() => new(address, Abi.Encode(function), wei);

    private async Task<ParametersData> ParametersAsync(CancellationToken cancellationToken) =>
        (await CallAsync(new ParametersFunction(), cancellationToken)).Value1;

    private async Task<AccountData> GetAccountAsync(Address operatorAddress, CancellationToken cancellationToken) =>
        (await CallAsync(new GetAccountFunction { Operator = $"{operatorAddress}" }, cancellationToken)).Value1;

    private async Task<TOutput> CallAsync<TFunction, TOutput>(
        IFunction<TFunction, TOutput> function,
        CancellationToken cancellationToken
    )
        where TFunction : FunctionMessage, IFunction<TFunction, TOutput>, new()
        where TOutput : new()
    {
        byte[] data = Abi.Encode((TFunction)function);
        return Abi.Decode(function, await client.CallAsync(address, data, BlockTag.Latest, cancellationToken));
    }
}
