using System.Numerics;
using Meeda.Chain.Contract;
using Meeda.Ethereum;
using Meeda.L1.Rpc;
using Meeda.Testing;
using Xunit;

namespace Meeda.Node.Tests.L1;

public sealed class PublicationContractTests
{
    /// <summary>A geth-like node would execute the call at a base fee of zero, so the contract is not called.</summary>
    [Fact]
    public async Task DemandBond_CoversEightTimesTheFees_AndMakesNoCall()
    {
        var rpc = new FakeRpc(
            (method, _) =>
                method switch
                {
                    "eth_getBlockByNumber" => FakeRpc.Block(5), // a base fee of 7 wei
                    "eth_blobBaseFee" => "0x3",
                    _ => throw FakeRpc.Unknown(method),
                }
        );
        var system = new SystemContract(new EthereumClient(rpc), Address.Zero);
        Assert.Equal(
            (BigInteger)1_000 + (8 * ((3 * 131_072) + (7 * 150_000))),
            await system.Publication.DemandBondAsync(1_000, default)
        );
    }
}
