using System.Net;
using Meeda.Operator.Tenants;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace Meeda.Node.Tests.Http;

/// <summary>A web page in a browser on the operator's machine gets no access.</summary>
public sealed class OriginGuardTests : IAsyncLifetime
{
    private readonly OperatorFixture _operator = new();

    public Task InitializeAsync() => _operator.InitializeAsync();

    public Task DisposeAsync() => _operator.DisposeAsync();

    [Fact]
    public async Task Requests_OfWebPages_AreRefused()
    {
        string own = $"http://127.0.0.1:{_operator.Address.Port}";
        (string Method, string Path, (string, string)[] Headers, HttpStatusCode Status)[] cases =
        [
            (
                "POST",
                "put",
                [("Origin", "https://evil.example"), ("Content-Type", "text/plain")],
                HttpStatusCode.Forbidden
            ),
            (
                "POST",
                "put",
                [("Origin", "https://evil.example"), ("Content-Type", "application/x-www-form-urlencoded")],
                HttpStatusCode.Forbidden
            ),
            ("POST", "put", [("Origin", "null")], HttpStatusCode.Forbidden),
            ("POST", "put", [("Origin", "http://127.0.0.1:1")], HttpStatusCode.Forbidden),
            ("POST", "put", [("Origin", $"{own}.evil.example")], HttpStatusCode.Forbidden),
            ("POST", "put", [("Sec-Fetch-Site", "cross-site")], HttpStatusCode.Forbidden),
            ("POST", "put", [("Sec-Fetch-Site", "same-site")], HttpStatusCode.Forbidden),
            ("POST", "batches/00/renew", [("Origin", "https://evil.example")], HttpStatusCode.Forbidden),
            (
                "POST",
                "nitro",
                [("Origin", "https://evil.example"), ("Content-Type", "application/json")],
                HttpStatusCode.Forbidden
            ),
            ("GET", "status", [("Origin", "https://evil.example")], HttpStatusCode.Forbidden),
            ("GET", "status", [("Sec-Fetch-Site", "cross-site")], HttpStatusCode.Forbidden),
            ("GET", "status", [("Host", "evil.example")], HttpStatusCode.MisdirectedRequest),
            (
                "GET",
                "status",
                [("Host", "evil.example:3100"), ("Origin", "http://evil.example:3100")],
                HttpStatusCode.MisdirectedRequest
            ),
            ("GET", "status", [("Host", "127.0.0.1.evil.example")], HttpStatusCode.MisdirectedRequest),
            ("GET", "status", [("Host", "10.1.2.3")], HttpStatusCode.MisdirectedRequest),
            ("POST", "put", [("Host", "evil.example")], HttpStatusCode.MisdirectedRequest),
            // Programs, this machine's own pages, and probes.
            ("POST", "put", [("Content-Type", "application/octet-stream")], HttpStatusCode.OK),
            // Curl --data-binary
            ("POST", "put", [("Content-Type", "application/x-www-form-urlencoded")], HttpStatusCode.OK),
            ("POST", "put", [("Origin", own), ("Sec-Fetch-Site", "same-origin")], HttpStatusCode.OK),
            ("GET", "status", [], HttpStatusCode.OK),
            ("GET", "status", [("Sec-Fetch-Site", "none")], HttpStatusCode.OK),
            ("GET", "status", [("Host", $"localhost:{_operator.Address.Port}")], HttpStatusCode.OK),
            ("GET", "status", [("Host", "localhost.")], HttpStatusCode.OK),
            ("GET", "status", [("Host", "[::1]:3100")], HttpStatusCode.OK),
            ("GET", "health/live", [("Host", "pod-7.cluster.local")], HttpStatusCode.OK),
        ];
        foreach ((string method, string path, (string, string)[] headers, HttpStatusCode status) in cases)
        {
            Assert.Equal(
                ($"{method} {path} {string.Join(' ', headers)}", status),
                ($"{method} {path} {string.Join(' ', headers)}", await SendAsync(method, path, headers))
            );
        }
    }

    [Fact]
    public async Task Requests_WithKeys_AreJudgedByTheirKeys()
    {
        var keys = _operator.Services.GetRequiredService<TenantKeys>();
        (_, string key) = await keys.MakeAsync(
            "page",
            TenantScopes.Read,
            new TenantQuota(0, 0, 8),
            DateTimeOffset.UnixEpoch,
            CancellationToken.None
        );
        Assert.Equal(
            HttpStatusCode.OK,
            await SendAsync("GET", $"t/{key}/status", [("Origin", "https://dashboard.example"), ("Host", "da.example")])
        );
        Assert.Equal(
            HttpStatusCode.Unauthorized,
            await SendAsync("GET", "status", [("Origin", "https://evil.example")])
        );
    }

    private async Task<HttpStatusCode> SendAsync(string method, string path, (string Name, string Value)[] headers)
    {
        using var request = new HttpRequestMessage(new HttpMethod(method), new Uri(path, UriKind.Relative));
        if (method == "POST")
        {
            request.Content = new ByteArrayContent([1, 2, 3]);
        }

        foreach ((string name, string value) in headers)
        {
            bool added =
                name == "Content-Type"
                    ? request.Content!.Headers.TryAddWithoutValidation(name, value)
                    : request.Headers.TryAddWithoutValidation(name, value);
            Assert.True(added);
        }

        using HttpResponseMessage answer = await _operator.Http.SendAsync(request);
        return answer.StatusCode;
    }
}
