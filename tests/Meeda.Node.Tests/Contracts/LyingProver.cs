using Meeda.Chain.Contract;
using Meeda.Chain.Index;
using Meeda.Ethereum;
using Meeda.Kzg.Commitments;
using Meeda.Kzg.Curves;
using Meeda.Kzg.Fields;
using Meeda.L1.Rpc;
using Meeda.L1.Transactions;
using Meeda.Protocol.Anchors;
using Meeda.Protocol.Batches;
using Meeda.Protocol.Proofs;
using Xunit;

namespace Meeda.Node.Tests.Contracts;

/// <summary>A scripted operator that keeps what it anchored, and submits valid or invalid proofs.</summary>
internal sealed class LyingProver(Deployment deployment)
{
    private static readonly CommitmentKey Key = new(TrustedSetup.Ethereum);

    private readonly List<byte[]> _blobs = [];
    private readonly List<AnchorContent> _anchors = [];

    /// <summary>What was anchored, as the contract keeps it.</summary>
    public IReadOnlyList<AnchorContent> Anchors => _anchors;

    /// <summary>Anchors batches of these lengths in one transaction.</summary>
    public async Task AnchorAsync(params int[] lengths)
    {
        var batches = new List<(uint PayloadLength, byte[] Commitments)>();
        foreach (int length in lengths)
        {
            var payload = new byte[length];
            new Random(length).NextBytes(payload);
            byte[][] blobs = [.. BlobEncoding.Encode(payload).Chunk(Blob.ByteLength)];
            _blobs.AddRange(blobs);
            batches.Add(((uint)length, [.. blobs.SelectMany(blob => Key.Commit(blob).ToArray())]));
        }

        await deployment.SendAsync(deployment.System.Anchors.Anchor(batches, liveHint: 0));
        byte[] commitments = [.. batches.SelectMany(batch => batch.Commitments)];
        AnchorRoots roots = AnchorRoots.Of(
            commitments,
            [.. batches.Select(batch => BatchId.Compute(batch.PayloadLength, batch.Commitments))]
        );
        Anchor anchor = await deployment.System.Anchors.GetAnchorAsync(
            deployment.Sender,
            (uint)_anchors.Count,
            default
        );
        Assert.Equal(roots.Root, anchor.Root);
        _anchors.Add(new AnchorContent(anchor, commitments, roots.IdRoot));
    }

    /// <summary>The proof of an epoch whose seed block is mined.</summary>
    /// <param name="epoch">The epoch.</param>
    /// <param name="mix">The RANDAO mix of its seed block.</param>
    /// <param name="lie">
    /// Whether to add one generator to the last partial sum and one to the value: the polynomial moves by the constant
    /// 1, so the opening stays valid.
    /// </param>
    public async Task<Draft> ProveAsync(ulong epoch, Bytes32 mix, bool lie)
    {
        SystemParameters parameters = Deployment.Parameters;
        (LiveRange range, RangeHints hints) = parameters
            .Epochs.LiveRangeAt(epoch, [.. _anchors.Select(content => content.Anchor)])!
            .Value;
        EpochSeed seed = EpochSeed.Derive(
            mix,
            epoch,
            deployment.Sender,
            deployment.System.Verifier.Address,
            await deployment.Client.GetChainIdAsync(default)
        );
        Sample[] samples = Sampler.Draw(seed, range, parameters.HotSamples, parameters.ColdSamples);
        var combination = new BlobCombination();
        foreach (Sample sample in samples)
        {
            combination.Add(_blobs[(int)sample.Position], sample.Weight);
        }

        KzgProof opening = combination.Open(Key, seed.Challenge(), out Fr y);
        G1Point[] sums = AvailabilityProof.SumCommitments(samples, CommitmentAt);
        if (lie)
        {
            sums[^1] += G1Point.Generator;
            y += Fr.One;
        }

        return new Draft(epoch, seed, hints, samples, new AvailabilityProof(sums, y, opening));
    }

    private G1Point CommitmentAt(ulong position)
    {
        AnchorContent content = _anchors.Single(each =>
            position >= each.Anchor.FirstBlob && position < each.Anchor.EndBlob
        );
        int place = (int)(position - content.Anchor.FirstBlob);
        Assert.True(
            G1Point.TryDecode(
                content.Commitments.Span.Slice(place * KzgCommitment.Length, KzgCommitment.Length),
                out G1Point point
            )
        );
        return point;
    }

    /// <summary>A proof, and what it is about.</summary>
    internal sealed record Draft(
        ulong Epoch,
        EpochSeed Seed,
        RangeHints Hints,
        Sample[] Samples,
        AvailabilityProof Proof
    )
    {
        public SubmittedProof Recorded =>
            new(
                new ProofEvent(Epoch, 0, Bytes32.Zero, Seed.Value),
                Hints,
                PackedPoints.Encode([.. Proof.PartialSums]),
                Bytes32.FromBytes(Proof.Y.ToArray()),
                PackedPoints.Encode([Proof.Proof.Point])
            );

        public TransactionRequest Submit(VerifierContract verifier, BlockHeader? header) =>
            verifier.SubmitProof(Epoch, Seed, Hints, Proof, header);

        public Sample[] Chunk(int chunk) => [.. Samples.Skip(chunk * Sampler.ChunkSize).Take(Sampler.ChunkSize)];
    }
}
