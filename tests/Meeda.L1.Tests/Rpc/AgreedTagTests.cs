using Meeda.L1.Rpc;
using Meeda.Testing;
using Xunit;

namespace Meeda.L1.Tests.Rpc;

/// <summary>The finalized block of several endpoints, one of which lies.</summary>
public sealed class AgreedTagTests
{
    private const ulong Head = 200;
    private static readonly CancellationToken None = CancellationToken.None;

    [Theory]
    [InlineData(100ul, 100ul, 100ul)]
    [InlineData(10_000_000ul, 100ul, 100ul)]
    [InlineData(199ul, 100ul, 96ul)]
    public async Task GetBlock_FinalizedOfThree_IsWhatMoreThanHalfSay(ulong liar, ulong second, ulong third)
    {
        using var rpc = Redundant(Endpoint(liar), Endpoint(second), Endpoint(third));
        Assert.Equal(100ul, (await new EthereumClient(rpc).GetBlockAsync(BlockTag.Finalized, None))!.Number);
    }

    [Fact]
    public async Task GetBlock_FinalizedOfTwo_IsTheLowerOne()
    {
        using var rpc = Redundant(Endpoint(150), Endpoint(90));
        Assert.Equal(90ul, (await new EthereumClient(rpc).GetBlockAsync(BlockTag.Finalized, None))!.Number);
    }

    [Fact]
    public async Task GetBlock_FinalizedOfTwoOfWhichOneDoesNotKnowTheTag_IsNone()
    {
        using var rpc = Redundant(Endpoint(150), Endpoint(null));
        Assert.Null(await new EthereumClient(rpc).GetBlockAsync(BlockTag.Finalized, None));
    }

    private static RedundantRpc Redundant(params JsonRpc[] endpoints) => new(endpoints, new RedundantRpcOptions());

    private static FakeRpc Endpoint(ulong? final) =>
        new(
            (method, parameters) =>
                (method, parameters[0]) switch
                {
                    ("eth_getBlockByNumber", "latest") => FakeRpc.Block(Head),
                    ("eth_getBlockByNumber", "finalized") => final is { } number
                        ? FakeRpc.Block(number)
                        : throw new JsonRpcException(method, -39001, "Unknown block", []),
                    ("eth_getBlockByNumber", string number) => FakeRpc.Block(FakeRpc.Number(number)),
                    _ => throw FakeRpc.Unknown(method),
                }
        );
}
