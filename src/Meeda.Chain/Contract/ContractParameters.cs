using System.Numerics;
using Meeda.Ethereum;

namespace Meeda.Chain.Contract;

/// <summary>
/// The immutable constructor parameters of the MeedaVerifier contract (docs/protocol.md). Windows and retention are in
/// L1 blocks, amounts in wei.
/// </summary>
internal sealed record ContractParameters
{
    /// <summary>L1 blocks in an epoch.</summary>
    public required uint EpochBlocks { get; init; }

    /// <summary>Blocks from the epoch's block within which its proof must be recorded.</summary>
    public required uint ProofWindow { get; init; }

    /// <summary>Blocks from the proof within which a wrong partial sum can be slashed.</summary>
    public required uint ChallengeWindow { get; init; }

    /// <summary>The number of last epochs whose blobs are recent.</summary>
    public required uint HotEpochs { get; init; }

    /// <summary>The maximum number of recent blobs that an epoch challenges.</summary>
    public required uint HotSamples { get; init; }

    /// <summary>The draws from the older blobs.</summary>
    public required uint ColdSamples { get; init; }

    /// <summary>Blocks from the anchor for which a blob must be held.</summary>
    public required uint Retention { get; init; }

    /// <summary>Blocks from a demand within which the blob must be published.</summary>
    public required uint PublishWindow { get; init; }

    /// <summary>The minimum stake with which an operator may anchor.</summary>
    public required BigInteger MinimumStake { get; init; }

    /// <summary>The penalty for a missed epoch.</summary>
    public required BigInteger MissPenalty { get; init; }

    /// <summary>The part of the penalty that the reporter of a miss gets.</summary>
    public required BigInteger MissReward { get; init; }

    /// <summary>The challenger's part of a slashed stake, in basis points.</summary>
    public required BigInteger FraudReward { get; init; }

    /// <summary>The fixed part of the bond of a demand.</summary>
    public required BigInteger DemandBond { get; init; }

    /// <summary>The recipient of slashed stake beyond the reward.</summary>
    public required Address Treasury { get; init; }

    /// <summary>The contract's <c>Parameters</c> struct.</summary>
    public ParametersData ToAbi() =>
        new()
        {
            EpochBlocks = EpochBlocks,
            ProofWindow = ProofWindow,
            ChallengeWindow = ChallengeWindow,
            HotEpochs = HotEpochs,
            HotSamples = HotSamples,
            ColdSamples = ColdSamples,
            Retention = Retention,
            PublishWindow = PublishWindow,
            MinimumStake = MinimumStake,
            MissPenalty = MissPenalty,
            MissReward = MissReward,
            FraudReward = FraudReward,
            DemandBond = DemandBond,
            Treasury = $"{Treasury}",
        };
}
