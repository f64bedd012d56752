using System.Numerics;
using Meeda.Protocol.Proofs;

namespace Meeda.Chain.Contract;

/// <summary>
/// The permanent parameters of a deployment (contracts/interfaces/MeedaTypes.sol). Windows and
/// retention count L1 blocks, amounts are wei.
/// </summary>
internal sealed record SystemParameters
{
    private static readonly BigInteger Ether = BigInteger.Pow(10, 18);

    /// <summary>The parameters for blocks of 12 seconds; docs/protocol.md says why.</summary>
    public static SystemParameters Default { get; } =
        new()
        {
            EpochBlocks = 7_200,
            SeedDelay = 64,
            ProofWindow = 1_800,
            ChallengeWindow = 50_400,
            HotEpochs = 2,
            HotSamples = 7_680,
            ColdSamples = 2_560,
            Retention = 108_000,
            PublishWindow = 1_800,
            AnchorGrace = 7_200,
            EscrowNotice = 1_800,
            FraudRewardBps = 500,
            MinimumStake = 32 * Ether,
            StakePerBlob = 32 * Ether / 1_000_000,
            MissPenalty = 3 * Ether / 10,
            MissReward = 3 * Ether / 100,
            DemandBond = 5 * Ether / 1_000,
        };

    /// <summary>Blocks in an epoch; epoch <c>e</c> begins at block <c>B_e = e · EpochBlocks</c>.</summary>
    public required uint EpochBlocks { get; init; }

    /// <summary>Blocks from <c>B_e</c> to <c>D_e</c>, whose RANDAO mix is the epoch's randomness.</summary>
    public required uint SeedDelay { get; init; }

    /// <summary>Blocks after <c>D_e</c> within which the epoch's proof is taken.</summary>
    public required uint ProofWindow { get; init; }

    /// <summary>Blocks after a proof within which a wrong partial sum is slashed, and after the proof window within
    /// which a miss costs a penalty.</summary>
    public required uint ChallengeWindow { get; init; }

    /// <summary>Blobs that were anchored in so many last epochs are recent.</summary>
    public required uint HotEpochs { get; init; }

    /// <summary>The most recent blobs that an epoch challenges.</summary>
    public required uint HotSamples { get; init; }

    /// <summary>The draws from the older blobs.</summary>
    public required uint ColdSamples { get; init; }

    /// <summary>Blocks from the anchor for which its blobs must be held.</summary>
    public required uint Retention { get; init; }

    /// <summary>Blocks within which a demanded blob must be published when no other demand is open.</summary>
    public required uint PublishWindow { get; init; }

    /// <summary>Blocks after a penalty, or an exit request, in which anchoring goes on as before.</summary>
    public required uint AnchorGrace { get; init; }

    /// <summary>Blocks after which a rollup's withdrawal, lower limit or new poster takes effect.</summary>
    public required uint EscrowNotice { get; init; }

    /// <summary>The challenger's part of a slashed stake, in basis points.</summary>
    public required ushort FraudRewardBps { get; init; }

    /// <summary>The least stake with which an operator may anchor.</summary>
    public required BigInteger MinimumStake { get; init; }

    /// <summary>The additional stake for each live blob.</summary>
    public required BigInteger StakePerBlob { get; init; }

    /// <summary>The penalty for the first miss within a retention; the n-th miss costs n times that.</summary>
    public required BigInteger MissPenalty { get; init; }

    /// <summary>The part of a penalty that the reporter gets.</summary>
    public required BigInteger MissReward { get; init; }

    /// <summary>The fixed part of a demand's bond.</summary>
    public required BigInteger DemandBond { get; init; }

    /// <summary>The parameters that determine which blobs an epoch challenges.</summary>
    public EpochParameters Epochs => new(EpochBlocks, HotEpochs, HotSamples, ColdSamples, SeedDelay, ProofWindow);

    /// <summary>The values of the contract's <c>Parameters</c> struct.</summary>
    public static SystemParameters From(ParametersData data) =>
        new()
        {
            EpochBlocks = data.EpochBlocks,
            SeedDelay = data.SeedDelay,
            ProofWindow = data.ProofWindow,
            ChallengeWindow = data.ChallengeWindow,
            HotEpochs = data.HotEpochs,
            HotSamples = data.HotSamples,
            ColdSamples = data.ColdSamples,
            Retention = data.Retention,
            PublishWindow = data.PublishWindow,
            AnchorGrace = data.AnchorGrace,
            EscrowNotice = data.EscrowNotice,
            FraudRewardBps = data.FraudRewardBps,
            MinimumStake = data.MinimumStake,
            StakePerBlob = data.StakePerBlob,
            MissPenalty = data.MissPenalty,
            MissReward = data.MissReward,
            DemandBond = data.DemandBond,
        };

    /// <summary>The contract's <c>Parameters</c> struct.</summary>
    public ParametersData ToAbi() =>
        new()
        {
            EpochBlocks = EpochBlocks,
            SeedDelay = SeedDelay,
            ProofWindow = ProofWindow,
            ChallengeWindow = ChallengeWindow,
            HotEpochs = HotEpochs,
            HotSamples = HotSamples,
            ColdSamples = ColdSamples,
            Retention = Retention,
            PublishWindow = PublishWindow,
            AnchorGrace = AnchorGrace,
            EscrowNotice = EscrowNotice,
            FraudRewardBps = FraudRewardBps,
            MinimumStake = MinimumStake,
            StakePerBlob = StakePerBlob,
            MissPenalty = MissPenalty,
            MissReward = MissReward,
            DemandBond = DemandBond,
        };
}
