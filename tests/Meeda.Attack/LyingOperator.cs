using System.Security.Cryptography;
using Meeda.Chain.Contract;
using Meeda.Ethereum;
using Meeda.Kzg.Commitments;
using Meeda.Kzg.Curves;
using Meeda.Kzg.Fields;
using Meeda.L1.Rpc;
using Meeda.L1.Transactions;
using Meeda.Operator.Anchors;
using Meeda.Operator.Persistence;
using Meeda.Protocol.Batches;
using Meeda.Protocol.Proofs;

namespace Meeda.Attack;

/// <summary>
/// A scripted operator that can do what the product's never does: prove over a commitment that it did not anchor, and
/// anchor garbage.
/// </summary>
internal sealed class LyingOperator(Arena arena, TransactionSender sender)
{
    private static readonly CommitmentKey Key = new(TrustedSetup.Ethereum);

    private readonly List<byte[]> _blobs = [];

    public Address Address => sender.Address;

    /// <summary>Anchors a batch whose blobs it keeps.</summary>
    public async Task<TransactionReceipt> AnchorAsync(int bytes)
    {
        byte[] blobs = BlobEncoding.Encode(RandomNumberGenerator.GetBytes(bytes));
        byte[][] each = [.. blobs.Chunk(Blob.ByteLength)];
        _blobs.AddRange(each);
        return await AnchorRawAsync((uint)bytes, [.. each.SelectMany(blob => Key.Commit(blob).ToArray())]);
    }

    /// <summary>Anchors any bytes as commitments.</summary>
    public Task<TransactionReceipt> AnchorRawAsync(uint payloadLength, byte[] commitments) =>
        sender.SendAsync(
            arena.System.Anchors.Anchor(
                [
                    new StoredBatch(
                        BatchId.Compute(payloadLength, commitments),
                        Bytes32.Zero,
                        payloadLength,
                        commitments,
                        DateTimeOffset.UnixEpoch
                    ),
                ],
                liveHint: 0
            ),
            CancellationToken.None
        );

    /// <summary>
    /// Proves the first epoch after a block. A lie adds one generator to the first partial sum and one to the value:
    /// the polynomial moves by the constant 1, so the opening proof stays valid and the contract records it.
    /// </summary>
    public async Task<ulong> ProveAsync(ulong afterBlock, bool lie)
    {
        EpochParameters parameters = await arena.System.EpochParametersAsync(CancellationToken.None);
        ulong epoch = parameters.EpochAt(afterBlock) + 1;
        await arena.UntilAsync(
            $"the seed of epoch {epoch} is known",
            async () => await arena.Client.GetBlockNumberAsync(CancellationToken.None) > parameters.SeedBlockOf(epoch)
        );
        OperatorEvents events = await arena.System.ReadEventsAsync(
            Address,
            0,
            parameters.BlockOf(epoch),
            CancellationToken.None
        );
        (LiveRange range, RangeHints hints) = parameters
            .LiveRangeAt(epoch, [.. events.Anchors.Select(seen => seen.Anchor)])!
            .Value;
        ulong seedBlock = parameters.SeedBlockOf(epoch);
        Block block = (await arena.Client.GetBlockAsync(BlockTag.Number(seedBlock), CancellationToken.None))!;
        EpochSeed seed = EpochSeed.Derive(
            block.PrevRandao!.Value,
            epoch,
            Address,
            arena.System.Verifier.Address,
            await arena.Client.GetChainIdAsync(CancellationToken.None)
        );
        Sample[] samples = Sampler.Draw(seed, range, parameters.HotSamples, parameters.ColdSamples);
        var combination = new BlobCombination();
        foreach (Sample sample in samples)
        {
            combination.Add(_blobs[(int)sample.Position], sample.Weight);
        }

        KzgProof opening = combination.Open(Key, seed.Challenge(), out Fr y);
        G1Point[] sums = AvailabilityProof.SumCommitments(samples, position => Key.Commit(_blobs[(int)position]).Point);
        if (lie)
        {
            sums[0] += G1Point.Generator;
            y += Fr.One;
        }

        await sender.SendAsync(
            arena.System.Verifier.SubmitProof(
                epoch,
                seed,
                hints,
                new AvailabilityProof(sums, y, opening),
                await arena.Client.GetBlockHeaderAsync(seedBlock, CancellationToken.None)
            ),
            CancellationToken.None
        );
        return epoch;
    }
}
