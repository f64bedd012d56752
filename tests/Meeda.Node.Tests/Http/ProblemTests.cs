using System.Net.Http.Headers;
using System.Text.Json;
using System.Text.RegularExpressions;
using Meeda.Http;
using Meeda.Testing;
using Microsoft.AspNetCore.Http.Metadata;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace Meeda.Node.Tests.Http;

/// <summary>
/// Errors of Meeda's own routes are problem details; those of other routes are what their clients expect.
/// </summary>
public sealed partial class ProblemTests(OperatorFixture node) : IClassFixture<OperatorFixture>
{
    private const string Absent = "0x7777777777777777777777777777777777777777777777777777777777777777";
    private const string Point = "?z=0x0000000000000000000000000000000000000000000000000000000000000007";

    [Theory]
    [InlineData("GET", "batches/xyz", 400, "malformed_request")]
    [InlineData("POST", "batches/xyz/renew", 400, "malformed_request")]
    [InlineData("GET", "batches/" + Absent, 500, "absence_unknown")]
    [InlineData("GET", "batches/" + Absent + "/proof", 404, "anchor_not_found")]
    [InlineData("GET", "epochs/xyz", 400, "malformed_request")]
    [InlineData("GET", "epochs/5", 404, "proof_not_found")]
    [InlineData("GET", "blobs/9/opening" + Point, 500, "absence_unknown")]
    [InlineData("GET", "blobs/9/opening", 400, "malformed_request")]
    [InlineData("GET", "batches/" + Absent + "/nothing", 400, "malformed_path")]
    [InlineData("GET", "batch/" + Absent, 400, "malformed_path")]
    [InlineData("GET", "nothing", 404, "route_not_found")]
    [InlineData("GET", "health/nothing", 404, "route_not_found")]
    [InlineData("POST", "status", 405, "method_not_allowed")]
    public async Task OwnRoute_Error_IsAProblemWithItsCode(string method, string path, int status, string code)
    {
        using HttpResponseMessage answer = await SendAsync(method, path);
        await AssertProblemAsync(answer, status, code);
    }

    /// <summary>An invalid parameter is rejected with its name and the expected form.</summary>
    [Theory]
    [InlineData("GET", "batches/xyz", "id: a batch id is 64 hex digits, with or without 0x")]
    [InlineData("GET", "batches/" + Absent + "7", "id: a batch id is 64 hex digits, with or without 0x")]
    [InlineData("POST", "batches/xyz/renew", "id: a batch id is 64 hex digits, with or without 0x")]
    [InlineData("GET", "batches/xyz/proof?operator=xyz", "id: a batch id is 64 hex digits, with or without 0x")]
    [InlineData("GET", "batches/xyz/history", "id: a batch id is 64 hex digits, with or without 0x")]
    [InlineData(
        "GET",
        "batches/" + Absent + "/proof?operator=xyz",
        "operator: an address is 40 hex digits, with or without 0x"
    )]
    [InlineData("GET", "batches/" + Absent + "/history?operator=", "id: L1 holds no anchor of this batch")]
    [InlineData("GET", "blobs/9/opening", "z: the point is 64 hex digits of a number below the order of BLS12-381")]
    [InlineData("GET", "blobs/9/opening?z=", "z: the point is 64 hex digits of a number below the order")]
    [InlineData("GET", "blobs/x/opening?z=0xff", "z: the point is 64 hex digits of a number below the order")]
    [InlineData("GET", "blobs/x/opening" + Point, "position: the whole number under which the operator anchored")]
    [InlineData("GET", "blobs/x/cells/128", "index: a blob has cells 0 to 127")]
    public async Task OwnRoute_ParameterThatIsMalformed_IsNamedWithWhatIsExpected(
        string method,
        string path,
        string detail
    )
    {
        using HttpResponseMessage answer = await SendAsync(method, path);
        Assert.StartsWith(
            detail,
            (await ReadAsync(answer)).GetProperty("detail").GetString(),
            StringComparison.Ordinal
        );
    }

    /// <summary>Without it the framework's empty 400 would name nothing.</summary>
    [Fact]
    public void Route_ParameterThatTheFrameworkParses_SaysWhatIsExpected()
    {
        (string Route, string Parameter, bool IsSaid)[] parsed =
        [
            .. node
                .Services.GetRequiredService<EndpointDataSource>()
                .Endpoints.SelectMany(endpoint =>
                    endpoint
                        .Metadata.OfType<IParameterBindingMetadata>()
                        .Where(parameter =>
                            parameter.HasTryParse && parameter.ParameterInfo.ParameterType != typeof(string)
                        )
                        .Select(parameter =>
                            (
                                endpoint.DisplayName!,
                                parameter.Name,
                                endpoint.Metadata.OfType<ParameterForm>().Any(form => form.Name == parameter.Name)
                            )
                        )
                ),
        ];
        Assert.True(parsed.Length >= 5);
        Assert.All(parsed, each => Assert.True(each.IsSaid, $"{each.Route}: {each.Parameter}"));
    }

    [Fact]
    public async Task OwnRoute_ErrorForAClientThatAcceptsText_IsAProblemAllTheSame()
    {
        using HttpResponseMessage answer = await SendAsync("GET", "batches/xyz", "text/plain");
        await AssertProblemAsync(answer, 400, "malformed_request");
    }

    [Theory]
    [InlineData("GET", "get/xyz", 400)]
    [InlineData("GET", "get/0x014d01" + "77", 418)]
    [InlineData("POST", "put", 400)]
    [InlineData("POST", "put/0x00", 400)]
    [InlineData("DELETE", "put", 405)]
    [InlineData("GET", "wrong/base/get/0x00", 400)]
    [InlineData("GET", Absent, 400)]
    [InlineData("GET", "nitro", 405)]
    [InlineData("GET", "getObject", 400)]
    [InlineData("GET", "da/getObjectInfo?id=1", 400)]
    [InlineData("GET", "da/nothing", 400)]
    public async Task RouteOfAProtocol_Error_HasTheBodyThatItsClientsKnow(string method, string path, int status)
    {
        using HttpResponseMessage answer = await SendAsync(method, path);
        Assert.Equal(status, (int)answer.StatusCode);
        Assert.Equal("application/json", answer.Content.Headers.ContentType?.MediaType);
        string[] names = [.. (await ReadAsync(answer)).EnumerateObject().Select(member => member.Name)];
        Assert.Contains(
            string.Join(' ', names),
            (string[])["error", "StatusCode Msg", "Code Description HTTPStatusCode"]
        );
    }

    /// <summary>Clients switch on codes: the document lists each of them with its status, and no others.</summary>
    [Fact]
    public async Task Document_TableOfCodes_IsTheCodes()
    {
        string document = await File.ReadAllTextAsync(Path.Combine(Repository.Root, "docs", "http-api.md"));
        Assert.Equal(
            Enum.GetValues<ErrorCode>()
                .Select(code => (code.Name(), code == ErrorCode.RequestRefused ? "4xx" : $"{code.Status()}"))
                .Order(),
            Row().Matches(document).Select(row => (row.Groups["code"].Value, row.Groups["status"].Value)).Order()
        );
    }

    [Fact]
    public void Codes_All_HaveATitleAndAUri() =>
        Assert.All(
            Enum.GetValues<ErrorCode>(),
            code =>
            {
                Assert.NotEmpty(code.Title());
                Assert.True(Uri.IsWellFormedUriString(code.Type(), UriKind.Absolute));
            }
        );

    internal static async Task AssertProblemAsync(HttpResponseMessage answer, int status, string code)
    {
        Assert.Equal("application/problem+json", answer.Content.Headers.ContentType?.MediaType);
        JsonElement body = await ReadAsync(answer);
        Assert.Equal((status, code), ((int)answer.StatusCode, body.GetProperty("code").GetString()));
        Assert.Equal(
            (string[])["type", "title", "status", "detail", "code", "error"],
            body.EnumerateObject().Select(member => member.Name)
        );
        Assert.Equal(status, body.GetProperty("status").GetInt32());
        Assert.Equal($"urn:meeda:problem:{code}", body.GetProperty("type").GetString());
        Assert.Equal(body.GetProperty("detail").GetString(), body.GetProperty("error").GetString());
    }

    private static async Task<JsonElement> ReadAsync(HttpResponseMessage answer) =>
        JsonSerializer.Deserialize<JsonElement>(await answer.Content.ReadAsStreamAsync());

    private async Task<HttpResponseMessage> SendAsync(string method, string path, string? accept = null)
    {
        using var request = new HttpRequestMessage(new HttpMethod(method), new Uri(path, UriKind.Relative));
        if (accept is not null)
        {
            request.Headers.Accept.Add(MediaTypeWithQualityHeaderValue.Parse(accept));
        }

        return await node.Http.SendAsync(request);
    }

    [GeneratedRegex(@"^\| `(?<code>[a-z0-9_]+)` \| (?<status>\d{3}|4xx) \|", RegexOptions.Multiline)]
    private static partial Regex Row();
}
