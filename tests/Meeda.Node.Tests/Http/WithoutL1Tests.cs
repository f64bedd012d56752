using System.Net;
using System.Text.Json;
using Meeda.Operator.Http;
using Xunit;

namespace Meeda.Node.Tests.Http;

/// <summary>
/// An operator whose L1 does not answer accepts and serves batches, and makes no claim that it cannot verify.
/// </summary>
public sealed class WithoutL1Tests(OperatorFixture node) : IClassFixture<OperatorFixture>
{
    [Fact]
    public async Task Ready_WithoutL1_IsReadyAndSaysSo()
    {
        (HttpStatusCode status, byte[] json) = await node.GetAsync("health/ready");
        Assert.Equal(HttpStatusCode.OK, status);
        ReadinessBody body = JsonSerializer.Deserialize<ReadinessBody>(json, JsonSerializerOptions.Web)!;
        Assert.True(body.Ready);
        Assert.False(body.L1);
    }

    [Theory]
    [InlineData("get/0x014d01")]
    [InlineData("get/0x00")]
    [InlineData("batches/0x")]
    public async Task Get_OfWhatIsNotInTheLedger_Is500AndNot404(string path)
    {
        (HttpStatusCode status, byte[] body) = await node.GetAsync(path + new string('7', 64));
        Assert.Equal(HttpStatusCode.InternalServerError, status);
        Assert.Contains(
            "L1 is not followed to its head",
            System.Text.Encoding.UTF8.GetString(body),
            StringComparison.Ordinal
        );
    }
}
