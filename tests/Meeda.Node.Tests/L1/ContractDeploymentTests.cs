using Meeda.Chain.Contract;
using Meeda.Ethereum;
using Meeda.L1.Rpc;
using Meeda.Testing;
using Xunit;

namespace Meeda.Node.Tests.L1;

/// <summary>The first block whose logs are read, whatever the setting.</summary>
public sealed class ContractDeploymentTests
{
    private const ulong Head = 23_000_000;
    private const ulong Deployed = 19_426_587;

    [Theory]
    [InlineData(0ul, Deployed)]
    [InlineData(Deployed, Deployed)]
    [InlineData(Deployed - 1_000, Deployed - 1_000)] // nothing can be before it
    [InlineData(Deployed + 1, Deployed)]
    [InlineData(Head, Deployed)]
    [InlineData(Head + 1_000_000, Deployed)]
    public async Task Find_WithAnyHint_IsTheDeploymentOrBeforeIt(ulong hint, ulong expected)
    {
        var rpc = new FakeRpc((method, parameters) => Answer(method, parameters, keptFrom: 0));
        Assert.Equal(new ContractDeployment(expected, null), await FindAsync(rpc, hint));
        Assert.InRange(rpc.Calls.Count, 2, 27);
    }

    [Theory]
    [InlineData(1ul)]
    [InlineData(2ul)]
    public async Task Find_OnAYoungChain_EndsAtItsFirstBlocks(ulong head)
    {
        for (ulong deployed = 0; deployed <= head; deployed++)
        {
            ulong block = deployed;
            var rpc = new FakeRpc(
                (method, parameters) =>
                    method == "eth_blockNumber" ? FakeRpc.Quantity(head)
                    : FakeRpc.Number(parameters[1]) >= block ? "0x60"
                    : "0x"
            );
            Assert.Equal(new ContractDeployment(block, null), await FindAsync(rpc, 0));
        }
    }

    [Fact]
    public async Task Find_AnEndpointWithTheNewestStatesOnly_TakesTheHintOrTheFirstBlock_AndSaysSo()
    {
        var rpc = new FakeRpc((method, parameters) => Answer(method, parameters, keptFrom: Head - 128));
        ContractDeployment hinted = await FindAsync(rpc, Deployed + 5);
        Assert.Equal(Deployed + 5, hinted.Block);
        Assert.NotNull(hinted.Doubt);
        ContractDeployment found = await FindAsync(rpc, 0);
        Assert.Equal(0ul, found.Block);
        Assert.NotNull(found.Doubt);
    }

    [Fact]
    public async Task Find_L1Away_IsNoDoubtButAFailure()
    {
        var rpc = new FakeRpc(
            (method, _) =>
                method == "eth_blockNumber"
                    ? FakeRpc.Quantity(Head)
                    : throw new L1UnreachableException("away") { Problem = L1Problem.Connection }
        );
        await Assert.ThrowsAsync<L1UnreachableException>(() => FindAsync(rpc, 5));
    }

    private static Task<ContractDeployment> FindAsync(FakeRpc rpc, ulong hint) =>
        ContractDeployment.FindAsync(new EthereumClient(rpc), Address.Zero, hint, CancellationToken.None);

    private static string? Answer(string method, IReadOnlyList<object?> parameters, ulong keptFrom) =>
        method switch
        {
            "eth_blockNumber" => FakeRpc.Quantity(Head),
            _ when FakeRpc.Number(parameters[1]) < keptFrom => throw new JsonRpcException(
                method,
                -32000,
                "missing trie node 0123 (path )",
                []
            ),
            _ => FakeRpc.Number(parameters[1]) >= Deployed ? "0x6080" : "0x",
        };
}
