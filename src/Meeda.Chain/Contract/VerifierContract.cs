using Meeda.Ethereum;
using Meeda.L1.Rpc;
using Meeda.L1.Transactions;
using Meeda.Protocol.Proofs;

namespace Meeda.Chain.Contract;

/// <summary>Seeds, proofs of availability, and what any account can show about an operator.</summary>
internal sealed class VerifierContract(EthereumClient client, Address address)
    : PartContract(client, address, ContractArtifact.Verifier)
{
    /// <summary>The transaction that records the RANDAO mix of an epoch's seed block.</summary>
    /// <param name="epoch">The epoch.</param>
    /// <param name="header">The block's header.</param>
    public TransactionRequest RecordSeed(ulong epoch, BlockHeader header) =>
        Request(new RecordSeedFunction { Epoch = epoch, Header = header.Rlp });

    /// <summary>The transaction that submits an epoch's proof.</summary>
    /// <param name="epoch">The epoch.</param>
    /// <param name="seed">The seed that the proof was made for.</param>
    /// <param name="hints">The anchors that bound the live range.</param>
    /// <param name="proof">The proof, with a partial sum for each <see cref="Sampler.ChunkSize"/> samples.</param>
    /// <param name="header">The seed block's header; null where the seed is recorded.</param>
    public TransactionRequest SubmitProof(
        ulong epoch,
        EpochSeed seed,
        RangeHints hints,
        AvailabilityProof proof,
        BlockHeader? header
    ) =>
        Request(
            new SubmitProofFunction
            {
                Proof = new EpochProofData
                {
                    Epoch = epoch,
                    Seed = seed.Value.ToArray(),
                    Hints = Hints(hints),
                    PartialSums = PackedPoints.Encode([.. proof.PartialSums]),
                    Y = proof.Y.ToArray(),
                    Opening = PackedPoints.Encode([proof.Proof.Point]),
                },
                Header = header?.Rlp ?? [],
            }
        );

    /// <summary>The transaction that reports an epoch of an account as missed.</summary>
    /// <param name="account">The account.</param>
    /// <param name="epoch">The epoch.</param>
    /// <param name="hints">The anchors that bound the live range.</param>
    /// <param name="header">The seed block's header; null where the seed is recorded, or not needed.</param>
    public TransactionRequest ReportMiss(Address account, ulong epoch, RangeHints hints, BlockHeader? header) =>
        Request(
            new ReportMissFunction
            {
                Id = $"{account}",
                Epoch = epoch,
                Hints = Hints(hints),
                Header = header?.Rlp ?? [],
            }
        );

    /// <summary>The transaction that shows a recorded partial sum to be wrong.</summary>
    /// <param name="account">The account.</param>
    /// <param name="epoch">The epoch.</param>
    /// <param name="proven">The recorded proof.</param>
    /// <param name="chunk">The wrong partial sum.</param>
    /// <param name="leaves">The anchored commitments of its samples.</param>
    public TransactionRequest ProveFraud(
        Address account,
        ulong epoch,
        SubmittedProof proven,
        int chunk,
        ChunkProof leaves
    ) =>
        Request(
            new ProveFraudFunction
            {
                Id = $"{account}",
                Epoch = epoch,
                Proven = new RecordedProofData
                {
                    Seed = proven.Seen.Seed.ToArray(),
                    Hints = Hints(proven.Hints),
                    PartialSums = proven.PartialSums,
                },
                Chunk = chunk,
                Leaves = new ChunkProofData
                {
                    Points = [.. leaves.Points],
                    Order = [.. leaves.Order],
                    Anchors = [.. leaves.Anchors],
                    IdRoots = Words(leaves.IdRoots),
                    Hashes = Words(leaves.Hashes),
                },
            }
        );

    /// <summary>Whether anything was recorded or reported about an epoch of an account.</summary>
    public async Task<EpochStatus> EpochStatusAsync(
        Address account,
        ulong epoch,
        CancellationToken cancellationToken
    ) =>
        (EpochStatus)
            (await CallAsync(new GetEpochFunction { Id = $"{account}", Epoch = epoch }, cancellationToken))
                .Value1
                .Status;

    /// <summary>An epoch's block and the block whose RANDAO mix is its randomness, as the contract counts
    /// them.</summary>
    public async Task<(ulong EpochBlock, ulong SeedBlock)> BlocksAsync(ulong epoch, CancellationToken cancellationToken)
    {
        BlocksOfOutput blocks = await CallAsync(new BlocksOfFunction { Epoch = epoch }, cancellationToken);
        return ((ulong)blocks.EpochBlock, (ulong)blocks.SeedBlock);
    }

    /// <summary>What the contract recorded about an epoch of an account.</summary>
    public async Task<EpochRecord> EpochAsync(Address account, ulong epoch, CancellationToken cancellationToken)
    {
        EpochData data = (
            await CallAsync(new GetEpochFunction { Id = $"{account}", Epoch = epoch }, cancellationToken)
        ).Value1;
        return new EpochRecord((EpochStatus)data.Status, data.ProvenAt, data.Earns, data.LoAnchor, data.EndAnchor);
    }

    /// <summary>The recorded RANDAO mix of an epoch; zero where there is none.</summary>
    public async Task<Bytes32> MixAsync(ulong epoch, CancellationToken cancellationToken) =>
        Bytes32.FromBytes((await CallAsync(new MixOfFunction { Epoch = epoch }, cancellationToken)).Value1);

    /// <summary>The randomness of an account's epoch.</summary>
    /// <exception cref="JsonRpcException">The epoch's mix is not recorded.</exception>
    public async Task<Bytes32> EpochSeedAsync(Address account, ulong epoch, CancellationToken cancellationToken) =>
        Bytes32.FromBytes(
            (await CallAsync(new EpochSeedFunction { Id = $"{account}", Epoch = epoch }, cancellationToken)).Value1
        );

    /// <summary>The transaction that shows an anchored commitment to be no point of the group.</summary>
    /// <param name="account">The operator's account.</param>
    /// <param name="leaf">The commitment in its anchor.</param>
    /// <param name="position">The operator's position of the blob.</param>
    /// <param name="y">A y with which the commitment's x is on the curve, 64 bytes; zeros where there is none.</param>
    public TransactionRequest ProveInvalidCommitment(Address account, AnchoredLeaf leaf, ulong position, byte[] y) =>
        Request(
            new ProveInvalidCommitmentFunction
            {
                Blob = leaf.ToAbi(account, position),
                YHigh = y[..32],
                YLow = y[32..],
            }
        );
}
