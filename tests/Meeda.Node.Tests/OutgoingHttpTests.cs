using System.Net;
using Meeda.Client;
using Meeda.Hosting;
using Meeda.Protocol.Batches;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace Meeda.Node.Tests;

public sealed class OutgoingHttpTests
{
    [Theory]
    [InlineData("http://proxy.example:3128")]
    [InlineData("environment")]
    [InlineData(null)]
    public void UseProxy_Loopback_IsNeverProxied(string? url)
    {
        IWebProxy before = HttpClient.DefaultProxy;
        try
        {
            OutgoingHttp.UseProxy(new ProxyOptions { Url = url });
            foreach (
                string destination in (string[])
                    ["http://127.0.0.1:1", "http://127.9.9.9:1", "http://localhost:1", "http://[::1]:1"]
            )
            {
                Assert.True(HttpClient.DefaultProxy.IsBypassed(new Uri(destination)), destination);
                Assert.Null(HttpClient.DefaultProxy.GetProxy(new Uri(destination)));
            }

            Uri? proxy = HttpClient.DefaultProxy.GetProxy(new Uri("http://l1.example"));
            Assert.True(url != "http://proxy.example:3128" || proxy == new Uri(url));
            Assert.True(url is not null || proxy is null);
        }
        finally
        {
            HttpClient.DefaultProxy = before;
        }
    }

    [Theory]
    [InlineData("proxy:3128")]
    [InlineData("https://proxy:3128")]
    [InlineData("socks5://proxy:3128")]
    [InlineData("http://proxy:3128/path")]
    [InlineData("http://a:1,http://b:2")]
    [InlineData("http://user:pass@proxy:3128")]
    [InlineData("Environment")]
    public void Problems_ProxyThatIsNone_IsRefused(string url) =>
        Assert.Single(new ProxyOptionsValidator().Failures(new ProxyOptions { Url = url }));

    [Theory]
    [InlineData(301)]
    [InlineData(302)]
    [InlineData(303)]
    [InlineData(307)]
    [InlineData(308)]
    public async Task Clients_ARedirect_IsNotFollowed(int status)
    {
        int reached = 0;
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        await using WebApplication app = builder.Build();
        app.Map("/inner/{**rest}", () => Interlocked.Increment(ref reached));
        app.Map(
            "/{**rest}",
            (HttpContext context) =>
            {
                context.Response.StatusCode = status;
                context.Response.Headers.Location = "/inner/secret";
            }
        );
        await app.StartAsync();
        var services = new ServiceCollection();
        services.AddOutgoingHttp();
        services.AddHttpClient("any");
        await using ServiceProvider provider = services.BuildServiceProvider();
        using HttpClient ofFactory = provider.GetRequiredService<IHttpClientFactory>().CreateClient("any");
        using HttpClient single = OutgoingHttp.Client();
        foreach (HttpClient http in (HttpClient[])[ofFactory, single])
        {
            http.BaseAddress = new Uri(app.Urls.First() + "/");
            MeedaException failure = await Assert.ThrowsAsync<MeedaException>(() =>
                new MeedaClient(http, new MeedaClientOptions { Retries = 0 }).StatusAsync()
            );
            Assert.Equal((MeedaError.Unavailable, (HttpStatusCode?)status), (failure.Error, failure.Status));
            await Assert.ThrowsAsync<MeedaException>(() =>
                new MeedaClient(http, new MeedaClientOptions { Retries = 0 }).GetAsync(
                    AltDaCommitment.Of(new BatchId(Ethereum.Bytes32.Parse("0x" + new string('1', 64))))
                )
            );
        }

        Assert.Equal(0, reached);
    }
}
