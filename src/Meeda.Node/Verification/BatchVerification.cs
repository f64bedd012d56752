using Meeda.Ethereum;
using Meeda.Ethereum.JsonRpc;
using Meeda.Kzg.Commitments;
using Meeda.Kzg.Curves;
using Meeda.Node.L1;
using Meeda.Node.Storage;
using Meeda.Protocol.Anchors;
using Meeda.Protocol.Batches;
using Meeda.Protocol.Proofs;

namespace Meeda.Node.Verification;

/// <summary>One thing that was checked, in words, and whether it holds.</summary>
internal sealed record Check(string What, bool Holds);

/// <summary>
/// Checks a batch and an epoch's proof against L1 alone: no operator, ledger or memory is trusted. Everything is recomputed from the payload, L1's logs
/// and the ceremony's setup.
/// </summary>
internal sealed class BatchVerification(
    EthereumClient client, MeedaVerifierContract contract, CommitmentKey commitmentKey, VerificationKey verificationKey)
{
    /// <summary>Whether a payload is the batch of that id, and that batch is anchored.</summary>
    /// <param name="id">The id that the rollup kept.</param>
    /// <param name="payload">What some source says the batch is.</param>
    /// <param name="events">The operator's events on L1, from the contract's deployment on.</param>
    public async Task<IReadOnlyList<Check>> CheckBatchAsync(
        BatchId id, byte[] payload, Address operatorAddress, OperatorEvents events, CancellationToken cancellationToken)
    {
        byte[] blobs = BlobEncoding.Encode(payload);
        var commitments = new byte[blobs.Length / Blob.ByteLength * KzgCommitment.Length];
        for (int i = 0; i * Blob.ByteLength < blobs.Length; i++)
        {
            commitmentKey.Commit(blobs.AsSpan(i * Blob.ByteLength, Blob.ByteLength)).Encode(commitments.AsSpan(i * KzgCommitment.Length));
        }

        var checks = new List<Check>
        {
            new("the payload's commitments, computed anew, give the batch id", BatchId.Compute((uint)payload.Length, commitments) == id),
        };
        AnchorSeen? seen = events.Anchors.LastOrDefault(anchor => anchor.Batches.Any(batch => batch.Batch == id));
        if (seen is null)
        {
            checks.Add(new("L1's log has an anchor of this batch id", false));
            return checks;
        }

        AnchoredBatch anchored = seen.Batches.Last(batch => batch.Batch == id);
        var tree = new AnchorTree(seen.Commitments);
        int offset = (int)(anchored.FirstBlob - seen.Anchor.FirstBlob);
        Anchor onChain = await contract.GetAnchorAsync(operatorAddress, seen.Anchor.Index, cancellationToken);
        checks.Add(new("L1's log has an anchor of this batch id", true));
        checks.Add(new("the anchor's Merkle root, rebuilt from the log, is the one the contract keeps", tree.Root == onChain.Root && onChain == seen.Anchor));
        checks.Add(new(
            "every blob's commitment is a leaf of that root at the batch's position",
            Enumerable.Range(0, (int)anchored.BlobCount).All(i => AnchorTree.Verify(
                onChain.Root,
                tree.LeafCount,
                offset + i,
                commitments.AsSpan(i * KzgCommitment.Length, KzgCommitment.Length),
                tree.Path(offset + i)))));
        return checks;
    }

    /// <summary>Whether a recorded proof of an epoch covers the batch and is right in every part.</summary>
    public async Task<IReadOnlyList<Check>> CheckProofAsync(
        BatchId id, ulong epoch, Address operatorAddress, OperatorEvents events, CancellationToken cancellationToken)
    {
        SubmittedProof? seen = events.Proofs.LastOrDefault(proof => proof.Seen.Epoch == epoch);
        EpochParameters parameters = await contract.EpochParametersAsync(cancellationToken);
        if (seen is null || parameters.LiveRangeAt(epoch, [.. events.Anchors.Select(anchor => anchor.Anchor)]) is not var (range, hints))
        {
            return [new($"the contract recorded a proof of epoch {epoch}", false)];
        }

        Block block = await client.GetBlockAsync(BlockTag.Number(parameters.BlockOf(epoch)), cancellationToken)
            ?? throw new InvalidDataException($"L1 does not give block {parameters.BlockOf(epoch)}");
        EpochSeed seed = EpochSeed.Derive(
            block.Hash, epoch, operatorAddress, contract.Address, await client.GetChainIdAsync(cancellationToken));
        Sample[] samples = Sampler.Draw(seed, range, parameters.HotSamples, parameters.ColdSamples);
        AnchoredBatch batch = events.Anchors.SelectMany(anchor => anchor.Batches).Last(anchored => anchored.Batch == id);
        int covered = samples.Select(sample => sample.Position).Distinct()
            .Count(position => position >= batch.FirstBlob && position < batch.FirstBlob + batch.BlobCount);
        G1Point[] sums = AvailabilityProof.SumCommitments(samples, position => CommitmentAt(events, position));

        return
        [
            new($"the contract recorded a proof of epoch {epoch} and counts it as proven", await contract.IsProvenAsync(operatorAddress, epoch, cancellationToken)),
            new("its seed is the one that the hash of the epoch's block fixes, its range the one of the anchors", seen.Seen.Seed == seed.Value && seen.Hints == hints),
            new($"it challenged blobs of this batch ({covered} of {batch.BlobCount})", covered > 0),
            new("its partial sums, computed anew from L1's log, are right", seen.FindWrongChunk(sums) is null),
            new("its opening verifies under the ceremony's setup", seen.TryDecode(out AvailabilityProof? proof) && proof.Verify(verificationKey, seed.Challenge())),
        ];
    }

    private static G1Point CommitmentAt(OperatorEvents events, ulong position)
    {
        AnchorSeen anchor = events.Anchors.Last(seen => seen.Anchor.FirstBlob <= position);
        int index = (int)(position - anchor.Anchor.FirstBlob);
        return G1Point.TryDecode(anchor.Commitments.AsSpan(index * KzgCommitment.Length, KzgCommitment.Length), out G1Point point)
            ? point
            : throw new InvalidDataException($"the commitment anchored at blob position {position} is not a point of the group");
    }
}
