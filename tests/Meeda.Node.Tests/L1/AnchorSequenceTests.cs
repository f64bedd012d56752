using Meeda.Chain.Contract;
using Meeda.Chain.Index;
using Meeda.Ethereum;
using Meeda.L1.Rpc;
using Meeda.Protocol.Anchors;
using Meeda.Testing;
using Xunit;

namespace Meeda.Node.Tests.L1;

/// <summary>Anchors and logs that the contract cannot have emitted are ignored, and do not hide others.</summary>
public sealed class AnchorSequenceTests
{
    private static readonly Address Contract = Address.Parse("0x00000000000000000000000000000000000c0de0");

    [Fact]
    public void Continue_FromTheStart_TakesThemInTheirOrder()
    {
        var odd = new List<(AnchorEvent Seen, AnchorOddity Oddity)>();
        Assert.Equal(
            [0u, 1u, 2u],
            AnchorSequence.Continue(null, [Seen(1, 2), Seen(0, 0), Seen(2, 4)], odd).Select(seen => seen.Anchor.Index)
        );
        Assert.Empty(odd);
    }

    [Fact]
    public void Continue_WhatIsRepeatedMissingOrContradicts_IsTold()
    {
        var odd = new List<(AnchorEvent Seen, AnchorOddity Oddity)>();
        Anchor last = Seen(4, 8).Anchor;
        Assert.Equal(
            [5u],
            AnchorSequence
                .Continue(last, [Seen(4, 8), Seen(5, 10), Seen(5, 10), Seen(6, 99), Seen(8, 14)], odd)
                .Select(seen => seen.Anchor.Index)
        );
        Assert.Equal(
            [
                (4u, AnchorOddity.Repeated),
                (5u, AnchorOddity.Repeated),
                (6u, AnchorOddity.DoesNotFit),
                (8u, AnchorOddity.Gap),
            ],
            odd.Select(each => (each.Seen.Anchor.Index, each.Oddity))
        );
    }

    [Theory]
    [InlineData("data")]
    [InlineData("topics")]
    [InlineData("block")]
    [InlineData("address")]
    public async Task ReadEvents_ALogThatIsNone_IsLeftOutAndTold(string what)
    {
        string topic = ContractArtifact.Anchors.Contract.TopicOf("Anchored").ToString();
        string operatorTopic = "0x" + new string('0', 24) + Contract.ToString()[2..];
        var rpc = new FakeRpc(
            (_, _) =>
                new[]
                {
                    new
                    {
                        address = what == "address" ? Address.Zero.ToString() : Contract.ToString(),
                        topics = what == "topics"
                            ? new[] { topic }
                            : new[] { topic, operatorTopic, Bytes32.Zero.ToString() },
                        data = "0x1234",
                        blockNumber = what == "block" ? "0xffffffffffffffff" : "0x5",
                        blockHash = Bytes32.Zero.ToString(),
                        transactionHash = Bytes32.Zero.ToString(),
                        logIndex = "0x7",
                    },
                }
        );
        var contract = new SystemContract(new EthereumClient(rpc), Contract);
        OperatorEvents events = await contract.ReadEventsAsync(Contract, 0, 10, CancellationToken.None);
        Assert.Empty(events.Anchors);
        Assert.Contains("log 7", Assert.Single(events.Odd), StringComparison.Ordinal);
        Assert.All(
            (await contract.ReadAllEventsAsync(0, 10, CancellationToken.None)).Values,
            each => Assert.Empty(each.Anchors)
        );
        Assert.Empty(await contract.ReadDemandsAsync(null, 0, 10, CancellationToken.None));
    }

    private static AnchorEvent Seen(uint index, ulong firstBlob) =>
        new(new Anchor(index, Bytes32.Zero, firstBlob, 2, 100, 200), Bytes32.Zero, new byte[96], []);
}
