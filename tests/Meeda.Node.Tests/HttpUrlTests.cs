using Meeda.Hosting;
using Xunit;

namespace Meeda.Node.Tests;

public sealed class HttpUrlTests
{
    [Theory]
    [InlineData("http://127.0.0.1:1", true)]
    [InlineData(" https://user:pass@l1.example/key/ ", true)]
    [InlineData("http://a,http://b", false)]
    [InlineData("http://a;http://b", false)]
    [InlineData("http://a http://b", false)]
    [InlineData("127.0.0.1:3100", false)]
    [InlineData("localhost:3100", false)]
    [InlineData("file:///etc/passwd", false)]
    [InlineData("/etc/passwd", false)]
    [InlineData("http://", false)]
    [InlineData("", false)]
    [InlineData(null, false)]
    public void TryParse_OneHttpUrl_AndNothingElse(string? text, bool isOne) =>
        Assert.Equal(isOne, HttpUrl.TryParse(text, out _));
}
