using System.Globalization;
using System.Numerics;
using System.Text.Json;
using Meeda.Chain.Contract;
using Meeda.Hosting;
using Meeda.L1.Transactions;

namespace Meeda.Node.Cli.Deployment;

/// <summary>
/// Reads the parameters of a deployment that differ from the defaults: a JSON object with the names in
/// docs/protocol.md, blocks and samples as numbers, amounts as strings with a unit (<c>"32ether"</c>).
/// </summary>
internal static class ParametersFile
{
    private static readonly Dictionary<string, Func<SystemParameters, JsonElement, SystemParameters?>> Fields = new(
        StringComparer.Ordinal
    )
    {
        ["epochBlocks"] = (p, v) => Number(v) is { } n ? p with { EpochBlocks = n } : null,
        ["seedDelay"] = (p, v) => Number(v) is { } n ? p with { SeedDelay = n } : null,
        ["proofWindow"] = (p, v) => Number(v) is { } n ? p with { ProofWindow = n } : null,
        ["challengeWindow"] = (p, v) => Number(v) is { } n ? p with { ChallengeWindow = n } : null,
        ["hotEpochs"] = (p, v) => Number(v) is { } n ? p with { HotEpochs = n } : null,
        ["hotSamples"] = (p, v) => Number(v) is { } n ? p with { HotSamples = n } : null,
        ["coldSamples"] = (p, v) => Number(v) is { } n ? p with { ColdSamples = n } : null,
        ["retention"] = (p, v) => Number(v) is { } n ? p with { Retention = n } : null,
        ["publishWindow"] = (p, v) => Number(v) is { } n ? p with { PublishWindow = n } : null,
        ["anchorGrace"] = (p, v) => Number(v) is { } n ? p with { AnchorGrace = n } : null,
        ["escrowNotice"] = (p, v) => Number(v) is { } n ? p with { EscrowNotice = n } : null,
        ["fraudRewardBps"] = (p, v) =>
            Number(v) is { } n and <= ushort.MaxValue ? p with { FraudRewardBps = (ushort)n } : null,
        ["minimumStake"] = (p, v) => Amount(v) is { } wei ? p with { MinimumStake = wei } : null,
        ["stakePerBlob"] = (p, v) => Amount(v) is { } wei ? p with { StakePerBlob = wei } : null,
        ["missPenalty"] = (p, v) => Amount(v) is { } wei ? p with { MissPenalty = wei } : null,
        ["missReward"] = (p, v) => Amount(v) is { } wei ? p with { MissReward = wei } : null,
        ["demandBond"] = (p, v) => Amount(v) is { } wei ? p with { DemandBond = wei } : null,
    };

    /// <summary>Reads a file.</summary>
    /// <exception cref="SetupException">It cannot be read, or a name or a value in it is invalid.</exception>
    public static SystemParameters Read(string path)
    {
        try
        {
            using FileStream file = File.OpenRead(path);
            using var json = JsonDocument.Parse(file);
            SystemParameters parameters = SystemParameters.Default;
            foreach (JsonProperty property in json.RootElement.EnumerateObject())
            {
                if (!Fields.TryGetValue(property.Name, out var set))
                {
                    throw new SetupException(
                        $"--parameters: {path}: there is no parameter {property.Name}; there are "
                            + string.Join(", ", Fields.Keys)
                    );
                }

                parameters =
                    set(parameters, property.Value)
                    ?? throw new SetupException(
                        $"--parameters: {path}: {property.Name} must be a whole number of blocks or samples, or "
                            + EtherAmount.Form
                            + " as a string"
                    );
            }

            return parameters;
        }
        catch (Exception unreadable)
            when (unreadable is IOException or UnauthorizedAccessException or JsonException or InvalidOperationException
            )
        {
            throw new SetupException(
                $"--parameters: {path} cannot be read as a JSON object: {unreadable.Message.TrimEnd('.')}"
            );
        }
    }

    /// <summary>The parameters in the file's form.</summary>
    public static IEnumerable<(string Name, string Value)> Describe(SystemParameters p) =>
        [
            ("epochBlocks", Text(p.EpochBlocks)),
            ("seedDelay", Text(p.SeedDelay)),
            ("proofWindow", Text(p.ProofWindow)),
            ("challengeWindow", Text(p.ChallengeWindow)),
            ("hotEpochs", Text(p.HotEpochs)),
            ("hotSamples", Text(p.HotSamples)),
            ("coldSamples", Text(p.ColdSamples)),
            ("retention", Text(p.Retention)),
            ("publishWindow", Text(p.PublishWindow)),
            ("anchorGrace", Text(p.AnchorGrace)),
            ("escrowNotice", Text(p.EscrowNotice)),
            ("fraudRewardBps", Text(p.FraudRewardBps)),
            ("minimumStake", EtherAmount.Show(p.MinimumStake)),
            ("stakePerBlob", EtherAmount.Show(p.StakePerBlob)),
            ("missPenalty", EtherAmount.Show(p.MissPenalty)),
            ("missReward", EtherAmount.Show(p.MissReward)),
            ("demandBond", EtherAmount.Show(p.DemandBond)),
        ];

    private static string Text(uint number) => number.ToString(CultureInfo.InvariantCulture);

    private static uint? Number(JsonElement value) =>
        value.ValueKind == JsonValueKind.Number && value.TryGetUInt32(out uint number) ? number : null;

    private static BigInteger? Amount(JsonElement value) =>
        value.ValueKind == JsonValueKind.String ? EtherAmount.Parse(value.GetString()!) : null;
}
