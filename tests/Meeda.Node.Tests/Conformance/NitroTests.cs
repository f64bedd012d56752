using System.Globalization;
using System.Net;
using System.Net.Http.Json;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Meeda.Ethereum;
using Meeda.Ethereum.Signing;
using Meeda.Node.Nitro;
using Meeda.Node.Tests.Http;
using Xunit;

namespace Meeda.Node.Tests.Conformance;

/// <summary>Nitro's <c>daprovider_*</c> as its client calls them, over a socket: methods, names and encodings of results, error words.</summary>
[Trait("Category", "Conformance")]
public sealed class NitroTests(OperatorFixture node) : IClassFixture<OperatorFixture>
{
    private const string Timeout = "0x7fffffff";
    private static readonly string BlockHash = "0x" + new string('b', 64);

    [Fact]
    public async Task GetSupportedHeaderBytes_IsTheCertificateFlag() =>
        Assert.Equal("0x01", (await CallAsync("getSupportedHeaderBytes")).GetProperty("headerBytes").GetString());

    [Fact]
    public async Task GetMaxMessageSize_IsTheIntakesLimit() =>
        Assert.Equal(OperatorFixture.MaxBatchBytes, (await CallAsync("getMaxMessageSize")).GetProperty("maxSize").GetInt32());

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
        Assert.Equal(base64, (await CallAsync("collectPreimages", parameters)).GetProperty("Preimages").GetProperty("3").GetProperty(hash).GetString());
        read = await CallAsync("recoverPayloadAndPreimages", parameters);
        Assert.Equal(base64, read.GetProperty("Payload").GetString());
        Assert.Equal(base64, read.GetProperty("Preimages").GetProperty("3").GetProperty(hash).GetString());
    }

    [Fact]
    public async Task Store_TheSameTwice_GivesTheSameCertificate() =>
        Assert.Equal(await StoreAsync(Payload(2, 500)), await StoreAsync(Payload(2, 500)));

    [Fact]
    public async Task Store_TooLarge_SaysSoInNitrosWords() =>
        Assert.Contains("message too large for current DA backend", await FailAsync("store", Hex(Payload(3, OperatorFixture.MaxBatchBytes + 1)), Timeout), StringComparison.Ordinal);

    [Fact]
    public async Task Recover_AnyByteOfTheCertificateChanged_IsInvalid_AndTheValidityProofSaysTheSame()
    {
        byte[] certificate = await StoreAsync(Payload(4, 700));
        Assert.Equal("0x0101", (await CallAsync("generateCertificateValidityProof", Hex(certificate))).GetProperty("proof").GetString());
        foreach (int at in new[] { 0, 1, 2, 5, 30, certificate.Length - 40, certificate.Length - 1 })
        {
            byte[] changed = [.. certificate];
            changed[at] ^= 0x04;
            Assert.Contains("certificate validation failed", await FailAsync("recoverPayload", "0x7", BlockHash, Message(changed)), StringComparison.Ordinal);
            Assert.Equal("0x0001", (await CallAsync("generateCertificateValidityProof", Hex(changed))).GetProperty("proof").GetString());
        }
    }

    [Fact]
    public async Task Recover_AValidCertificateOfABatchThatIsNotHere_IsUnavailableAndNeverInvalid()
    {
        var commitments = new byte[48];
        commitments[0] = 0xc0;
        byte[] certificate = DaCertificate.Sign(0x4d, 77, commitments, PrivateKeySigner.FromHex(new string('1', 64))).ToArray();
        foreach (string method in (string[])["recoverPayload", "collectPreimages", "recoverPayloadAndPreimages"])
        {
            Assert.DoesNotContain("validation failed", await FailAsync(method, "0x7", BlockHash, Message(certificate)), StringComparison.Ordinal);
        }

        Assert.Equal("0x0101", (await CallAsync("generateCertificateValidityProof", Hex(certificate))).GetProperty("proof").GetString());
    }

    [Fact]
    public async Task Recover_ARottenStore_IsUnavailableAndNeverInvalid()
    {
        byte[] certificate = await StoreAsync(Payload(5, 800));
        await node.PlacedAsync();
        Assert.True(DaCertificate.TryDecode(certificate, 0x4d, out DaCertificate? decoded, out _));
        string[] rows = Directory.GetFiles(node.Folder, $"{decoded.Batch.ToString()[2..]}*", SearchOption.AllDirectories);
        Assert.NotEmpty(rows);
        Assert.All(rows, File.Delete);
        Assert.DoesNotContain("validation failed", await FailAsync("recoverPayload", "0x7", BlockHash, Message(certificate)), StringComparison.Ordinal);
    }

    [Fact]
    public async Task ChunkedStore_InAnyOrder_IsTheSameAsStore()
    {
        byte[] payload = Payload(6, 2_500);
        ulong now = (ulong)DateTimeOffset.UtcNow.ToUnixTimeSeconds();
        JsonElement started = await CallAsync(
            "startChunkedStore", Quantity(now), "0x3", "0x3e8", "0x9c4", Timeout, Check([], now, 3, 1000, 2500, 0x7fffffff));
        ulong id = ulong.Parse(started.GetProperty("BatchId").GetString()![2..], NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture);
        byte[][] chunks = [.. payload.Chunk(1000)];
        Assert.Contains("3 of 3", await FailAsync("commitChunkedStore", Quantity(id), Check([], id)), StringComparison.Ordinal);
        await Task.WhenAll(new[] { 2, 0, 1 }.Select(i => CallAsync("sendChunk", Quantity(id), Quantity((ulong)i), Hex(chunks[i]), Check(chunks[i], id, (ulong)i))));
        Assert.Contains("sig", await FailAsync("commitChunkedStore", Quantity(id), Check([], id + 1)), StringComparison.Ordinal);
        JsonElement done = await CallAsync("commitChunkedStore", Quantity(id), Check([], id));
        Assert.Equal(Hex(await StoreAsync(payload)), done.GetProperty("serialized-da-cert").GetString());
        Assert.Contains("no batch is in arrival", await FailAsync("sendChunk", Quantity(id), "0x0", Hex(chunks[0]), Check(chunks[0], id, 0)), StringComparison.Ordinal);
    }

    [Fact]
    public async Task ChunkedStore_TooLarge_SaysSoInNitrosWords() =>
        Assert.Contains("message too large", await FailAsync("startChunkedStore", "0x1", "0x1", "0xffffffff", "0xffffffff", Timeout, "0x00"), StringComparison.Ordinal);

    [Fact]
    public async Task AnUnknownMethodAndWrongParameters_AreJsonRpcErrors()
    {
        Assert.Equal(-32601, (await SendAsync("daprovider_nothing")).GetProperty("error").GetProperty("code").GetInt32());
        Assert.Equal(-32602, (await SendAsync("daprovider_store", "0xz")).GetProperty("error").GetProperty("code").GetInt32());
        Assert.Equal(-32602, (await SendAsync("daprovider_generateReadPreimageProof", "0x0")).GetProperty("error").GetProperty("code").GetInt32());
    }

    [Theory]
    [InlineData(0, true)]
    [InlineData(-50, true)]
    [InlineData(-70, false)]
    [InlineData(70, false)]
    public void Token_MadeWithinAMinute_IsTaken(int secondsAgo, bool taken)
    {
        byte[] secret = RandomNumberGenerator.GetBytes(32);
        DateTimeOffset now = DateTimeOffset.UnixEpoch.AddDays(20_000);
        Assert.Equal(taken, BearerToken.IsValid(Token(secret, now.AddSeconds(secondsAgo), "HS256"), secret, now));
    }

    [Fact]
    public void Token_OfAnotherSecretAlgorithmOrForm_IsRefused()
    {
        byte[] secret = RandomNumberGenerator.GetBytes(32);
        DateTimeOffset now = DateTimeOffset.UtcNow;
        string good = Token(secret, now, "HS256");
        Assert.True(BearerToken.IsValid(good, secret, now));
        Assert.False(BearerToken.IsValid(good, RandomNumberGenerator.GetBytes(32), now));
        Assert.False(BearerToken.IsValid(Token(secret, now, "none"), secret, now));
        Assert.All(
            (string?[])[null, "", "Bearer", "Bearer a.b", "Bearer a.b.c", good[..^1] + (good[^1] == 'A' ? 'E' : 'A'), good.Replace("Bearer ", "Basic ", StringComparison.Ordinal)],
            header => Assert.False(BearerToken.IsValid(header, secret, now)));
    }

    internal static string Token(byte[] secret, DateTimeOffset issued, string algorithm)
    {
        string Part(string text) => System.Buffers.Text.Base64Url.EncodeToString(Encoding.UTF8.GetBytes(text));
        string signed = $$"""{{Part($$"""{"alg":"{{algorithm}}","typ":"JWT"}""")}}.{{Part($$"""{"iat":{{issued.ToUnixTimeSeconds()}}}""")}}""";
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

    private async Task<byte[]> StoreAsync(byte[] payload) =>
        Convert.FromHexString((await CallAsync("store", Hex(payload), Timeout)).GetProperty("serialized-da-cert").GetString()![2..]);

    private async Task<JsonElement> CallAsync(string method, params object[] parameters)
    {
        JsonElement answer = await SendAsync($"daprovider_{method}", parameters);
        return answer.TryGetProperty("error", out JsonElement error) ? throw new InvalidOperationException(error.ToString()) : answer.GetProperty("result");
    }

    private async Task<string> FailAsync(string method, params object[] parameters) =>
        (await SendAsync($"daprovider_{method}", parameters)).GetProperty("error").GetProperty("message").GetString()!;

    private async Task<JsonElement> SendAsync(string method, params object[] parameters)
    {
        using HttpResponseMessage response = await node.Http.PostAsJsonAsync(
            new Uri("nitro", UriKind.Relative), new { jsonrpc = "2.0", id = 1, method, @params = parameters });
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        return await response.Content.ReadFromJsonAsync<JsonElement>();
    }
}
