using System.Collections.Concurrent;
using Meeda.Chain.Contract;
using Meeda.Chain.Index;
using Meeda.Ethereum;
using Meeda.Kzg.Commitments;
using Meeda.Kzg.Curves;
using Meeda.L1.Rpc;
using Meeda.Protocol.Proofs;

namespace Meeda.Chain.Verification;

/// <summary>A recorded proof of an epoch, computed anew in every part.</summary>
/// <param name="Proof">What the contract's log holds.</param>
/// <param name="Status">What the contract makes of it.</param>
/// <param name="Range">The live blobs at the epoch's block, or null where none were.</param>
/// <param name="Samples">The challenged blobs, from the recorded seed.</param>
/// <param name="Checks">What was checked, in words.</param>
internal sealed record EpochVerdict(
    SubmittedProof Proof,
    EpochStatus Status,
    LiveRange? Range,
    Sample[] Samples,
    IReadOnlyList<Check> Checks
)
{
    /// <summary>Whether everything holds.</summary>
    public bool Holds => Checks.All(check => check.Holds);
}

/// <summary>Verifies recorded proofs against L1 and the anchors read from it; believes no operator.</summary>
internal sealed class EpochVerification(
    EthereumClient client,
    MeedaVerifierContract contract,
    IAnchorRecord record,
    VerificationKey key,
    TimeProvider? time = null
)
{
    // Two months of epochs of an hour; what was dropped is asked for again.
    private const int MaxHashes = 1_500;

    private static readonly TimeSpan FinalAge = TimeSpan.FromSeconds(30);

    private readonly TimeProvider _time = time ?? TimeProvider.System;
    private readonly ConcurrentDictionary<ulong, Bytes32> _hashes = new();
    private EpochParameters? _parameters;
    private ulong? _chainId;
    private Final? _final;

    /// <summary>The contract's parameters, asked for once.</summary>
    public async Task<EpochParameters> ParametersAsync(CancellationToken cancellationToken) =>
        _parameters ??= await contract.EpochParametersAsync(cancellationToken);

    /// <summary>The block of an epoch, once <see cref="ParametersAsync"/> was asked.</summary>
    public ulong BlockOf(ulong epoch) => _parameters!.BlockOf(epoch);

    /// <summary>Verifies the proof of an epoch.</summary>
    /// <param name="seen">The proof, as the record holds it.</param>
    /// <exception cref="InvalidDataException">L1 does not hold the proof, or the epoch's block, any more.</exception>
    public async Task<EpochVerdict> VerifyAsync(
        Address operatorAddress,
        ProofEvent seen,
        CancellationToken cancellationToken
    )
    {
        EpochParameters parameters = await ParametersAsync(cancellationToken);
        OperatorEvents events = await contract.ReadEventsAsync(
            operatorAddress,
            seen.BlockNumber,
            seen.BlockNumber,
            cancellationToken
        );
        SubmittedProof proof =
            events.Proofs.FirstOrDefault(each => each.Seen.Epoch == seen.Epoch)
            ?? throw new InvalidDataException(
                $"block {seen.BlockNumber} does not hold the proof of epoch {seen.Epoch} any more"
            );
        EpochStatus status = await contract.EpochStatusAsync(operatorAddress, seen.Epoch, cancellationToken);
        var recorded = new Check(
            "the contract recorded the proof and nobody has shown it to be wrong",
            status == EpochStatus.Proven
        );
        if (
            await record.LiveRangeAsync(operatorAddress, parameters, seen.Epoch, cancellationToken)
            is not var (range, hints)
        )
        {
            return new EpochVerdict(
                proof,
                status,
                null,
                [],
                [recorded, new("blobs were live at the epoch's block", false)]
            );
        }

        EpochSeed seed = await SeedAsync(operatorAddress, seen.Epoch, cancellationToken);
        Sample[] samples = Sampler.Draw(seed, range, parameters.HotSamples, parameters.ColdSamples);
        G1Point[] sums = await new AnchoredCommitments(record, operatorAddress).PartialSumsAsync(
            samples,
            areChecked: false,
            cancellationToken
        );
        return new EpochVerdict(
            proof,
            status,
            range,
            samples,
            [
                recorded,
                new(
                    "its seed is the one that the hash of the epoch's block fixes, its range the one of the anchors",
                    proof.Seen.Seed == seed.Value && proof.Hints == hints
                ),
                new(
                    "its partial sums, computed anew from L1's log, are right",
                    proof.PartialSums.Count == sums.Length && proof.FindWrongChunk(sums) is null
                ),
                new(
                    "its opening verifies under the ceremony's setup",
                    proof.TryDecode(out AvailabilityProof? decoded) && decoded.Verify(key, seed.Challenge())
                ),
            ]
        );
    }

    /// <summary>An epoch's seed, from the hash of its block.</summary>
    /// <exception cref="InvalidDataException">L1 does not give the block.</exception>
    public async Task<EpochSeed> SeedAsync(Address operatorAddress, ulong epoch, CancellationToken cancellationToken)
    {
        ulong number = (await ParametersAsync(cancellationToken)).BlockOf(epoch);
        ulong chainId = _chainId ??= await client.GetChainIdAsync(cancellationToken);
        return EpochSeed.Derive(
            await HashAsync(number, cancellationToken),
            epoch,
            operatorAddress,
            contract.Address,
            chainId
        );
    }

    /// <summary>
    /// A block's hash; one of a final block is asked for once, since a history needs hundreds of them.
    /// </summary>
    private async Task<Bytes32> HashAsync(ulong number, CancellationToken cancellationToken)
    {
        if (_hashes.TryGetValue(number, out Bytes32 known))
        {
            return known;
        }

        // Asked before the block is: what is final then has that hash for good.
        bool isFinal = number <= await FinalAsync(cancellationToken);
        Block block =
            await client.GetBlockAsync(BlockTag.Number(number), cancellationToken)
            ?? throw new InvalidDataException($"L1 does not give block {number}");
        if (isFinal)
        {
            if (_hashes.Count >= MaxHashes)
            {
                _hashes.Clear();
            }

            _hashes[number] = block.Hash;
        }

        return block.Hash;
    }

    private async Task<ulong> FinalAsync(CancellationToken cancellationToken)
    {
        if (Volatile.Read(ref _final) is not { } last || _time.GetElapsedTime(last.AskedAt) > FinalAge)
        {
            Block? final = await client.GetBlockAsync(BlockTag.Finalized, cancellationToken);
            last = new Final(
                Math.Min(final?.Number ?? 0, await client.GetBlockNumberAsync(cancellationToken)),
                _time.GetTimestamp()
            );
            Volatile.Write(ref _final, last);
        }

        return last.Number;
    }

    private sealed record Final(ulong Number, long AskedAt);
}
