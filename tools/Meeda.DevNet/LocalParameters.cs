using System.Numerics;
using Meeda.Chain.Contract;

namespace Meeda.DevNet;

/// <summary>
/// The contracts' parameters on a local network, whose blocks come every second: short epochs, so that a person sees
/// a proof within seconds, and
/// windows that a stopped and restarted operator can still meet.
/// </summary>
internal static class LocalParameters
{
    private static readonly BigInteger Ether = BigInteger.Pow(10, 18);

    /// <summary>What a local operator stakes.</summary>
    public static readonly BigInteger OperatorStake = 32 * Ether;

    /// <summary>The parameters.</summary>
    public static readonly SystemParameters Value = new()
    {
        EpochBlocks = 8,
        SeedDelay = 2,
        ProofWindow = 32,
        ChallengeWindow = 64,
        HotEpochs = 8,
        HotSamples = 1024,
        ColdSamples = 256,
        Retention = 1_024,
        PublishWindow = 64,
        AnchorGrace = 64,
        EscrowNotice = 64,
        FraudRewardBps = 500,
        MinimumStake = 16 * Ether,
        StakePerBlob = 32 * Ether / 1_000_000,
        MissPenalty = Ether / 10,
        MissReward = Ether / 100,
        DemandBond = Ether / 100,
    };
}
