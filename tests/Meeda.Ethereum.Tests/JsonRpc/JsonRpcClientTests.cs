using System.Net;
using System.Text;
using Meeda.Ethereum.JsonRpc;
using Xunit;

namespace Meeda.Ethereum.Tests.JsonRpc;

/// <summary>A node that misbehaves: what a second try can mend is tried again, everything else is said at once, and the URL is never shown.</summary>
public sealed class JsonRpcClientTests
{
    private const string Secret = "s3cr3t-api-key";

    [Fact]
    public async Task Call_FailuresThatPass_AreTriedAgain()
    {
        using var node = new ScriptedNode(
            () => throw new HttpRequestException("refused"),
            () => new HttpResponseMessage(HttpStatusCode.TooManyRequests),
            () => new HttpResponseMessage(HttpStatusCode.BadGateway),
            () => Answer("""{"jsonrpc":"2.0","id":1,"result":"0x10"}"""));
        Assert.Equal(16ul, await node.Client.GetBlockNumberAsync(CancellationToken.None));
        Assert.Equal(4, node.Requests);
    }

    [Fact]
    public async Task Call_FailuresWithoutEnd_AreGivenUpWithoutTheUrl()
    {
        using var node = new ScriptedNode(() => throw new HttpRequestException("refused"));
        L1UnreachableException failure = await Assert.ThrowsAsync<L1UnreachableException>(() => node.Client.GetBlockNumberAsync(CancellationToken.None));
        Assert.Equal(1 + JsonRpcClient.Retries, node.Requests);
        Assert.DoesNotContain(Secret, failure.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Call_ErrorAnswer_IsFinalAndCarriesItsRevertData()
    {
        using var node = new ScriptedNode(() => Answer("""{"jsonrpc":"2.0","id":1,"error":{"code":3,"message":"execution reverted","data":"0x01020304"}}"""));
        JsonRpcException error = await Assert.ThrowsAsync<JsonRpcException>(() => node.Client.GetBlockNumberAsync(CancellationToken.None));
        Assert.Equal((3, "execution reverted", 1), (error.Code, error.NodeMessage, node.Requests));
        Assert.Equal([1, 2, 3, 4], error.RevertData);
    }

    [Theory]
    [InlineData(HttpStatusCode.Unauthorized)]
    [InlineData(HttpStatusCode.NotFound)]
    public async Task Call_RefusedRequest_IsNotTriedAgain(HttpStatusCode status)
    {
        using var node = new ScriptedNode(() => new HttpResponseMessage(status));
        L1UnreachableException failure = await Assert.ThrowsAsync<L1UnreachableException>(() => node.Client.GetBlockNumberAsync(CancellationToken.None));
        Assert.Contains($"{(int)status}", failure.Message, StringComparison.Ordinal);
        Assert.Equal(1, node.Requests);
    }

    [Theory]
    [InlineData("")]
    [InlineData("<html>")]
    [InlineData("[]")]
    [InlineData("{}")]
    [InlineData("""{"result":null}""")]
    [InlineData("""{"result":"10"}""")]
    [InlineData("""{"result":"0x"}""")]
    [InlineData("""{"result":"0x10000000000000000"}""")]
    [InlineData("""{"result":{"number":1}}""")]
    [InlineData("""{"result":["0x1"]}""")]
    public async Task GetBlockNumber_AnswerOfAnotherShape_IsRefused(string body)
    {
        using var node = new ScriptedNode(() => Answer(body));
        await Assert.ThrowsAsync<L1UnreachableException>(() => node.Client.GetBlockNumberAsync(CancellationToken.None));
    }

    [Theory]
    [InlineData("""{"result":[{}]}""")]
    [InlineData("""{"result":[1]}""")]
    [InlineData("""{"result":{}}""")]
    [InlineData("""{"result":[{"address":"0x00"}]}""")]
    public async Task GetLogs_AnswerOfAnotherShape_IsRefused(string body)
    {
        using var node = new ScriptedNode(() => Answer(body));
        await Assert.ThrowsAsync<L1UnreachableException>(() => node.Client.GetLogsAsync(Address.Zero, [], 0, 1, CancellationToken.None));
    }

    private static HttpResponseMessage Answer(string body) => new(HttpStatusCode.OK) { Content = new StringContent(body, Encoding.UTF8, "application/json") };

    /// <summary>Answers in the order of a script; its last line goes on for ever.</summary>
    private sealed class ScriptedNode : HttpMessageHandler
    {
        private readonly Func<HttpResponseMessage>[] _script;
        private readonly HttpClient _http;

        public ScriptedNode(params Func<HttpResponseMessage>[] script)
        {
            _script = script;
            _http = new HttpClient(this) { BaseAddress = new Uri($"http://node.example/{Secret}") };
            Client = new EthereumClient(new JsonRpcClient(_http));
        }

        public EthereumClient Client { get; }

        public int Requests { get; private set; }

        protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            await Task.Yield();
            return _script[Math.Min(Requests++, _script.Length - 1)]();
        }

        protected override void Dispose(bool disposing)
        {
            _http.Dispose();
            base.Dispose(disposing);
        }
    }
}
