using System.Collections.Concurrent;
using Meeda.Ethereum;
using Meeda.L1.Rpc;
using Meeda.Protocol.Proofs;

namespace Meeda.Chain.Verification;

/// <summary>The challenge of an epoch to an operator.</summary>
/// <param name="Mix">The RANDAO mix of the epoch's seed block; null where the seed was given.</param>
/// <param name="Seed">The seed.</param>
/// <param name="Range">The blobs that are live at the epoch's block.</param>
/// <param name="Hints">The anchors that bound them.</param>
/// <param name="Samples">The blobs to prove, with their weights.</param>
internal sealed record EpochSamples(Bytes32? Mix, EpochSeed Seed, LiveRange Range, RangeHints Hints, Sample[] Samples);

/// <content>Draws the samples of an epoch, for the prover, for verifiers and for a batch's history.</content>
internal sealed partial class EpochVerification
{
    // Two months of hourly epochs. Mixes that were dropped are requested again.
    private const int MaxMixes = 1_500;

    private static readonly TimeSpan FinalAge = TimeSpan.FromSeconds(30);

    private readonly TimeProvider _time = time ?? TimeProvider.System;
    private readonly ConcurrentDictionary<ulong, Bytes32> _mixes = new();
    private EpochParameters? _parameters;
    private ulong? _chainId;
    private Final? _final;

    /// <summary>The contract's parameters, read once.</summary>
    public async Task<EpochParameters> ParametersAsync(CancellationToken cancellationToken) =>
        _parameters ??= await system.EpochParametersAsync(cancellationToken);

    /// <summary>The block of an epoch; <see cref="ParametersAsync"/> must have been called before.</summary>
    public ulong BlockOf(ulong epoch) => _parameters!.BlockOf(epoch);

    /// <summary>Draws an epoch's samples.</summary>
    /// <param name="operatorAddress">The operator.</param>
    /// <param name="epoch">The epoch.</param>
    /// <param name="recordedSeed">The seed that the contract recorded; null to derive it from the seed block.</param>
    /// <param name="cancellationToken">Ends the work.</param>
    /// <returns>Null where no blob was live at the epoch's block.</returns>
    /// <exception cref="InvalidDataException">The L1 endpoint does not return the block.</exception>
    public async Task<EpochSamples?> DrawAsync(
        Address operatorAddress,
        ulong epoch,
        EpochSeed? recordedSeed,
        CancellationToken cancellationToken
    )
    {
        EpochParameters parameters = await ParametersAsync(cancellationToken);
        if (
            await record.LiveRangeAsync(operatorAddress, parameters, epoch, cancellationToken) is not var (range, hints)
        )
        {
            return null;
        }

        Bytes32? mix = null;
        if (recordedSeed is not { } seed)
        {
            (mix, seed) = await DeriveSeedAsync(operatorAddress, epoch, cancellationToken);
        }

        Sample[] samples = Sampler.Draw(seed, range, parameters.HotSamples, parameters.ColdSamples);
        return new EpochSamples(mix, seed, range, hints, samples);
    }

    /// <summary>An epoch's seed, from the RANDAO mix of its seed block.</summary>
    /// <exception cref="InvalidDataException">The L1 endpoint does not return the block.</exception>
    public async Task<EpochSeed> SeedAsync(Address operatorAddress, ulong epoch, CancellationToken cancellationToken) =>
        (await DeriveSeedAsync(operatorAddress, epoch, cancellationToken)).Seed;

    private async Task<(Bytes32 Mix, EpochSeed Seed)> DeriveSeedAsync(
        Address operatorAddress,
        ulong epoch,
        CancellationToken cancellationToken
    )
    {
        ulong number = (await ParametersAsync(cancellationToken)).SeedBlockOf(epoch);
        ulong chainId = _chainId ??= await client.GetChainIdAsync(cancellationToken);
        Bytes32 mix = await MixAsync(number, cancellationToken);
        return (mix, EpochSeed.Derive(mix, epoch, operatorAddress, system.Verifier.Address, chainId));
    }

    /// <summary>
    /// The RANDAO mix of a block. Those of final blocks are cached, because a history needs hundreds of them.
    /// </summary>
    private async Task<Bytes32> MixAsync(ulong number, CancellationToken cancellationToken)
    {
        if (_mixes.TryGetValue(number, out Bytes32 known))
        {
            return known;
        }

        // The final block is read first, so that a block below it cannot change afterwards.
        bool isFinal = number <= await FinalAsync(cancellationToken);
        Block block =
            await client.GetBlockAsync(BlockTag.Number(number), cancellationToken)
            ?? throw new InvalidDataException($"the L1 endpoint does not return block {number}");
        Bytes32 mix =
            block.PrevRandao
            ?? throw new InvalidDataException($"the L1 endpoint does not state the mixHash of block {number}");
        if (isFinal)
        {
            if (_mixes.Count >= MaxMixes)
            {
                _mixes.Clear();
            }

            _mixes[number] = mix;
        }

        return mix;
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
