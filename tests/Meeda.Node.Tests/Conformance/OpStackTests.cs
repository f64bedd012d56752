using System.Text.Json;
using Meeda.Ethereum;
using Meeda.Node.Tests.Http;
using Xunit;

namespace Meeda.Node.Tests.Conformance;

/// <summary>
/// The rows of the Alt-DA protocol's tables as an unmodified client sees them. Routes, bodies and success criteria are
/// those of ethereum-optimism/optimism (<c>op-alt-da/daclient.go</c>, <c>daserver.go</c>), layouts those of
/// <c>commitment.go</c>, the effect of a status on a node is in <c>damgr.go</c> and
/// <c>op-node/rollup/derive/altda_data_source.go</c>; the query and 418 with its field names are celo-org/optimism's
/// (<c>op-alt-da/daclient.go</c>).
/// </summary>
[Trait("Category", "Conformance")]
public sealed class OpStackTests(FollowingOperatorFixture node) : IClassFixture<FollowingOperatorFixture>
{
    private const string Unknown = "7777777777777777777777777777777777777777777777777777777777777777";

    [Theory]
    [InlineData("/put")]
    [InlineData("/put/")]
    public async Task Put_EitherRoute_IsExactly200WithTheRawCommitmentAndNoRedirect(string route)
    {
        using var client = new GoClient(node.Address);
        GoAnswer answer = await client.PostAsync(route, Frame(1, 1000));
        Assert.Equal(200, answer.Status);
        Assert.Equal("application/octet-stream", answer.Headers["content-type"]);
        Assert.Equal(35, answer.Body.Length);
        Assert.Equal(0x01, answer.Body[0]);
        Assert.Equal(0, client.Redirects);
    }

    /// <summary>daclient.go appends the path to its URL: a URL that ends with a slash gives two slashes.</summary>
    [Theory]
    [InlineData("/")]
    [InlineData("//")]
    public async Task ABaseUrlThatEndsWithSlashes_WorksForEveryCall(string end)
    {
        using var client = new GoClient(node.Address);
        byte[] frame = Frame(40 + end.Length, 1000);
        GoAnswer put = await client.PostAsync($"{end}/put", frame);
        Assert.Equal(200, put.Status);
        Assert.Equal(put.Body, (await client.PostAsync($"{end}/put/", frame)).Body);
        Assert.Equal(frame, (await client.GetAsync($"{end}/get/0x{Convert.ToHexStringLower(put.Body)}")).Body);
        string keccak = $"0x00{Keccak256.Hash(frame).ToString()[2..]}";
        Assert.Equal(200, (await client.PostAsync($"{end}/put/{keccak}", frame)).Status);
        Assert.Equal(frame, (await client.GetAsync($"{end}/get/{keccak}?l1_inclusion_block_number=1")).Body);
        Assert.Equal(0, client.Redirects);
    }

    /// <summary>A GET's response without the body: the status, the type and, if known in advance, the length.</summary>
    [Fact]
    public async Task Head_WhereverGetWorks_HasItsStatusAndHeadersAndNoBody()
    {
        using var client = new GoClient(node.Address);
        byte[] commitment = (await client.PostAsync("/put", Frame(50, 1234))).Body;
        foreach (
            string path in (string[])
                [
                    $"/get/0x{Convert.ToHexStringLower(commitment)}",
                    $"/get/0x014d01{Unknown}",
                    "/get/0xzz",
                    "/get/",
                    $"/batches/0x{Convert.ToHexStringLower(commitment[3..])}",
                    "/status",
                    "/health",
                    "/health/live",
                    "/health/ready",
                    "/warmup",
                    "/openapi/v1.json",
                    "/put",
                    "/nowhere",
                ]
        )
        {
            using HttpResponseMessage get = await node.Http.GetAsync(new Uri(path, UriKind.Relative));
            using var request = new HttpRequestMessage(HttpMethod.Head, new Uri(path, UriKind.Relative));
            using HttpResponseMessage head = await node.Http.SendAsync(request);
            Assert.Equal((path, get.StatusCode), (path, head.StatusCode));
            Assert.Equal(get.Content.Headers.ContentType, head.Content.Headers.ContentType);
            Assert.Empty(await head.Content.ReadAsByteArrayAsync());
        }

        using var asked = new HttpRequestMessage(
            HttpMethod.Head,
            new Uri($"get/0x{Convert.ToHexStringLower(commitment)}", UriKind.Relative)
        );
        using HttpResponseMessage answer = await node.Http.SendAsync(asked);
        Assert.Equal(1234, answer.Content.Headers.ContentLength);
    }

    /// <summary>
    /// EigenDA's clients and load balancers use this route (Layr-Labs/eigenda,
    /// <c>api/proxy/servers/rest/routing.go</c>).
    /// </summary>
    [Fact]
    public async Task Health_Is200()
    {
        using var client = new GoClient(node.Address);
        Assert.Equal(200, (await client.GetAsync("/health")).Status);
        Assert.Equal(200, (await client.GetAsync("//health/")).Status);
    }

    [Fact]
    public async Task Get_BothHexForms_AnyCase_UnknownQueryIgnored_GiveTheRawBytes()
    {
        using var client = new GoClient(node.Address);
        byte[] frame = Frame(2, 120_000);
        string hex = Convert.ToHexStringLower((await client.PostAsync("/put", frame)).Body);
        foreach (
            string form in (string[])
                [$"0x{hex}", hex, $"0x{hex.ToUpperInvariant()}", $"0x{hex}?commitment_mode=optimism_generic&x=1"]
        )
        {
            GoAnswer answer = await client.GetAsync($"/get/{form}");
            Assert.Equal(200, answer.Status);
            Assert.Equal(frame, answer.Body);
            Assert.DoesNotContain("content-encoding", answer.Headers.Keys);
        }
    }

    [Fact]
    public async Task PutKeccak_ThePrecomputedCommitment_IsExactly200AndEmpty_AndReadBack()
    {
        using var client = new GoClient(node.Address);
        byte[] frame = Frame(3, 130_672);
        string commitment = $"0x00{Keccak256.Hash(frame).ToString()[2..]}";
        GoAnswer put = await client.PostAsync($"/put/{commitment}", frame);
        Assert.Equal(200, put.Status);
        Assert.Empty(put.Body);
        Assert.Equal(frame, (await client.GetAsync($"/get/{commitment}")).Body);
        Assert.Equal(frame, (await client.GetAsync($"/get/{commitment}?l1_inclusion_block_number=12")).Body);
    }

    [Fact]
    public async Task Put_ManyFramesAndDuplicates_ShareOneConnectionAndAreIdempotent()
    {
        using var client = new GoClient(node.Address);
        for (int i = 0; i < 20; i++)
        {
            byte[] frame = Frame(10 + (i % 5), 5000);
            GoAnswer first = await client.PostAsync("/put", frame);
            GoAnswer again = await client.PostAsync("/put", frame);
            Assert.Equal(first.Body, again.Body);
        }

        Assert.Equal(1, client.Connections);
    }

    [Fact]
    public async Task Put_TooLarge_Is413OnEveryRetryAndTheConnectionServesOn()
    {
        using var client = new GoClient(node.Address);
        byte[] large = Frame(4, OperatorFixture.MaxBatchBytes + 1);
        for (int i = 0; i < 5; i++)
        {
            Assert.Equal(413, (await client.PostAsync("/put", large)).Status);
        }

        Assert.Equal(200, (await client.PostAsync("/put", Frame(5, 100))).Status);
    }

    [Theory]
    [InlineData("/get", 400, "no route")]
    [InlineData("/get/", 400, "no route")]
    [InlineData("//get//", 400, "no route")]
    [InlineData("/get/0x014d01" + Unknown + "/extra", 400, "no route")]
    [InlineData("/op/get/0x014d01" + Unknown, 400, "no route")]
    [InlineData("/Get/0x014d01" + Unknown + "/x", 400, "no route")]
    [InlineData("/batches", 400, "no route")]
    [InlineData("/put/x/y", 400, "no route")]
    [InlineData("/get%2F0x014d01" + Unknown, 400, "no route")]
    [InlineData("/gets/0x014d01" + Unknown, 400, "no route")]
    [InlineData("/getx", 400, "no route")]
    [InlineData("/putter", 400, "no route")]
    [InlineData("/0x014d01" + Unknown, 400, "no route")]
    [InlineData("/v1/014d01" + Unknown, 400, "no route")]
    [InlineData("/batch/0x" + Unknown, 400, "no route")]
    [InlineData("/da", 400, "no route")]
    [InlineData("/da/x", 400, "no route")]
    [InlineData("/warmup/x", 400, "no route")]
    [InlineData("/nowhere", 404, "nothing at")]
    [InlineData("//get//0x00" + Unknown, 404, "ever stored")]
    [InlineData("/get/0xzz", 400, "hexadecimal")]
    [InlineData("/get/0x00aa", 400, "33 bytes")]
    [InlineData("/get/0x010c01" + Unknown, 400, "layer byte")]
    [InlineData("/get/0x014d02" + Unknown, 400, "version")]
    [InlineData("/get/0x024d01" + Unknown, 400, "type byte")]
    [InlineData("/get/0x014d01" + Unknown + "?l1_inclusion_block_number=-1", 400, "l1_inclusion_block_number")]
    [InlineData("/get/0x014d01" + Unknown, 404, "ever stored")]
    [InlineData("/get/0x014d01" + Unknown + "?l1_inclusion_block_number=0", 404, "ever stored")]
    [InlineData("/get/0x00" + Unknown, 404, "ever stored")]
    public async Task Get_EachRefusal_HasItsStatusAndSentence_AndIsNever503(string path, int status, string sentence)
    {
        using var client = new GoClient(node.Address);
        GoAnswer answer = await client.GetAsync(path);
        Assert.Equal(status, answer.Status);
        Assert.Contains(sentence, answer.Text, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("0x014d01")]
    [InlineData("0x014d01aa")]
    [InlineData("0x014d01" + Unknown + "77")]
    public async Task Get_AGenericCommitmentThatCannotBe_Is418WithCode1InTheClientsFieldNames(string commitment)
    {
        using var client = new GoClient(node.Address);
        GoAnswer answer = await client.GetAsync($"/get/{commitment}?l1_inclusion_block_number=99");
        Assert.Equal(418, answer.Status);
        using JsonDocument body = JsonDocument.Parse(answer.Body);
        Assert.Equal(["StatusCode", "Msg"], body.RootElement.EnumerateObject().Select(field => field.Name));
        Assert.Equal(1, body.RootElement.GetProperty("StatusCode").GetInt32());
        Assert.True(answer.Body.Length <= 5000);
    }

    /// <summary>
    /// The request that a redirected put would become: the mistake is reported, and never hidden behind a 200.
    /// </summary>
    [Theory]
    [InlineData("/put")]
    [InlineData("/put/")]
    public async Task Put_AsAGet_Is405AndNoRedirect(string route)
    {
        using var client = new GoClient(node.Address);
        Assert.Equal(405, (await client.GetAsync(route)).Status);
        Assert.Equal(0, client.Redirects);
    }

    [Fact]
    public async Task Put_Empty_Is400()
    {
        using var client = new GoClient(node.Address);
        Assert.Equal(400, (await client.PostAsync("/put", [])).Status);
    }

    [Fact]
    public async Task PutKeccak_OfOtherBytes_Is400AndStoresNothing()
    {
        using var client = new GoClient(node.Address);
        string commitment = $"0x00{Keccak256.Hash(Frame(6, 100)).ToString()[2..]}";
        Assert.Equal(400, (await client.PostAsync($"/put/{commitment}", Frame(7, 100))).Status);
        Assert.Equal(404, (await client.GetAsync($"/get/{commitment}")).Status);
    }

    /// <summary>
    /// A batch without an anchor has not expired, whatever L1's height: neither 418, which drops it, nor 404, which
    /// halts the node.
    /// </summary>
    [Fact]
    public async Task Get_AGenericCommitmentThatIsNotAnchored_GivesTheBytesAtAnyBlock()
    {
        using var client = new GoClient(node.Address);
        byte[] frame = Frame(8, 2000);
        string commitment = $"0x{Convert.ToHexStringLower((await client.PostAsync("/put", frame)).Body)}";
        foreach (string block in (string[])["0", "12", "18446744073709551615"])
        {
            Assert.Equal(frame, (await client.GetAsync($"/get/{commitment}?l1_inclusion_block_number={block}")).Body);
        }
    }

    /// <summary>
    /// An unmodified batcher: one frame per put, one put at a time, retried until it is accepted, and again after its
    /// L1 transaction failed.
    /// </summary>
    [Fact]
    public async Task Put_RetriedForEverAndAfterAnL1Failure_IsStoredOnceAndReadsBack()
    {
        using var client = new GoClient(node.Address);
        byte[] frame = Frame(9, 119_999);
        byte[]? commitment = null;
        for (int i = 0; i < 30; i++)
        {
            GoAnswer answer = await client.PostAsync(i % 2 == 0 ? "/put" : "/put/", frame);
            Assert.Equal(200, answer.Status);
            commitment ??= answer.Body;
            Assert.Equal(commitment, answer.Body);
        }

        Assert.Equal(frame, (await client.GetAsync($"/get/0x{Convert.ToHexStringLower(commitment!)}")).Body);
        Assert.Equal(1, client.Connections);
    }

    /// <summary>The data as posted to a DA layer: the derivation version byte and a frame.</summary>
    private static byte[] Frame(int seed, int length)
    {
        var frame = new byte[length];
        new Random(seed).NextBytes(frame);
        frame[0] = 0x00;
        return frame;
    }
}
