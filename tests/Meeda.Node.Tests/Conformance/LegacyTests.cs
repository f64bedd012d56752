using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Meeda.Node.Tests.Http;
using Xunit;

namespace Meeda.Node.Tests.Conformance;

/// <summary>
/// The first version's routes. What a client sends and accepts follows memoio/go-da-client (<c>client.go</c>: the four
/// routes, hex in <c>data</c>, an answer whose fields are all strings, exactly 200), the fields of answers and errors
/// from memoio/meeda-node (<c>core/light/handler.go</c>). Ids of 64 digits, 400 and 404 are ours, as docs/http-api.md
/// says: the first version answered most rejected requests with 500 or with its store node's status, and its clients
/// distinguish only 200.
/// </summary>
[Trait("Category", "Conformance")]
public sealed class LegacyTests(FollowingOperatorFixture node) : IClassFixture<FollowingOperatorFixture>
{
    private const string Unknown = "7777777777777777777777777777777777777777777777777777777777777777";

    [Theory]
    [InlineData("")]
    [InlineData("da/")]
    public async Task PutObject_TheId_GivesBytesInfoAndTruthfulCounts(string prefix)
    {
        using var content = new StringContent("""{"data":"0001feff"}"""); // the Content-Type is ignored
        using HttpResponseMessage put = await node.Http.PostAsync(
            new Uri($"{prefix}putObject", UriKind.Relative),
            content
        );
        JsonElement answer = await put.Content.ReadFromJsonAsync<JsonElement>();
        // Go-da-client reads a map of strings
        Assert.All(answer.EnumerateObject(), field => Assert.Equal(JsonValueKind.String, field.Value.ValueKind));
        string id = answer.GetProperty("id").GetString()!;
        Assert.Equal(64, id.Length);
        (HttpStatusCode status, byte[] bytes) = await node.GetAsync($"{prefix}getObject?id={id}");
        Assert.Equal(HttpStatusCode.OK, status);
        Assert.Equal([0x00, 0x01, 0xfe, 0xff], bytes);
        Assert.Equal(
            $$"""{"id":"{{id}}","size":4,"expiration":0}""",
            await TextAsync($"{prefix}getObjectInfo?id={id}")
        );
        Assert.Equal(
            $$"""{"id":"{{id}}","chooseNuber":0,"provedSuccessNumber":0}""",
            await TextAsync($"{prefix}getProofInfo?id={id}")
        );
        Assert.Equal("null", await TextAsync($"{prefix}warmup"));
    }

    [Theory]
    [InlineData("getObject?id=" + Unknown, HttpStatusCode.NotFound)]
    [InlineData("getObjectInfo?id=" + Unknown, HttpStatusCode.NotFound)]
    [InlineData("da/getProofInfo?id=" + Unknown, HttpStatusCode.NotFound)]
    [InlineData("getObject?id=9378", HttpStatusCode.BadRequest)]
    [InlineData("getObject", HttpStatusCode.BadRequest)]
    public async Task Get_ARefusal_HasTheFirstVersionsErrorFields(string path, HttpStatusCode expected)
    {
        (HttpStatusCode status, byte[] body) = await node.GetAsync(path);
        Assert.Equal(expected, status);
        using JsonDocument error = JsonDocument.Parse(body);
        Assert.Equal(
            ["Code", "Description", "HTTPStatusCode"],
            error.RootElement.EnumerateObject().Select(field => field.Name)
        );
        Assert.Equal((int)expected, error.RootElement.GetProperty("HTTPStatusCode").GetInt32());
    }

    [Theory]
    [InlineData("{}")]
    [InlineData("[]")]
    [InlineData("not json")]
    [InlineData("""{"data":"abc"}""")]
    [InlineData("""{"data":null}""")]
    [InlineData("""{"data":""}""")]
    public async Task PutObject_Malformed_Is400(string json)
    {
        using var content = new StringContent(json);
        using HttpResponseMessage response = await node.Http.PostAsync(new Uri("putObject", UriKind.Relative), content);
        Assert.Equal(HttpStatusCode.BadRequest, response.StatusCode);
    }

    private async Task<string> TextAsync(string path)
    {
        (HttpStatusCode status, byte[] body) = await node.GetAsync(path);
        Assert.Equal(HttpStatusCode.OK, status);
        return System.Text.Encoding.UTF8.GetString(body);
    }
}
