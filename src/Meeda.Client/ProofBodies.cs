namespace Meeda.Client;

/// <summary>
/// A blob's commitment with its Merkle path to an anchor's root over commitments (docs/protocol.md, "Anchoring").
/// </summary>
/// <param name="Position">The operator's position of the blob.</param>
/// <param name="LeafIndex">The index of its leaf in the anchor's tree.</param>
/// <param name="Commitment">The compressed KZG commitment, hex.</param>
/// <param name="Path">The sibling hashes from the leaf to the root, hex.</param>
public sealed record LeafBody(ulong Position, ulong LeafIndex, string Commitment, IReadOnlyList<string> Path);

/// <summary>
/// Proves that a batch is anchored: enough to check its commitments against the contract's <c>getAnchor</c>.
/// </summary>
/// <param name="BatchId">The batch's id.</param>
/// <param name="Operator">The operator that anchored it.</param>
/// <param name="AnchorIndex">The anchor's index.</param>
/// <param name="Root">The anchor's root: Keccak-256 of <c>LeafRoot ‖ IdRoot</c>.</param>
/// <param name="LeafRoot">The Merkle root over its commitments.</param>
/// <param name="IdRoot">The Merkle root over its batch ids.</param>
/// <param name="LeafCount">The number of the anchor's blobs.</param>
/// <param name="BlockNumber">The L1 block of the anchor.</param>
/// <param name="Expiry">The L1 block from which the operator no longer has to keep the batch.</param>
/// <param name="Transaction">The anchoring transaction's hash.</param>
/// <param name="Blobs">The batch's blobs in order.</param>
public sealed record BatchProofBody(
    string BatchId,
    string Operator,
    uint AnchorIndex,
    string Root,
    string LeafRoot,
    string IdRoot,
    uint LeafCount,
    ulong BlockNumber,
    ulong Expiry,
    string Transaction,
    IReadOnlyList<LeafBody> Blobs
);

/// <summary>A batch's sampling in one epoch.</summary>
/// <param name="Epoch">The epoch.</param>
/// <param name="Sampled">The number of the batch's blobs that the epoch challenged.</param>
/// <param name="Outcome"><c>proven</c>, <c>missed</c> or <c>pending</c>.</param>
public sealed record SampledEpochBody(ulong Epoch, int Sampled, string Outcome);

/// <summary>How often a batch was sampled, and how often proven.</summary>
/// <param name="BatchId">The batch's id.</param>
/// <param name="Operator">The operator.</param>
/// <param name="Blobs">The number of the batch's blobs.</param>
/// <param name="Live">The number of epochs in which it was live; only the newest 512 count.</param>
/// <param name="Sampled">The number of these that challenged at least one of its blobs.</param>
/// <param name="Proven">The number of sampled epochs whose proof is recorded.</param>
/// <param name="Missed">The number of sampled epochs whose window passed without a proof.</param>
/// <param name="Epochs">Each epoch, oldest first.</param>
public sealed record HistoryBody(
    string BatchId,
    string Operator,
    uint Blobs,
    int Live,
    int Sampled,
    int Proven,
    int Missed,
    IReadOnlyList<SampledEpochBody> Epochs
);

/// <summary>One check of a proof.</summary>
/// <param name="What">What was checked, in words.</param>
/// <param name="Holds">Whether it holds.</param>
public sealed record CheckBody(string What, bool Holds);

/// <summary>An epoch's recorded proof with the results of recomputing it.</summary>
/// <param name="Operator">The operator.</param>
/// <param name="Epoch">The epoch.</param>
/// <param name="Status">
/// <c>none</c>, <c>proven</c>, <c>missed</c> or <c>fraudulent</c>, according to the contract.
/// </param>
/// <param name="BlockNumber">The L1 block of the proof.</param>
/// <param name="Transaction">The proof's transaction.</param>
/// <param name="Seed">The epoch's seed.</param>
/// <param name="FirstLive">The first live position at the epoch's block.</param>
/// <param name="FirstHot">The first recent position.</param>
/// <param name="EndLive">One past the last live position.</param>
/// <param name="Samples">The challenged blobs, with repetitions.</param>
/// <param name="PartialSums">The recorded partial sums, points of 96 bytes (x, y), hex.</param>
/// <param name="Y">The recorded value.</param>
/// <param name="Proof">The recorded opening, a point of 96 bytes (x, y), hex.</param>
/// <param name="Holds">Whether every check holds.</param>
/// <param name="Checks">The checks.</param>
public sealed record EpochBody(
    string Operator,
    ulong Epoch,
    string Status,
    ulong BlockNumber,
    string Transaction,
    string Seed,
    ulong FirstLive,
    ulong FirstHot,
    ulong EndLive,
    int Samples,
    IReadOnlyList<string> PartialSums,
    string Y,
    string Proof,
    bool Holds,
    IReadOnlyList<CheckBody> Checks
);

/// <summary>A blob's value at a point, proven (EIP-4844 <c>compute_kzg_proof</c>).</summary>
/// <param name="Position">The operator's position of the blob.</param>
/// <param name="Commitment">The compressed KZG commitment, hex.</param>
/// <param name="Z">The point, 32 bytes hex.</param>
/// <param name="Y">The value at that point.</param>
/// <param name="Proof">The compressed KZG proof.</param>
public sealed record OpeningBody(ulong Position, string Commitment, string Z, string Y, string Proof);

/// <summary>A cell of a blob with its proof (EIP-7594).</summary>
/// <param name="Position">The operator's position of the blob.</param>
/// <param name="Index">Which of the blob's 128 cells.</param>
/// <param name="Commitment">The compressed KZG commitment, hex.</param>
/// <param name="Cell">The cell, 2,048 bytes hex.</param>
/// <param name="Proof">The compressed KZG proof.</param>
public sealed record CellBody(ulong Position, int Index, string Commitment, string Cell, string Proof);
