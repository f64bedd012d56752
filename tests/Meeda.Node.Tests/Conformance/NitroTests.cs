using System.Globalization;
using System.Net;
using System.Net.Http.Json;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Meeda.Ethereum;
using Meeda.L1.Signing;
using Meeda.Node.Tests.Http;
using Meeda.Operator.Nitro;
using Xunit;

namespace Meeda.Node.Tests.Conformance;

/// <summary>
/// Nitro's <c>daprovider_*</c> as its client calls them, over a socket. Methods, names and encodings of results are
/// those of OffchainLabs/nitro (<c>daprovider/daclient/daclient.go</c>, <c>daprovider/server/provider_server.go</c>,
/// <c>daprovider/server_api</c>), the error words those of <c>daprovider/writer.go</c> and <c>reader.go</c>, and the
/// JSON-RPC format that of go-ethereum's <c>rpc</c>, which Nitro uses as client and server.
/// </summary>
[Trait("Category", "Conformance")]
public sealed class NitroTests(OperatorFixture node) : IClassFixture<OperatorFixture>
{
    private const string Timeout = "0x7fffffff";
    private static readonly string BlockHash = "0x" + new string('b', 64);

    [Fact]
    public async Task GetSupportedHeaderBytes_IsTheCertificateFlag() =>
        Assert.Equal("0x01", (await CallAsync("getSupportedHeaderBytes")).GetProperty("headerBytes").GetString());

    [Fact]
    public async Task GetMaxMessageSize_IsTheLongestBatchThatIsStored()
    {
        // The intake's limit is a multiple of 32.
        int max = (await CallAsync("getMaxMessageSize")).GetProperty("maxSize").GetInt32();
        Assert.Equal(OperatorFixture.MaxBatchBytes - 1, max);
        Assert.NotEmpty(await StoreAsync(Payload(8, max)));
    }

    [Fact]
    public async Task Store_TheCertificate_IsReadBackByEveryReadingMethod()
    {
        byte[] payload = Payload(1, 130_000);
        byte[] certificate = await StoreAsync(payload);
        Assert.Equal([0x01, 0x4d], certificate[..2]);
        string hash = Keccak256.Hash(certificate).ToString();
        string base64 = Convert.ToBase64String(payload);
        object[] parameters = ["0x7", BlockHash, Message(certificate)];

        JsonElement read = await CallAsync("recoverPayload", parameters);
        Assert.Equal(base64, read.GetProperty("Payload").GetString());
        Assert.False(read.TryGetProperty("Preimages", out _));
        Assert.Equal(
            base64,
            (await CallAsync("collectPreimages", parameters))
                .GetProperty("Preimages")
                .GetProperty("3")
                .GetProperty(hash)
                .GetString()
        );
        read = await CallAsync("recoverPayloadAndPreimages", parameters);
        Assert.Equal(base64, read.GetProperty("Payload").GetString());
        Assert.Equal(base64, read.GetProperty("Preimages").GetProperty("3").GetProperty(hash).GetString());
    }

    [Fact]
    public async Task Store_TheSameTwice_GivesTheSameCertificate() =>
        Assert.Equal(await StoreAsync(Payload(2, 500)), await StoreAsync(Payload(2, 500)));

    /// <summary>
    /// For every excess length: a byte more than a batch, and more than the maximum body, with and without a
    /// Content-Length. Nitro's client looks for the text in a call's error.
    /// </summary>
    [Theory]
    [InlineData(OperatorFixture.MaxBatchBytes + 1, false)]
    [InlineData(OperatorFixture.MaxBatchBytes + (1 << 20), false)]
    [InlineData(OperatorFixture.MaxBatchBytes + (1 << 20), true)]
    [InlineData(5_000_000, false)]
    public async Task Store_TooLarge_SaysSoInNitrosWords(int length, bool isChunked)
    {
        using HttpContent content = JsonContent.Create(
            new
            {
                jsonrpc = "2.0",
                id = 1,
                method = "daprovider_store",
                @params = (object[])[Hex(new byte[length]), Timeout],
            }
        );
        await content.LoadIntoBufferAsync();
        using var request = new HttpRequestMessage(HttpMethod.Post, new Uri("nitro", UriKind.Relative))
        {
            Content = content,
        };
        request.Headers.TransferEncodingChunked = isChunked;
        using HttpResponseMessage response = await node.Http.SendAsync(request);
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        JsonElement error = (await response.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("error");
        Assert.Contains(
            "message too large for current DA backend",
            error.GetProperty("message").GetString(),
            StringComparison.Ordinal
        );
    }

    /// <summary>Nitro's contracts cannot prove where such a batch ends, so its certificate would be invalid.</summary>
    [Theory]
    [InlineData(32)]
    [InlineData(4_096)]
    public async Task Store_AMultipleOf32Bytes_SaysTooLarge_AndAByteLessIsTaken(int length)
    {
        string refused = await FailAsync("store", Hex(Payload(7, length)), Timeout);
        Assert.Contains("message too large for current DA backend", refused, StringComparison.Ordinal);
        Assert.Contains("a byte less", refused, StringComparison.Ordinal);
        Assert.NotEmpty(await StoreAsync(Payload(7, length - 1)));
    }

    [Fact]
    public async Task Recover_AnyByteOfTheCertificateChanged_IsInvalid_AndTheValidityProofSaysTheSame()
    {
        byte[] certificate = await StoreAsync(Payload(4, 700));
        Assert.Equal(
            "0x0101",
            (await CallAsync("generateCertificateValidityProof", Hex(certificate))).GetProperty("proof").GetString()
        );
        foreach (int at in new[] { 0, 1, 2, 5, 30, certificate.Length - 40, certificate.Length - 1 })
        {
            byte[] changed = [.. certificate];
            changed[at] ^= 0x04;
            Assert.Contains(
                "certificate validation failed",
                await FailAsync("recoverPayload", "0x7", BlockHash, Message(changed)),
                StringComparison.Ordinal
            );
            Assert.Equal(
                "0x0001",
                (await CallAsync("generateCertificateValidityProof", Hex(changed))).GetProperty("proof").GetString()
            );
        }
    }

    [Fact]
    public async Task Recover_AValidCertificateOfABatchThatIsNotHere_IsUnavailableAndNeverInvalid()
    {
        var commitments = new byte[48];
        commitments[0] = 0xc0;
        byte[] certificate = DaCertificate
            .Sign(OperatorFixture.Nitro, 77, 0, commitments, PrivateKeySigner.FromHex(new string('1', 64)))
            .ToArray();
        foreach (string method in (string[])["recoverPayload", "collectPreimages", "recoverPayloadAndPreimages"])
        {
            Assert.DoesNotContain(
                "validation failed",
                await FailAsync(method, "0x7", BlockHash, Message(certificate)),
                StringComparison.Ordinal
            );
        }

        Assert.Equal(
            "0x0101",
            (await CallAsync("generateCertificateValidityProof", Hex(certificate))).GetProperty("proof").GetString()
        );
    }

    /// <summary>
    /// The validator may trust several accounts. A certificate that it accepts must never be rejected here: some of a
    /// chain's nodes would then treat the batch as empty, and others not.
    /// </summary>
    [Fact]
    public async Task Recover_ACertificateOfAnotherSigner_IsInvalidOnlyWhereTheSignerIsUnknown()
    {
        byte[] payload = Payload(9, 333);
        Assert.True(
            DaCertificate.TryDecode(await StoreAsync(payload), OperatorFixture.Nitro, out DaCertificate? own, out _)
        );
        var absent = new byte[48];
        absent[0] = 0xc0;
        byte[] others = Sign(OperatorFixture.OtherSigner, 333, own.Commitments);
        JsonElement read = await CallAsync("recoverPayload", "0x7", BlockHash, Message(others));
        Assert.Equal(Convert.ToBase64String(payload), read.GetProperty("Payload").GetString());
        Assert.DoesNotContain(
            "validation failed",
            await FailAsync("recoverPayload", "0x7", BlockHash, Message(Sign(OperatorFixture.OtherSigner, 79, absent))),
            StringComparison.Ordinal
        );
        byte[] unknown = Sign(PrivateKeySigner.FromHex(new string('6', 64)), 333, own.Commitments);
        Assert.Contains(
            "certificate validation failed",
            await FailAsync("recoverPayload", "0x7", BlockHash, Message(unknown)),
            StringComparison.Ordinal
        );
        foreach ((byte[] certificate, string proof) in new[] { (others, "0x0101"), (unknown, "0x0001") })
        {
            Assert.Equal(
                proof,
                (await CallAsync("generateCertificateValidityProof", Hex(certificate))).GetProperty("proof").GetString()
            );
        }
    }

    private static byte[] Sign(PrivateKeySigner signer, uint length, ReadOnlySpan<byte> commitments) =>
        DaCertificate.Sign(OperatorFixture.Nitro, length, 0, commitments, signer).ToArray();

    [Fact]
    public async Task Recover_ARottenStore_IsUnavailableAndNeverInvalid()
    {
        byte[] certificate = await StoreAsync(Payload(5, 801));
        await node.PlacedAsync();
        Assert.True(DaCertificate.TryDecode(certificate, OperatorFixture.Nitro, out DaCertificate? decoded, out _));
        string[] rows = Directory.GetFiles(
            node.Folder,
            $"{decoded.Batch.ToString()[2..]}*",
            SearchOption.AllDirectories
        );
        Assert.NotEmpty(rows);
        Assert.All(rows, File.Delete);
        Assert.DoesNotContain(
            "validation failed",
            await FailAsync("recoverPayload", "0x7", BlockHash, Message(certificate)),
            StringComparison.Ordinal
        );
    }

    /// <summary>sender.go: the chunk size is always the configured one, and chunks go out in parallel.</summary>
    [Theory]
    [InlineData(2_500, 1_000)]
    [InlineData(2_500, 2_621_144)]
    public async Task ChunkedStore_AsNitrosSenderSendsIt_IsTheSameAsStore(int length, int chunkSize)
    {
        byte[] payload = Payload(6, length);
        byte[][] chunks = [.. payload.Chunk(chunkSize)];
        ulong id = await StartAsync((ulong)chunks.Length, (ulong)chunkSize, (ulong)length, (ulong)chunkSize);
        await Task.WhenAll(
            Enumerable
                .Range(0, chunks.Length)
                .Reverse()
                .Select(i =>
                    CallAsync(
                        "sendChunk",
                        Quantity(id),
                        Quantity((ulong)i),
                        Hex(chunks[i]),
                        Check(chunks[i], id, (ulong)i)
                    )
                )
        );
        Assert.Contains(
            "sig",
            await FailAsync("commitChunkedStore", Quantity(id), Check([], id + 1)),
            StringComparison.Ordinal
        );
        JsonElement done = await CallAsync("commitChunkedStore", Quantity(id), Check([], id));
        Assert.Equal(Hex(await StoreAsync(payload)), done.GetProperty("serialized-da-cert").GetString());
        Assert.Contains(
            "no batch is in arrival",
            await FailAsync("sendChunk", Quantity(id), "0x0", Hex(chunks[0]), Check(chunks[0], id, 0)),
            StringComparison.Ordinal
        );
    }

    [Fact]
    public async Task ChunkedStore_TooLarge_SaysSoInNitrosWords() =>
        Assert.Contains(
            "message too large",
            await FailAsync("startChunkedStore", "0x1", "0x1", "0xffffffff", "0xffffffff", Timeout, "0x00"),
            StringComparison.Ordinal
        );

    [Fact]
    public async Task AnUnknownMethodAndWrongParameters_AreJsonRpcErrors()
    {
        Assert.Equal(
            -32601,
            (await SendAsync("daprovider_nothing")).GetProperty("error").GetProperty("code").GetInt32()
        );
        Assert.Equal(
            -32602,
            (await SendAsync("daprovider_store", "0xz")).GetProperty("error").GetProperty("code").GetInt32()
        );
        Assert.Equal(
            -32602,
            (await SendAsync("daprovider_generateReadPreimageProof", "0x0"))
                .GetProperty("error")
                .GetProperty("code")
                .GetInt32()
        );
    }

    [Theory]
    [InlineData("", -32700)]
    [InlineData("nothing", -32700)]
    [InlineData("{\"jsonrpc\":\"2.0\",\"id\":1", -32700)]
    [InlineData("{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"daprovider_getMaxMessageSize\"}{}", -32700)]
    [InlineData("\uFEFF{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"daprovider_getMaxMessageSize\"}", -32700)]
    [InlineData("{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"daprovider_getMaxMessageSize\",\"\\ud800\":1}", -32700)]
    [InlineData("[]", -32600)]
    [InlineData("7", -32600)]
    [InlineData("null", -32600)]
    [InlineData("{}", -32600)]
    [InlineData("{\"id\":1,\"method\":\"daprovider_getMaxMessageSize\"}", -32600)]
    [InlineData("{\"jsonrpc\":\"1.0\",\"id\":1,\"method\":\"daprovider_getMaxMessageSize\"}", -32600)]
    [InlineData("{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":7}", -32600)]
    [InlineData("{\"jsonrpc\":\"2.0\",\"id\":{},\"method\":\"daprovider_getMaxMessageSize\"}", -32600)]
    [InlineData("{\"jsonrpc\":\"2.0\",\"id\":1,\"id\":2,\"method\":\"daprovider_getMaxMessageSize\"}", -32600)]
    [InlineData(
        "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"daprovider_getMaxMessageSize\",\"method\":\"daprovider_store\"}",
        -32600
    )]
    [InlineData(
        "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"daprovider_store\",\"params\":[],\"params\":[\"0x00\"]}",
        -32600
    )]
    [InlineData("{\"jsonrpc\":\"2.0\",\"id\":\"\\ud800\",\"method\":\"daprovider_getMaxMessageSize\"}", -32600)]
    [InlineData("{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"\\ud800\"}", -32600)]
    [InlineData("{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"daprovider_store\",\"params\":{}}", -32602)]
    [InlineData("{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"daprovider_store\",\"params\":[\"\\ud800\"]}", -32602)]
    [InlineData("{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"daprovider_store\",\"params\":[[[]]]}", -32602)]
    [InlineData(
        "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"daprovider_store\",\"params\":[0,0,0,0,0,0,0,0,0]}",
        -32602
    )]
    [InlineData("{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"daprovider_store\"}", -32602)]
    public async Task Malformed_IsAJsonRpcError(string body, int code)
    {
        JsonElement answer = (await PostAsync(Encoding.UTF8.GetBytes(body)))!.Value;
        Assert.Equal(code, answer.GetProperty("error").GetProperty("code").GetInt32());
        Assert.DoesNotContain("internal error", answer.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Malformed_DeepNestingOrNoUtf8_IsAJsonRpcError()
    {
        Assert.Equal(
            -32700,
            CodeOf(
                await PostAsync(
                    Encoding.UTF8.GetBytes($"{{\"params\":{new string('[', 1000)}{new string(']', 1000)}}}")
                )
            )
        );
        Assert.Equal(-32700, CodeOf(await PostAsync([0xff, 0xfe, (byte)'{'])));
        Assert.Equal(
            -32600,
            CodeOf(await PostAsync([.. "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\""u8, 0xc3, 0x28, .. "\"}"u8]))
        );
    }

    [Fact]
    public async Task Batch_EachCallIsAnsweredUnderItsId_AndNotificationsAreNot()
    {
        JsonElement answers = (
            await PostAsync(
                """
            [{"jsonrpc":"2.0","id":1,"method":"daprovider_getMaxMessageSize"},
             {"jsonrpc":"2.0","method":"daprovider_getMaxMessageSize"},
             {"jsonrpc":"2.0","id":"two","method":"daprovider_nothing"},
             7,
             {"jsonrpc":"2.0","id":null,"method":"daprovider_getSupportedHeaderBytes","params":[]}]
            """u8.ToArray()
            )
        )!.Value;
        Assert.Equal(
            ["1", "\"two\"", "null", "null"],
            answers.EnumerateArray().Select(answer => answer.GetProperty("id").GetRawText())
        );
        Assert.Equal(
            OperatorFixture.MaxBatchBytes - 1,
            answers[0].GetProperty("result").GetProperty("maxSize").GetInt32()
        );
        Assert.Equal((-32601, -32600), (CodeOf(answers[1]), CodeOf(answers[2])));
        Assert.Equal("0x01", answers[3].GetProperty("result").GetProperty("headerBytes").GetString());

        Assert.Null(await PostAsync("""{"jsonrpc":"2.0","method":"daprovider_getMaxMessageSize"}"""u8.ToArray()));
        Assert.Null(await PostAsync("""[{"jsonrpc":"2.0","method":"daprovider_nothing"}]"""u8.ToArray()));
        Assert.Equal(
            -32600,
            CodeOf(await PostAsync(Encoding.UTF8.GetBytes($"[{string.Join(',', Enumerable.Repeat("0", 101))}]")))
        );
    }

    /// <summary>A body of millions of values is not decoded before a method asks for a value.</summary>
    [Theory]
    [InlineData("{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"daprovider_store\",\"params\":[", "]}")]
    [InlineData("{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"daprovider_store\",\"x\":[", "]}")]
    [InlineData("[", "]")]
    public void Parse_MillionsOfValues_TakesNoRoomForThem(string before, string after)
    {
        byte[] body = Encoding.UTF8.GetBytes($"{before}0{string.Concat(Enumerable.Repeat(",0", 1_000_000))}{after}");
        long allocated = GC.GetAllocatedBytesForCurrentThread();
        Record.Exception(() => JsonRpcRequest.Parse(body, out _));
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - allocated, 0, 200_000);
    }

    /// <summary>geth's <c>node/jwt_handler.go</c>: a minute before and after; a fraction is a number too.</summary>
    [Theory]
    [InlineData("\"iat\":{0}", true)]
    [InlineData("\"iat\":{0}.75", true)]
    [InlineData("\"iat\":{0}e0", true)]
    [InlineData("\"iat\":\"{0}\"", false)]
    [InlineData("\"iat\":1e999", false)]
    [InlineData("\"iat\":null", false)]
    [InlineData("\"sub\":\"x\"", false)]
    [InlineData("\"iat\":{0},\"iat\":{0}", false)]
    [InlineData("\"iat\":{0},\"exp\":{60}", true)]
    [InlineData("\"iat\":{0},\"exp\":{-10}", false)]
    [InlineData("\"iat\":{0},\"exp\":\"{60}\"", false)]
    [InlineData("\"iat\":{0},\"nbf\":{0}", true)]
    [InlineData("\"iat\":{0},\"nbf\":{10}", false)]
    [InlineData("\"iat\":{0},\"nbf\":{-3600},\"exp\":{3600}", true)]
    public async Task Token_Claims_CountAsTheyStand(string claims, bool taken)
    {
        byte[] secret = RandomNumberGenerator.GetBytes(32);
        DateTimeOffset now = DateTimeOffset.UnixEpoch.AddDays(20_000);
        string filled = System.Text.RegularExpressions.Regex.Replace(
            claims,
            @"\{(-?\d+)\}",
            match => $"{now.ToUnixTimeSeconds() + long.Parse(match.Groups[1].Value, CultureInfo.InvariantCulture)}"
        );
        Assert.Equal(
            taken,
            await BearerToken.IsValidAsync(
                Sign(secret, """{"alg":"HS256","typ":"JWT"}""", $"{{{filled}}}"),
                secret,
                now
            )
        );
        Assert.False(
            await BearerToken.IsValidAsync(
                Sign(secret, """{"alg":"HS256","crit":["x"]}""", $"{{{filled}}}"),
                secret,
                now
            )
        );
        Assert.False(await BearerToken.IsValidAsync(Sign(secret, """{"alg":"HS512"}""", $"{{{filled}}}"), secret, now));
    }

    [Theory]
    [InlineData(0, true)]
    [InlineData(-50, true)]
    [InlineData(-70, false)]
    [InlineData(70, false)]
    public async Task Token_MadeWithinAMinute_IsTaken(int secondsAgo, bool taken)
    {
        byte[] secret = RandomNumberGenerator.GetBytes(32);
        DateTimeOffset now = DateTimeOffset.UnixEpoch.AddDays(20_000);
        Assert.Equal(
            taken,
            await BearerToken.IsValidAsync(Token(secret, now.AddSeconds(secondsAgo), "HS256"), secret, now)
        );
    }

    [Fact]
    public async Task Token_OfAnotherSecretAlgorithmOrForm_IsRefused()
    {
        byte[] secret = RandomNumberGenerator.GetBytes(32);
        DateTimeOffset now = DateTimeOffset.UtcNow;
        string good = Token(secret, now, "HS256");
        Assert.True(await BearerToken.IsValidAsync(good, secret, now));
        Assert.False(await BearerToken.IsValidAsync(good, RandomNumberGenerator.GetBytes(32), now));
        Assert.False(await BearerToken.IsValidAsync(Token(secret, now, "none"), secret, now));
        foreach (
            string? header in (string?[])
                [
                    null,
                    "",
                    "Bearer",
                    "Bearer a.b",
                    "Bearer a.b.c",
                    good[..^1] + (good[^1] == 'A' ? 'E' : 'A'),
                    good.Replace("Bearer ", "Basic ", StringComparison.Ordinal),
                ]
        )
        {
            Assert.False(await BearerToken.IsValidAsync(header, secret, now));
        }
    }

    internal static string Token(byte[] secret, DateTimeOffset issued, string algorithm) =>
        Sign(secret, $$"""{"alg":"{{algorithm}}","typ":"JWT"}""", $$"""{"iat":{{issued.ToUnixTimeSeconds()}}}""");

    private static string Sign(byte[] secret, string head, string claims)
    {
        string Part(string text) => System.Buffers.Text.Base64Url.EncodeToString(Encoding.UTF8.GetBytes(text));
        string signed = $"{Part(head)}.{Part(claims)}";
        return $"Bearer {signed}.{System.Buffers.Text.Base64Url.EncodeToString(HMACSHA256.HashData(secret, Encoding.UTF8.GetBytes(signed)))}";
    }

    private static byte[] Payload(int seed, int length)
    {
        var payload = new byte[length];
        new Random(seed).NextBytes(payload);
        return payload;
    }

    private static string Hex(byte[] bytes) => "0x" + Convert.ToHexStringLower(bytes);

    private static string Quantity(ulong value) => $"0x{value:x}";

    private static string Message(byte[] certificate) => Hex([.. new byte[40], .. certificate]);

    private static string Check(byte[] data, params ulong[] numbers) =>
        Keccak256.Hash([.. data, .. numbers.SelectMany(number => BitConverter.GetBytes(number).Reverse())]).ToString();

    private static int CodeOf(JsonElement? answer) => answer!.Value.GetProperty("error").GetProperty("code").GetInt32();

    /// <summary>Starts a batch; the timeout makes the request unique.</summary>
    private async Task<ulong> StartAsync(ulong chunks, ulong chunkSize, ulong totalSize, ulong timeout)
    {
        ulong now = (ulong)DateTimeOffset.UtcNow.ToUnixTimeSeconds();
        JsonElement started = await CallAsync(
            "startChunkedStore",
            Quantity(now),
            Quantity(chunks),
            Quantity(chunkSize),
            Quantity(totalSize),
            Quantity(timeout),
            Check([], now, chunks, chunkSize, totalSize, timeout)
        );
        return ulong.Parse(
            started.GetProperty("BatchId").GetString()![2..],
            NumberStyles.AllowHexSpecifier,
            CultureInfo.InvariantCulture
        );
    }

    /// <summary>Posts a body unchanged; null if the response is empty.</summary>
    private async Task<JsonElement?> PostAsync(byte[] body)
    {
        using var content = new ByteArrayContent(body);
        using HttpResponseMessage response = await node.Http.PostAsync(new Uri("nitro", UriKind.Relative), content);
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        byte[] answer = await response.Content.ReadAsByteArrayAsync();
        return answer.Length == 0 ? null : JsonSerializer.Deserialize<JsonElement>(answer);
    }

    private async Task<byte[]> StoreAsync(byte[] payload) =>
        Convert.FromHexString(
            (await CallAsync("store", Hex(payload), Timeout)).GetProperty("serialized-da-cert").GetString()![2..]
        );

    private async Task<JsonElement> CallAsync(string method, params object[] parameters)
    {
        JsonElement answer = await SendAsync($"daprovider_{method}", parameters);
        return answer.TryGetProperty("error", out JsonElement error)
            ? throw new InvalidOperationException(error.ToString())
            : answer.GetProperty("result");
    }

    private async Task<string> FailAsync(string method, params object[] parameters) =>
        (await SendAsync($"daprovider_{method}", parameters)).GetProperty("error").GetProperty("message").GetString()!;

    private async Task<JsonElement> SendAsync(string method, params object[] parameters)
    {
        using HttpResponseMessage response = await node.Http.PostAsJsonAsync(
            new Uri("nitro", UriKind.Relative),
            new
            {
                jsonrpc = "2.0",
                id = 1,
                method,
                @params = parameters,
            }
        );
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        return await response.Content.ReadFromJsonAsync<JsonElement>();
    }
}
