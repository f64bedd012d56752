using System.Numerics;
using Meeda.Chain.Contract;
using Meeda.Ethereum;

namespace Meeda.DevNet;

/// <summary>
/// The contract's parameters on a local network, whose blocks come every second: short epochs, so that a person sees
/// a proof within seconds, and
/// windows that a stopped and restarted operator can still meet.
/// </summary>
internal static class LocalParameters
{
    private static readonly BigInteger Ether = BigInteger.Pow(10, 18);

    /// <summary>What a local operator stakes.</summary>
    public static readonly BigInteger OperatorStake = 32 * Ether;

    /// <summary>The parameters.</summary>
    public static readonly ContractParameters Value = new()
    {
        EpochBlocks = 4,
        ProofWindow = 32,
        ChallengeWindow = 64,
        HotEpochs = 8,
        HotSamples = 1024,
        ColdSamples = 256,
        Retention = 86_400,
        PublishWindow = 64,
        MinimumStake = 16 * Ether,
        MissPenalty = Ether / 10,
        MissReward = Ether / 100,
        FraudReward = 5_000,
        DemandBond = Ether / 100,
        Treasury = Address.Parse("0x00000000000000000000000000000000000a11ce"),
    };
}
