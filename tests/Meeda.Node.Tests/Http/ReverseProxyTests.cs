using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Text;
using System.Text.RegularExpressions;
using Meeda.Operator;
using Meeda.Operator.Tenants;
using Meeda.Testing;
using Microsoft.AspNetCore.Builder;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace Meeda.Node.Tests.Http;

/// <summary>Real proxies in front of an operator, with the settings in docs/guides/tls.md.</summary>
public sealed partial class ReverseProxyTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private Process? _proxy;

    public void Dispose()
    {
        _proxy?.Kill(entireProcessTree: true);
        _proxy?.WaitForExit();
        _proxy?.Dispose();
        _folder.Dispose();
    }

    [SkippableTheory]
    [InlineData("nginx")]
    [InlineData("caddy")]
    public async Task Batches_pass_a_proxy_of_the_guide_and_its_clients_are_told_apart(string program)
    {
        FastRun.SkipIfFast();
        Skip.If(Find(program) is null, $"{program} is not installed: on Debian, apt-get install nginx-light caddy");
        Dictionary<string, string?> settings = await ListenAddressTests.SettingsAsync(_folder);
        settings["Meeda:Http:TrustedProxies"] = "127.0.0.1";
        await using WebApplication app = await OperatorApplication.BuildAsync(
            settings,
            "http://127.0.0.1:0",
            quiet: true,
            CancellationToken.None
        );
        await app.StartAsync();
        using var port = new ReservedPort();
        (string fingerprint, string file, string keyFile) = TestCertificate.Write(_folder.Path);
        await StartAsync(program, app.Urls.Single(), port.Number, file, keyFile);
        using HttpClient http = TlsTests.Trusting(fingerprint, $"https://localhost:{port.Number}");
        await Patience.UntilAsync(() => AnswersAsync(http), TimeSpan.FromSeconds(60));

        // No key yet: requests with the proxy's host name are rejected.
        http.DefaultRequestHeaders.Host = "da.example.org";
        if (program == "nginx")
        {
            using HttpResponseMessage refused = await http.GetAsync("status");
            Assert.Equal(HttpStatusCode.MisdirectedRequest, refused.StatusCode);
        }

        http.DefaultRequestHeaders.Host = null;
        (_, string key) = await app
            .Services.GetRequiredService<TenantKeys>()
            .MakeAsync(
                "rollup",
                TenantScopes.Read | TenantScopes.Write,
                new TenantQuota(0, 0, 8),
                TimeProvider.System.GetUtcNow(),
                CancellationToken.None
            );
        using HttpResponseMessage keyless = await http.PostAsync("put", new ByteArrayContent([1]));
        Assert.Equal(HttpStatusCode.Unauthorized, keyless.StatusCode);

        byte[] batch = RandomNumberGenerator.GetBytes(16 << 20);
        using HttpResponseMessage put = await http.PostAsync($"t/{key}/put", new ByteArrayContent(batch));
        Assert.Equal(HttpStatusCode.OK, put.StatusCode);
        string commitment = Convert.ToHexStringLower(await put.Content.ReadAsByteArrayAsync());
        Assert.Equal(batch, await http.GetByteArrayAsync($"t/{key}/get/0x{commitment}"));

        // Caddy forwards bodies as they arrive, and may close the connection while the client still sends.
        if (program == "nginx")
        {
            using HttpResponseMessage tooLong = await http.PostAsync(
                $"t/{key}/put",
                new ByteArrayContent(new byte[(16 << 20) + 1])
            );
            Assert.Equal(HttpStatusCode.RequestEntityTooLarge, tooLong.StatusCode);
            Assert.Contains("MaxBatchBytes", await tooLong.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        }

        await app.StopAsync();
        SqliteConnection.ClearAllPools();
    }

    [SkippableTheory]
    [InlineData("nginx")]
    [InlineData("caddy")]
    public async Task A_client_behind_a_proxy_cannot_say_that_it_is_another(string program)
    {
        FastRun.SkipIfFast();
        Skip.If(Find(program) is null, $"{program} is not installed: on Debian, apt-get install nginx-light caddy");
        // The client and the proxy have different addresses of this machine, as on different machines.
        await using WebApplication app = await TrustedProxiesTests.StartAsync("127.0.0.1");
        using var port = new ReservedPort();
        (string fingerprint, string file, string keyFile) = TestCertificate.Write(_folder.Path);
        await StartAsync(program, app.Urls.Single(), port.Number, file, keyFile);
        using HttpClient http = TlsTests.Trusting(
            fingerprint,
            $"https://localhost:{port.Number}",
            async (context, stop) =>
            {
                var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
                socket.Bind(new IPEndPoint(IPAddress.Parse("127.0.0.7").MapToIPv6(), 0));
                await socket.ConnectAsync(IPAddress.Loopback.MapToIPv6(), context.DnsEndPoint.Port, stop);
                return new NetworkStream(socket, ownsSocket: true);
            }
        );
        await Patience.UntilAsync(() => AnswersAsync(http, "who"), TimeSpan.FromSeconds(60));
        Assert.Equal("127.0.0.7 https localhost", await http.GetStringAsync("who"));
        http.DefaultRequestHeaders.Add("X-Forwarded-For", "203.0.113.7");
        http.DefaultRequestHeaders.Add("X-Forwarded-Proto", "http");
        Assert.Equal("127.0.0.7 https localhost", await http.GetStringAsync("who"));
    }

    private static string? Find(string program) =>
        new[] { "/usr/sbin", "/usr/bin", "/usr/local/bin", "/usr/local/sbin" }
            .Select(folder => Path.Combine(folder, program))
            .FirstOrDefault(File.Exists);

    private static async Task<bool> AnswersAsync(HttpClient http, string path = "health/live")
    {
        try
        {
            using HttpResponseMessage answer = await http.GetAsync(path);
            return answer.IsSuccessStatusCode;
        }
        catch (HttpRequestException)
        {
            return false;
        }
    }

    [GeneratedRegex(
        "^```(?<mark>nginx|caddyfile)\n(?<text>.*?)^```$",
        RegexOptions.Multiline | RegexOptions.Singleline
    )]
    private static partial Regex Blocks();

    /// <summary>Starts a proxy with the guide's settings, but with this test's ports and certificate.</summary>
    private async Task StartAsync(string program, string target, int port, string file, string keyFile)
    {
        string guide = await File.ReadAllTextAsync(Path.Combine(Repository.Root, "docs", "guides", "tls.md"));
        string mark = program == "nginx" ? "nginx" : "caddyfile";
        string block = Blocks().Matches(guide).Single(each => each.Groups["mark"].Value == mark).Groups["text"].Value;
        (string What, string With)[] here =
            program == "nginx"
                ?
                [
                    ("listen 443 ssl", $"listen 127.0.0.1:{port} ssl"),
                    ("/etc/letsencrypt/live/da.example.org/fullchain.pem", file),
                    ("/etc/letsencrypt/live/da.example.org/privkey.pem", keyFile),
                    ("http://127.0.0.1:3100", target),
                ]
                :
                [
                    ("da.example.org {", $"https://localhost:{port} {{\n    tls {file} {keyFile}\n    bind 127.0.0.1"),
                    ("127.0.0.1:3100", new Uri(target).Authority),
                ];
        foreach ((string what, string with) in here)
        {
            Assert.Contains(what, block, StringComparison.Ordinal);
            block = block.Replace(what, with, StringComparison.Ordinal);
        }

        string settings = Path.Combine(_folder.Path, "proxy.conf");
        var around = new StringBuilder();
        if (program == "nginx")
        {
            around.AppendLine(Environment.IsPrivilegedProcess ? "user root;" : "");
            around.AppendLine($"daemon off; pid {_folder.Path}/pid; error_log stderr; worker_processes 1;");
            around.AppendLine("events {}").AppendLine("http {");
            foreach (string temporary in (string[])["client_body", "proxy", "fastcgi", "uwsgi", "scgi"])
            {
                around.AppendLine($"{temporary}_temp_path {_folder.Path}/{temporary};");
            }

            around.Append(block).AppendLine("}");
        }
        else
        {
            around.AppendLine("{\nadmin off\nauto_https disable_redirects\n}").Append(block);
        }

        await File.WriteAllTextAsync(settings, around.ToString());
        var start = new ProcessStartInfo(
            Find(program)!,
            program == "nginx"
                ? ["-p", _folder.Path, "-c", settings]
                : ["run", "--adapter", "caddyfile", "--config", settings]
        )
        {
            RedirectStandardError = true,
            RedirectStandardOutput = true,
        };
        start.Environment["HOME"] = _folder.Path;
        start.Environment["XDG_DATA_HOME"] = start.Environment["XDG_CONFIG_HOME"] = _folder.Path;
        _proxy = Process.Start(start)!;
        _ = _proxy.StandardError.BaseStream.CopyToAsync(Stream.Null);
        _ = _proxy.StandardOutput.BaseStream.CopyToAsync(Stream.Null);
    }
}
