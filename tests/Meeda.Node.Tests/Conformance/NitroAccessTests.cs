using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Security.Cryptography;
using System.Text.Json;
using Meeda.Node.Tests.Http;
using Xunit;

namespace Meeda.Node.Tests.Conformance;

/// <summary>Nitro's JSON-RPC behind a shared secret, over a socket.</summary>
[Trait("Category", "Conformance")]
public sealed class NitroAccessTests : IAsyncLifetime
{
    private readonly OperatorFixture _node = new();
    private readonly TemporaryFolder _folder = new();
    private readonly byte[] _secret = RandomNumberGenerator.GetBytes(32);

    public async Task InitializeAsync()
    {
        string file = System.IO.Path.Combine(_folder.Path, "secret");
        await File.WriteAllTextAsync(file, Convert.ToHexStringLower(_secret));
        _node.Settings["Meeda:Nitro:JwtSecretFile"] = file;
        await _node.InitializeAsync();
    }

    public async Task DisposeAsync()
    {
        await _node.DisposeAsync();
        _folder.Dispose();
    }

    [Fact]
    public async Task Nitro_WithAFreshTokenOfTheSecret_Answers()
    {
        using HttpResponseMessage answer = await SendAsync(NitroTests.Token(_secret, DateTimeOffset.UtcNow, "HS256"));
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        Assert.Equal(
            "0x01",
            (await answer.Content.ReadFromJsonAsync<JsonElement>())
                .GetProperty("result")
                .GetProperty("headerBytes")
                .GetString()
        );
    }

    [Fact]
    public async Task Nitro_WithoutOne_WithAnOldOneOrWithAnothersOne_Is401AndSaysWhatIsNeeded()
    {
        DateTimeOffset now = DateTimeOffset.UtcNow;
        foreach (
            string? header in (string?[])
                [
                    null,
                    "Bearer x",
                    NitroTests.Token(_secret, now.AddMinutes(-5), "HS256"),
                    NitroTests.Token(_secret, now.AddMinutes(5), "HS256"),
                    NitroTests.Token(_secret, now, "none"),
                    NitroTests.Token(RandomNumberGenerator.GetBytes(32), now, "HS256"),
                ]
        )
        {
            using HttpResponseMessage answer = await SendAsync(header);
            Assert.Equal(HttpStatusCode.Unauthorized, answer.StatusCode);
            Assert.Equal("Bearer", answer.Headers.WwwAuthenticate.ToString());
            string body = await answer.Content.ReadAsStringAsync();
            Assert.Contains("token", body, StringComparison.Ordinal);
            Assert.DoesNotContain(Convert.ToHexStringLower(_secret), body, StringComparison.OrdinalIgnoreCase);
        }
    }

    [Fact]
    public async Task OtherRoutes_AskForNoToken()
    {
        (HttpStatusCode status, _) = await _node.PostAsync("put", [1, 2, 3]);
        Assert.Equal(HttpStatusCode.OK, status);
    }

    private async Task<HttpResponseMessage> SendAsync(string? authorization)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, new Uri("nitro", UriKind.Relative))
        {
            Content = JsonContent.Create(
                new
                {
                    jsonrpc = "2.0",
                    id = 1,
                    method = "daprovider_getSupportedHeaderBytes",
                    @params = Array.Empty<object>(),
                }
            ),
        };
        if (authorization is not null)
        {
            request.Headers.Authorization = AuthenticationHeaderValue.Parse(authorization);
        }

        return await _node.Http.SendAsync(request);
    }
}
