using Meeda.Http;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Xunit;

namespace Meeda.Node.Tests.Http;

public sealed class TrustedProxiesTests
{
    [Theory]
    // No proxy is trusted: headers have no effect.
    [InlineData("", "203.0.113.7", "127.0.0.1 http")]
    [InlineData("10.0.0.1", "203.0.113.7", "127.0.0.1 http")]
    // The test is the proxy.
    [InlineData("127.0.0.1", "203.0.113.7", "203.0.113.7 https")]
    [InlineData("127.0.0.0/8, 10.0.0.0/8", "203.0.113.7, 10.1.2.3", "203.0.113.7 https")]
    // A client's own entries are on the left, and are ignored.
    [InlineData("127.0.0.1", "192.0.2.1, 203.0.113.7", "203.0.113.7 https")]
    [InlineData("127.0.0.1", "127.0.0.1, 203.0.113.7", "203.0.113.7 https")]
    [InlineData("127.0.0.1", "2001:db8::1", "20010db800000000 https")]
    // An entry that is not an address ends the evaluation.
    [InlineData("127.0.0.1", "203.0.113.7, nonsense", "127.0.0.1 http")]
    public async Task A_client_is_who_the_configured_proxies_say(string trusted, string forwardedFor, string seen)
    {
        await using WebApplication app = await StartAsync(trusted);
        using var http = new HttpClient { BaseAddress = new Uri(app.Urls.Single()) };
        http.DefaultRequestHeaders.Add("X-Forwarded-For", forwardedFor);
        // One scheme for each hop.
        http.DefaultRequestHeaders.Add(
            "X-Forwarded-Proto",
            string.Join(", ", Enumerable.Repeat("https", forwardedFor.Split(',').Length))
        );
        http.DefaultRequestHeaders.Add("X-Forwarded-Host", "evil.example");
        Assert.Equal($"{seen} 127.0.0.1", await http.GetStringAsync("who"));
    }

    /// <summary>A service that returns the client, the scheme and the host of the request.</summary>
    internal static async Task<WebApplication> StartAsync(string trusted)
    {
        WebApplicationBuilder builder = ServiceHost.CreateBuilder(quiet: true);
        var options = new HttpOptions { TrustedProxies = trusted };
        ServiceHost.Listen(builder, "http://127.0.0.1:0", options);
        WebApplication app = builder.Build();
        app.UseTrustedProxies(options);
        app.UseRouting();
        app.MapGet(
            "/who",
            (HttpContext context) => $"{RequestClient.Of(context)} {context.Request.Scheme} {context.Request.Host.Host}"
        );
        await app.StartAsync();
        return app;
    }
}
