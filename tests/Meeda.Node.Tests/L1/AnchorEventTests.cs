using System.Text.Json;
using System.Text.Json.Nodes;
using Meeda.Chain.Contract;
using Meeda.L1.Rpc;
using Meeda.Node.Tests.Following;
using Xunit;

namespace Meeda.Node.Tests.L1;

/// <summary>An anchor counts only with all of its batches, each where the contract anchored it.</summary>
public sealed class AnchorEventTests
{
    private const int Word = 64;
    private readonly AnchoringChain _world = new();

    public static TheoryData<string> Lies => ["hidden", "moved", "longer", "another id", "another commitment"];

    [Fact]
    public async Task ReadEvents_WhatTheContractWrote_IsTaken() => Assert.Empty((await ReadAsync(null)).Odd);

    [Theory]
    [MemberData(nameof(Lies))]
    public async Task ReadEvents_ABatchIsNotTheAnchored_TheAnchorIsLeftOutAndTold(string lie)
    {
        OperatorEvents events = await ReadAsync(lie);
        Assert.Empty(events.Anchors);
        Assert.Contains("its root is not that of", Assert.Single(events.Odd), StringComparison.Ordinal);
    }

    private async Task<OperatorEvents> ReadAsync(string? lie)
    {
        await _world.AnchorAsync(AnchoringChain.First);
        _world.Chain.Mine();
        var rpc = new ScriptedRpc(_world.Chain)
        {
            Lie = (method, _, truth) => method == "eth_getLogs" && lie is not null ? Lied(truth, lie) : truth,
        };
        OperatorEvents events = await new SystemContract(
            new EthereumClient(rpc),
            _world.Chain.Contract
        ).ReadEventsAsync(AnchoringChain.First.Address, 0, _world.Chain.Head, CancellationToken.None);
        Assert.True(lie is not null || events.Anchors.Count == 1);
        return events;
    }

    private static JsonElement Lied(JsonElement logs, string lie)
    {
        JsonArray changed = JsonNode.Parse(logs.GetRawText())!.AsArray();
        JsonNode batch = changed.Single(log => Topic(log!) == TopicOf("BatchAnchored"))!;
        JsonNode anchor = changed.Single(log => Topic(log!) == TopicOf("Anchored"))!;
        switch (lie)
        {
            case "hidden":
                changed.Remove(batch);
                break;
            case "moved": // its first blob
                batch["data"] = SetLastDigit((string)batch["data"]!, 2 + Word - 1);
                break;
            case "longer": // its payload
                batch["data"] = SetLastDigit((string)batch["data"]!, 2 + (2 * Word) - 1);
                break;
            case "another id":
                batch["topics"]![2] = SetLastDigit((string)batch["topics"]![2]!, 2 + Word - 1);
                break;
            default: // the first byte of the commitment behind root, place, count, expiry, offset and length
                anchor["data"] = SetLastDigit((string)anchor["data"]!, 2 + (6 * Word) + 1);
                break;
        }

        return JsonSerializer.SerializeToElement(changed);
    }

    private static string SetLastDigit(string hex, int at) =>
        hex[..at] + (hex[at] == '1' ? '2' : '1') + hex[(at + 1)..];

    private static string Topic(JsonNode log) => (string)log["topics"]![0]!;

    private static string TopicOf(string name) => ContractArtifact.Anchors.Contract.TopicOf(name).ToString();
}
