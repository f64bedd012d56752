using System.Net;
using System.Text;
using CsCheck;
using Meeda.Ethereum;
using Meeda.L1.Rpc;
using Xunit;

namespace Meeda.L1.Tests.Rpc;

/// <summary>
/// A node that misbehaves: transient failures are retried, everything else is reported at once, and the URL is never
/// shown.
/// </summary>
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
            () => Answer("""{"jsonrpc":"2.0","id":1,"result":"0x10"}""")
        );
        Assert.Equal(16ul, await node.Client.GetBlockNumberAsync(CancellationToken.None));
        Assert.Equal(4, node.Requests);
    }

    [Fact]
    public async Task Call_FailuresWithoutEnd_AreGivenUpWithoutTheUrl()
    {
        using var node = new ScriptedNode(() => throw new HttpRequestException("refused"));
        L1UnreachableException failure = await Assert.ThrowsAsync<L1UnreachableException>(() =>
            node.Client.GetBlockNumberAsync(CancellationToken.None)
        );
        Assert.Equal(1 + JsonRpcClient.Retries, node.Requests);
        Assert.DoesNotContain(Secret, failure.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Call_ErrorAnswer_IsFinalAndCarriesItsRevertData()
    {
        using var node = new ScriptedNode(() =>
            Answer("""{"jsonrpc":"2.0","id":1,"error":{"code":3,"message":"execution reverted","data":"0x01020304"}}""")
        );
        JsonRpcException error = await Assert.ThrowsAsync<JsonRpcException>(() =>
            node.Client.GetBlockNumberAsync(CancellationToken.None)
        );
        Assert.Equal((3, "execution reverted", 1), (error.Code, error.NodeMessage, node.Requests));
        Assert.Equal([1, 2, 3, 4], error.RevertData);
    }

    [Theory]
    [InlineData(HttpStatusCode.Unauthorized)]
    [InlineData(HttpStatusCode.NotFound)]
    public async Task Call_RefusedRequest_IsNotTriedAgain(HttpStatusCode status)
    {
        using var node = new ScriptedNode(() => new HttpResponseMessage(status));
        L1UnreachableException failure = await Assert.ThrowsAsync<L1UnreachableException>(() =>
            node.Client.GetBlockNumberAsync(CancellationToken.None)
        );
        Assert.Contains($"{(int)status}", failure.Message, StringComparison.Ordinal);
        Assert.Equal(1, node.Requests);
    }

    [Theory]
    [InlineData(HttpStatusCode.BadRequest)]
    [InlineData(HttpStatusCode.Unauthorized)]
    [InlineData(HttpStatusCode.RequestEntityTooLarge)]
    [InlineData(HttpStatusCode.InternalServerError)]
    public async Task Call_ErrorInAnotherHttpStatus_IsTheNodesAnswer(HttpStatusCode status)
    {
        using var node = new ScriptedNode(() =>
            Answer("""{"jsonrpc":"2.0","id":1,"error":{"code":-32000,"message":"nonce too low"}}""", status)
        );
        JsonRpcException error = await Assert.ThrowsAsync<JsonRpcException>(() =>
            node.Client.GetBlockNumberAsync(CancellationToken.None)
        );
        Assert.Equal(("nonce too low", 1), (error.NodeMessage, node.Requests));
    }

    /// <summary>Some gateways put the message where the error object belongs.</summary>
    [Theory]
    [InlineData(HttpStatusCode.OK)]
    [InlineData(HttpStatusCode.BadRequest)]
    public async Task Call_ErrorThatIsABareSentence_IsTheNodesAnswer(HttpStatusCode status)
    {
        using var node = new ScriptedNode(() => Answer("""{"jsonrpc":"2.0","id":1,"error":"nonce too low"}""", status));
        JsonRpcException error = await Assert.ThrowsAsync<JsonRpcException>(() =>
            node.Client.GetBlockNumberAsync(CancellationToken.None)
        );
        Assert.Equal(("nonce too low", 1), (error.NodeMessage, node.Requests));
    }

    [Theory]
    [InlineData(HttpStatusCode.BadGateway, "upstream is away")]
    [InlineData(HttpStatusCode.TooManyRequests, "slow down")]
    [InlineData(HttpStatusCode.OK, "call rate limit exhausted")]
    public async Task Call_ErrorThatPasses_IsTriedAgain(HttpStatusCode status, string message)
    {
        using var node = new ScriptedNode(
            () => Answer($$$"""{"jsonrpc":"2.0","id":1,"error":{"code":-32000,"message":"{{{message}}}"}}""", status),
            () => Answer("""{"jsonrpc":"2.0","id":1,"result":"0x10"}""")
        );
        Assert.Equal(16ul, await node.Client.GetBlockNumberAsync(CancellationToken.None));
        Assert.Equal(2, node.Requests);
    }

    [Fact]
    public async Task Call_TheEndpointAsksForALongPause_IsLeftAloneByAllCalls()
    {
        using var node = new ScriptedNode(() =>
        {
            var busy = new HttpResponseMessage(HttpStatusCode.TooManyRequests);
            busy.Headers.RetryAfter = new(TimeSpan.FromSeconds(100));
            return busy;
        });
        L1UnreachableException first = await Assert.ThrowsAsync<L1UnreachableException>(() =>
            node.Client.GetBlockNumberAsync(CancellationToken.None)
        );
        L1UnreachableException second = await Assert.ThrowsAsync<L1UnreachableException>(() =>
            node.Client.GetChainIdAsync(CancellationToken.None)
        );
        Assert.Equal((L1Problem.RateLimit, L1Problem.RateLimit, 1), (first.Problem, second.Problem, node.Requests));
    }

    [Theory]
    [InlineData("http://user:pass@node.example/", "user:pass")]
    [InlineData("https://us%40er:p%3Aa%2Fs%20s%C3%A9@node.example/path", "us@er:p:a/s sé")]
    [InlineData("http://key@node.example/", "key:")]
    [InlineData("http://node.example/", null)]
    public async Task Call_CredentialsInTheAddress_AreBasicAuthorizationAndNowhereElse(
        string endpoint,
        string? expected
    )
    {
        using var node = new ScriptedNode(
            new Uri(endpoint),
            () => Answer("""{"jsonrpc":"2.0","id":1,"result":"0x10"}"""),
            () => throw new HttpRequestException("refused")
        );
        await node.Client.GetBlockNumberAsync(CancellationToken.None);
        Assert.Equal(
            expected,
            node.Authorization is { } sent ? Encoding.UTF8.GetString(Convert.FromBase64String(sent)) : null
        );
        Assert.Empty(node.Address!.UserInfo);
        L1UnreachableException failure = await Assert.ThrowsAsync<L1UnreachableException>(() =>
            node.Client.GetBlockNumberAsync(CancellationToken.None)
        );
        Assert.DoesNotContain("pass", failure.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task GetLogs_NoAnswerInTime_IsNotAskedTheSameAgain()
    {
        using var node = new ScriptedNode(() => throw new TaskCanceledException("limit", new TimeoutException()));
        L1UnreachableException failure = await Assert.ThrowsAsync<L1UnreachableException>(() =>
            node.Client.GetLogsAsync([Address.Zero], [], 0, 1, CancellationToken.None)
        );
        Assert.Equal((L1Problem.Silence, 1), (failure.Problem, node.Requests));
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
        await Assert.ThrowsAsync<L1UnreachableException>(() =>
            node.Client.GetLogsAsync([Address.Zero], [], 0, 1, CancellationToken.None)
        );
    }

    [Theory]
    [InlineData("""{"jsonrpc":"2.0","id":7,"result":"0x10"}""")]
    [InlineData("""{"jsonrpc":"2.0","id":1.5,"result":"0x10"}""")]
    [InlineData("""{"jsonrpc":"2.0","id":1,"result":"\ud800"}""")]
    [InlineData("""{"jsonrpc":"2.0","id":1,"error":{"code":1,"message":"\ud800"}}""")]
    [InlineData("""{"jsonrpc":"2.0","id":1,"error":{"code":1,"message":"","data":"\ud800"}}""")]
    public async Task Call_AnswerToAnotherRequestOrBrokenText_IsRefused(string body)
    {
        using var node = new ScriptedNode(() => Answer(body));
        await Assert.ThrowsAsync<L1UnreachableException>(() => node.Client.GetBlockNumberAsync(CancellationToken.None));
        Assert.Equal(1, node.Requests);
    }

    [Fact]
    public async Task Call_AnswerWithoutEnd_IsGivenUpAtTheLimit()
    {
        using var endless = new EndlessStream();
        using var node = new ScriptedNode(() =>
            new HttpResponseMessage(HttpStatusCode.OK) { Content = new StreamContent(endless) }
        );
        L1UnreachableException failure = await Assert.ThrowsAsync<L1UnreachableException>(() =>
            node.Client.GetBlockNumberAsync(CancellationToken.None)
        );
        Assert.Contains("longer than", failure.Message, StringComparison.Ordinal);
        Assert.Equal(1, node.Requests);
        Assert.InRange(endless.Given, 1, 80L * 1024 * 1024);
    }

    [Fact]
    public async Task Call_HttpClientsOwnLimit_IsNoCancellation()
    {
        using var node = new ScriptedNode(() => throw new TaskCanceledException("limit", new TimeoutException()));
        await Assert.ThrowsAsync<L1UnreachableException>(() => node.Client.GetBlockNumberAsync(CancellationToken.None));
        Assert.Equal(1 + JsonRpcClient.Retries, node.Requests);
    }

    [Fact]
    public async Task Call_Cancelled_IsACancellation()
    {
        using var cancellation = new CancellationTokenSource();
        using var node = new ScriptedNode(() =>
        {
            cancellation.Cancel();
            throw new HttpRequestException("refused");
        });
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() =>
            node.Client.GetBlockNumberAsync(cancellation.Token)
        );
        Assert.Equal(1, node.Requests);
    }

    [Fact]
    public async Task GetTransactionReceipt_OfAnotherTransaction_IsRefused()
    {
        using var node = new ScriptedNode(() => Answer(Receipt));
        Assert.NotNull(await node.Client.GetTransactionReceiptAsync(Bytes32.Zero, CancellationToken.None));
        await Assert.ThrowsAsync<L1UnreachableException>(() =>
            node.Client.GetTransactionReceiptAsync(Keccak256.Hash([]), CancellationToken.None)
        );
    }

    [Fact]
    public void EveryAnswer_WithBytesChangedOrMissing_IsReadOrRefusedButNeverCrashes() =>
        Gen.Select(Gen.Int[0, 2], Gen.Int[0, 10_000], Gen.Byte, Gen.Bool)
            .Sample(
                (which, place, change, cut) =>
                {
                    string[] answers = [Receipt, BlockAnswer, Logs];
                    byte[] bytes = Encoding.UTF8.GetBytes(answers[which]);
                    place %= bytes.Length;
                    bytes[place] ^= change;
                    byte[] body = cut ? bytes[..place] : bytes;
                    using var node = new ScriptedNode(() =>
                        new HttpResponseMessage(HttpStatusCode.OK) { Content = new ByteArrayContent(body) }
                    );
                    Exception? failure = Record
                        .ExceptionAsync(async () =>
                        {
                            object? read = which switch
                            {
                                0 => await node.Client.GetTransactionReceiptAsync(Bytes32.Zero, CancellationToken.None),
                                1 => await node.Client.GetBlockAsync(BlockTag.Latest, CancellationToken.None),
                                _ => await node.Client.GetLogsAsync([Address.Zero], [], 0, 1, CancellationToken.None),
                            };
                        })
                        .GetAwaiter()
                        .GetResult();
                    return failure is null or L1UnreachableException or JsonRpcException;
                },
                iter: 3_000
            );

    private const string Zeros = "0x0000000000000000000000000000000000000000000000000000000000000000";

    private const string Log =
        $$$"""{"address":"0xd8da6bf26964af9d7eed9e03e53415d37aa96045","topics":["{{{Zeros}}}"],"data":"0x0102","blockNumber":"0x5","blockHash":"{{{Zeros}}}","transactionHash":"{{{Zeros}}}","logIndex":"0x0"}""";

    private const string Logs = $$$"""{"jsonrpc":"2.0","id":1,"result":[{{{Log}}},{{{Log}}}]}""";

    private const string BlockAnswer =
        $$$"""{"jsonrpc":"2.0","id":1,"result":{"number":"0x5","hash":"{{{Zeros}}}","parentHash":"{{{Zeros}}}","timestamp":"0x1","baseFeePerGas":"0x7","blobGasUsed":"0x0","excessBlobGas":"0x0"}}""";

    // No id: the same answer serves several requests.
    private const string Receipt =
        $$$"""{"jsonrpc":"2.0","result":{"transactionHash":"{{{Zeros}}}","blockNumber":"0x5","blockHash":"{{{Zeros}}}","gasUsed":"0x5208","contractAddress":null,"status":"0x1","logs":[{{{Log}}}],"effectiveGasPrice":"0x7"}}""";

    private static HttpResponseMessage Answer(string body, HttpStatusCode status = HttpStatusCode.OK) =>
        new(status) { Content = new StringContent(body, Encoding.UTF8, "application/json") };

    /// <summary>Answers in the order of a script; its last line repeats permanently.</summary>
    private sealed class ScriptedNode : HttpMessageHandler
    {
        private readonly Func<HttpResponseMessage>[] _script;
        private readonly HttpClient _http;

        public ScriptedNode(params Func<HttpResponseMessage>[] script)
            : this(new Uri($"http://node.example/{Secret}"), script) { }

        public ScriptedNode(Uri endpoint, params Func<HttpResponseMessage>[] script)
        {
            _script = script;
            _http = new HttpClient(this) { BaseAddress = endpoint };
            Client = new EthereumClient(new JsonRpcClient(_http));
        }

        public EthereumClient Client { get; }

        public int Requests { get; private set; }

        public string? Authorization { get; private set; }

        public Uri? Address { get; private set; }

        protected override async Task<HttpResponseMessage> SendAsync(
            HttpRequestMessage request,
            CancellationToken cancellationToken
        )
        {
            await Task.Yield();
            Authorization = request.Headers.Authorization is { Scheme: "Basic" } basic ? basic.Parameter : null;
            Address = request.RequestUri;
            return _script[Math.Min(Requests++, _script.Length - 1)]();
        }

        protected override void Dispose(bool disposing)
        {
            _http.Dispose();
            base.Dispose(disposing);
        }
    }

    /// <summary>An answer that starts well and never ends.</summary>
    private sealed class EndlessStream : Stream
    {
        public long Given { get; private set; }

        public override bool CanRead => true;

        public override bool CanSeek => false;

        public override bool CanWrite => false;

        public override long Length => throw new NotSupportedException();

        public override long Position
        {
            get => throw new NotSupportedException();
            set => throw new NotSupportedException();
        }

        public override int Read(byte[] buffer, int offset, int count)
        {
            buffer.AsSpan(offset, count).Fill((byte)' ');
            Given += count;
            return count;
        }

        public override void Flush() { }

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();

        public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();
    }
}
