using System.Net;
using System.Text;
using System.Text.Json;
using Meeda.Client;
using Meeda.Ethereum;
using Meeda.Kzg.Commitments;
using Meeda.Protocol.Batches;
using Xunit;

namespace Meeda.Node.Tests.Http;

/// <summary>The OP Stack's Alt-DA protocol over a real socket, with a real store.</summary>
public sealed class AltDaEndpointsTests(FollowingOperatorFixture node) : IClassFixture<FollowingOperatorFixture>
{
    private static readonly string UnknownHash = new('7', 64);

    [Theory]
    [InlineData("put", 1)]
    [InlineData("put/", 31)]
    [InlineData("put", (4095 * 31) + 1)]
    public async Task Put_ABatch_IsGivenBackByItsGenericCommitment(string path, int length)
    {
        byte[] payload = Payload(length);
        (HttpStatusCode status, byte[] commitment) = await node.PostAsync(path, payload);
        Assert.Equal(HttpStatusCode.OK, status);
        Assert.Equal(35, commitment.Length);
        Assert.Equal([0x01, 0x4d, 0x01], commitment[..3]);

        (status, byte[] body) = await node.GetAsync($"get/0x{Convert.ToHexStringLower(commitment)}");
        Assert.Equal(HttpStatusCode.OK, status);
        Assert.Equal(payload, body);
    }

    [Fact]
    public async Task Put_TheCommitment_IsThatOfTheProtocol()
    {
        byte[] payload = Payload(200_000);
        var key = new CommitmentKey(TrustedSetup.Ethereum);
        byte[] commitments =
        [
            .. BlobEncoding.Encode(payload).Chunk(Blob.ByteLength).SelectMany(blob => key.Commit(blob).ToArray()),
        ];
        (_, byte[] answer) = await node.PostAsync("put", payload);
        Assert.Equal(AltDaCommitment.Of(BatchId.Compute(200_000, commitments)).Encode(), answer);
    }

    [Fact]
    public async Task Put_TheSameBytesAtOnceAndAgain_GetTheSameAnswerAndAreStoredOnce()
    {
        byte[] payload = Payload(1000);
        (HttpStatusCode Status, byte[] Body)[] answers = await Task.WhenAll(
            Enumerable.Range(0, 8).Select(_ => node.PostAsync("put", payload))
        );
        (_, byte[] again) = await node.PostAsync("put", payload);
        Assert.All(answers, answer => Assert.Equal(HttpStatusCode.OK, answer.Status));
        Assert.All(answers, answer => Assert.Equal(again, answer.Body));
        await node.PlacedAsync();
        // One data row and two parity rows, with a label beside each.
        Assert.Equal(3, FilesOf(again).Count(path => !path.EndsWith(".label", StringComparison.Ordinal)));
        Assert.Equal(6, FilesOf(again).Length);
    }

    [Fact]
    public async Task Put_AfterARestart_IsStillThere()
    {
        byte[] payload = Payload(5000);
        (_, byte[] commitment) = await node.PostAsync("put", payload);
        await node.RestartAsync();
        (HttpStatusCode status, byte[] body) = await node.GetAsync($"get/0x{Convert.ToHexStringLower(commitment)}");
        Assert.Equal(HttpStatusCode.OK, status);
        Assert.Equal(payload, body);
    }

    [Fact]
    public async Task PutKeccak_TheBatch_IsGivenBackByIt_AndAWrongHashIsRefused()
    {
        byte[] payload = Payload(4321);
        string commitment = "0x00" + Keccak256.Hash(payload).ToString()[2..];
        (HttpStatusCode status, byte[] body) = await node.PostAsync($"put/{commitment}", payload);
        Assert.Equal(HttpStatusCode.OK, status);
        Assert.Empty(body);
        (_, byte[] read) = await node.GetAsync($"get/{commitment}");
        Assert.Equal(payload, read);

        await AssertErrorAsync(
            node.PostAsync($"put/0x00{UnknownHash}", payload),
            HttpStatusCode.BadRequest,
            "Keccak-256 of the body"
        );
    }

    [Fact]
    public async Task Put_Empty_IsRefusedWithTheLimit() =>
        await AssertErrorAsync(
            node.PostAsync("put", []),
            HttpStatusCode.BadRequest,
            "body: it is empty; a batch has at least 1 byte"
        );

    [Fact]
    public async Task Put_AtTheLimit_IsTaken_AndOneByteBeyondIsRefusedWithTheLimit()
    {
        (HttpStatusCode status, _) = await node.PostAsync("put", Payload(OperatorFixture.MaxBatchBytes));
        Assert.Equal(HttpStatusCode.OK, status);
        await AssertErrorAsync(
            node.PostAsync("put", Payload(OperatorFixture.MaxBatchBytes + 1)),
            HttpStatusCode.RequestEntityTooLarge,
            "body: 300001 bytes are more than the limit of 300000 bytes"
        );
    }

    [Fact]
    public async Task Put_TooLongWithoutALength_IsRefusedWithTheLimit()
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, new Uri("put", UriKind.Relative))
        {
            Content = new StreamContent(new MemoryStream(Payload(OperatorFixture.MaxBatchBytes + 1))),
        };
        request.Headers.TransferEncodingChunked = true;
        using HttpResponseMessage response = await node.Http.SendAsync(request);
        Assert.Equal(HttpStatusCode.RequestEntityTooLarge, response.StatusCode);
        Assert.Contains("300000", await response.Content.ReadAsStringAsync(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("zz", "not hexadecimal")]
    [InlineData("0x", "it is empty")]
    [InlineData("0x00aa", "has 33 bytes, not 2")]
    [InlineData("0x024d01" + "7777777777777777777777777777777777777777777777777777777777777777", "type byte is 0x02")]
    [InlineData(
        "0x010c01" + "7777777777777777777777777777777777777777777777777777777777777777",
        "DA layer byte is 0x0c"
    )]
    [InlineData("0x014d02" + "7777777777777777777777777777777777777777777777777777777777777777", "version is 0x02")]
    public async Task Get_MalformedCommitment_IsA400ThatNamesTheField(string commitment, string sentence) =>
        await AssertErrorAsync(node.GetAsync($"get/{commitment}"), HttpStatusCode.BadRequest, sentence, "commitment:");

    [Theory]
    [InlineData("0x014d01")]
    [InlineData("0x00")]
    public async Task Get_NeverStored_Is404(string prefix) =>
        await AssertErrorAsync(
            node.GetAsync($"get/{prefix}{UnknownHash}"),
            HttpStatusCode.NotFound,
            "no batch of this commitment was ever stored here"
        );

    [Fact]
    public async Task Get_AnyFlippedByteOnDisk_IsNeverServedAndNever404()
    {
        (_, byte[] commitment) = await node.PostAsync("put", Payload(777));
        await node.PlacedAsync();
        string[] files = FilesOf(commitment);
        foreach (int offset in new[] { 0, 1, 5, 33, 700, 100_000, Blob.ByteLength - 1 })
        {
            Assert.All(files, file => Flip(file, offset));
            await AssertErrorAsync(
                node.GetAsync($"get/0x{Convert.ToHexStringLower(commitment)}"),
                HttpStatusCode.InternalServerError,
                "store:"
            );
            Assert.All(files, file => Flip(file, offset));
        }

        (HttpStatusCode status, _) = await node.GetAsync($"get/0x{Convert.ToHexStringLower(commitment)}");
        Assert.Equal(HttpStatusCode.OK, status);
    }

    [Fact]
    public async Task Get_EveryFileGone_Is500NotAbsence()
    {
        (_, byte[] commitment) = await node.PostAsync("put", Payload(778));
        await node.PlacedAsync();
        Assert.All(FilesOf(commitment), File.Delete);
        await AssertErrorAsync(
            node.GetAsync($"get/0x{Convert.ToHexStringLower(commitment)}"),
            HttpStatusCode.InternalServerError,
            "too few rows"
        );
    }

    [Fact]
    public async Task Get_OneFileGoneAndOneRotten_IsServedFromTheThird()
    {
        byte[] payload = Payload(779);
        (_, byte[] commitment) = await node.PostAsync("put", payload);
        await node.PlacedAsync();
        string[] files = FilesOf(commitment);
        File.Delete(files[0]);
        Flip(files[1], 500);
        (HttpStatusCode status, byte[] body) = await node.GetAsync($"get/0x{Convert.ToHexStringLower(commitment)}");
        Assert.Equal(HttpStatusCode.OK, status);
        Assert.Equal(payload, body);
    }

    [Fact]
    public async Task Batches_AStoredBatch_IsDescribed()
    {
        byte[] payload = Payload(150_000);
        (_, byte[] commitment) = await node.PostAsync("put", payload);
        await node.PlacedAsync();
        (HttpStatusCode status, byte[] json) = await node.GetAsync(
            $"batches/0x{Convert.ToHexStringLower(commitment[3..])}"
        );
        Assert.Equal(HttpStatusCode.OK, status);
        BatchBody batch = JsonSerializer.Deserialize<BatchBody>(json, JsonSerializerOptions.Web)!;
        Assert.Equal(("placed", 150_000u, 2, 2), (batch.State, batch.Bytes, batch.Blobs, batch.Commitments.Count));
        Assert.Null(batch.Anchor);
    }

    [Theory]
    [InlineData("batches/0x12", HttpStatusCode.BadRequest, "id:")]
    [InlineData(
        "batches/0x7777777777777777777777777777777777777777777777777777777777777777",
        HttpStatusCode.NotFound,
        "id:"
    )]
    [InlineData("nowhere", HttpStatusCode.NotFound, "path:")]
    [InlineData("put", HttpStatusCode.MethodNotAllowed, "method:")]
    public async Task Get_WrongRequest_GetsAFittingStatusAndSentence(
        string path,
        HttpStatusCode status,
        string field
    ) => await AssertErrorAsync(node.GetAsync(path), status, field);

    private static byte[] Payload(int length)
    {
        var payload = new byte[length];
        new Random(length).NextBytes(payload);
        return payload;
    }

    private static async Task AssertErrorAsync(
        Task<(HttpStatusCode Status, byte[] Body)> asked,
        HttpStatusCode status,
        params string[] sentences
    )
    {
        (HttpStatusCode actual, byte[] body) = await asked;
        Assert.Equal(status, actual);
        string error = JsonSerializer.Deserialize<ErrorBody>(body, JsonSerializerOptions.Web)!.Error;
        Assert.All(sentences, sentence => Assert.Contains(sentence, error, StringComparison.Ordinal));
        Assert.DoesNotContain("   at ", Encoding.UTF8.GetString(body), StringComparison.Ordinal);
    }

    private static void Flip(string file, int offset)
    {
        using FileStream stream = File.Open(file, FileMode.Open, FileAccess.ReadWrite);
        stream.Position = offset;
        int value = stream.ReadByte();
        stream.Position = offset;
        stream.WriteByte((byte)(value ^ 0x10));
    }

    private string[] FilesOf(byte[] commitment) =>
        [
            .. Directory
                .EnumerateFiles(
                    node.Folder,
                    $"{Convert.ToHexStringLower(commitment[3..])}*",
                    SearchOption.AllDirectories
                )
                .Order(),
        ];
}
