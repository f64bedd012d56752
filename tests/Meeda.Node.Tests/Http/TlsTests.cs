using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography;
using Meeda.Hosting;
using Meeda.Http;
using Meeda.Node.Tests.Storage;
using Meeda.Operator;
using Meeda.Testing;
using Microsoft.AspNetCore.Builder;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace Meeda.Node.Tests.Http;

public sealed class TlsTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task An_operator_speaks_tls_and_nothing_else_on_an_https_address()
    {
        (string fingerprint, string file, string keyFile) = TestCertificate.Write(_folder.Path);
        Dictionary<string, string?> settings = await ListenAddressTests.SettingsAsync(_folder);
        settings["Meeda:Http:CertificateFile"] = file;
        settings["Meeda:Http:CertificateKeyFile"] = keyFile;
        await using WebApplication app = await OperatorApplication.BuildAsync(
            settings,
            "https://127.0.0.1:0",
            quiet: true,
            CancellationToken.None
        );
        await app.StartAsync();
        string url = app.Urls.Single();
        Assert.StartsWith("https://127.0.0.1:", url, StringComparison.Ordinal);
        using HttpClient http = Trusting(fingerprint, url);
        byte[] batch = RandomNumberGenerator.GetBytes(2_000_000);
        using HttpResponseMessage put = await http.PostAsync("put", new ByteArrayContent(batch));
        string commitment = Convert.ToHexStringLower(await put.Content.ReadAsByteArrayAsync());
        Assert.Equal(batch, await http.GetByteArrayAsync($"get/0x{commitment}"));

        using var plain = new HttpClient { BaseAddress = new Uri(url.Replace("https:", "http:")) };
        await Assert.ThrowsAnyAsync<HttpRequestException>(() => plain.GetAsync("health/live"));
        using var old = new HttpClient(
            new SocketsHttpHandler
            {
                SslOptions =
                {
                    RemoteCertificateValidationCallback = (_, certificate, _, _) => certificate is not null,
#pragma warning disable CA5397, SYSLIB0039 // what must be refused
                    EnabledSslProtocols = SslProtocols.Tls11,
#pragma warning restore CA5397, SYSLIB0039
                },
            }
        );
        await Assert.ThrowsAnyAsync<HttpRequestException>(() => old.GetAsync(new Uri($"{url}/health/live")));
        await app.StopAsync();
        SqliteConnection.ClearAllPools();
    }

    [Fact]
    public async Task A_renewed_certificate_is_shown_without_a_restart_and_an_unusable_one_is_not()
    {
        (string first, string file, string keyFile) = TestCertificate.Write(_folder.Path);
        WebApplicationBuilder builder = ServiceHost.CreateBuilder(quiet: true);
        ServiceHost.Listen(
            builder,
            "https://127.0.0.1:0",
            new HttpOptions { CertificateFile = file, CertificateKeyFile = keyFile }
        );
        await using WebApplication app = builder.Build();
        await app.StartAsync();
        var shown = app.Services.GetRequiredService<ServerCertificate>();
        Assert.Equal(first, await FingerprintAsync(app.Urls.Single()));

        string oldKey = await File.ReadAllTextAsync(keyFile);
        (string second, _, _) = TestCertificate.Write(_folder.Path);
        string newKey = await File.ReadAllTextAsync(keyFile);
        TestCertificate.WriteSecret(keyFile, oldKey); // a renewal whose second file is not written yet
        SetupException problem = Assert.Throws<SetupException>(() => shown.Reload());
        Assert.Contains("are not a certificate and its unencrypted key", problem.Message, StringComparison.Ordinal);
        Assert.Equal(first, await FingerprintAsync(app.Urls.Single()));

        TestCertificate.WriteSecret(keyFile, newKey);
        Assert.True(shown.Reload());
        Assert.False(shown.Reload());
        Assert.Equal(second, await FingerprintAsync(app.Urls.Single()));
        File.Delete(file);
        Assert.Throws<SetupException>(() => shown.Reload());
        Assert.Equal(second, await FingerprintAsync(app.Urls.Single()));
    }

    [Fact]
    public async Task The_files_are_read_again_every_ten_seconds_and_an_early_end_is_warned_of_once_a_day()
    {
        var clock = new SteppedClock();
        (_, string file, string keyFile) = TestCertificate.Write(_folder.Path, clock.GetUtcNow().AddDays(15));
        ServerCertificate certificate = ServerCertificate.Open(
            new HttpOptions { CertificateFile = file, CertificateKeyFile = keyFile }
        )!;
        var log = new LineLogger<CertificateReload>();
        using var reload = new CertificateReload(certificate, clock, log);
        await reload.StartAsync(default);
        Assert.Empty(log.Lines);

        await StepAsync(clock, TimeSpan.FromDays(1) + CertificateReload.Every, () => log.Lines.Count == 1);
        Assert.Contains("expires at", log.Lines.Single(), StringComparison.Ordinal);
        string key = await File.ReadAllTextAsync(keyFile);
        TestCertificate.WriteSecret(keyFile, "-----BEGIN PRIVATE KEY-----");
        await StepAsync(clock, CertificateReload.Every, () => log.Lines.Count == 2);
        Assert.Contains("the old one stays", log.Lines.Last(), StringComparison.Ordinal);
        Assert.DoesNotContain("BEGIN", log.Lines.Last(), StringComparison.Ordinal);
        TestCertificate.WriteSecret(keyFile, key);
        await StepAsync(clock, TimeSpan.FromDays(1), () => log.Lines.Count == 3);
        (string renewed, _, _) = TestCertificate.Write(_folder.Path, clock.GetUtcNow().AddDays(90));
        await StepAsync(clock, CertificateReload.Every, () => log.Lines.Count == 4);
        Assert.Contains("loaded", log.Lines.Last(), StringComparison.Ordinal);
        Assert.Equal(renewed, certificate.Current.TargetCertificate.GetCertHashString(HashAlgorithmName.SHA256));
        await reload.StopAsync(default);
    }

    [Fact]
    public void A_key_of_another_certificate_or_open_to_others_or_encrypted_is_refused_at_the_start()
    {
        (_, string file, string keyFile) = TestCertificate.Write(_folder.Path);
        string other = Directory.CreateDirectory(Path.Combine(_folder.Path, "other")).FullName;
        (_, _, string otherKey) = TestCertificate.Write(other);
        Assert.Contains("are not a certificate", Problem(file, otherKey), StringComparison.Ordinal);
        Assert.Contains("are not a certificate", Problem(file, Missing("text", "no key")), StringComparison.Ordinal);
        Assert.Contains("are not a certificate", Problem(Missing("text2", "none"), keyFile), StringComparison.Ordinal);
        Assert.Contains("cannot be read", Problem(file, Path.Combine(_folder.Path, "none")), StringComparison.Ordinal);
        Assert.Contains(
            "certificate: " + Path.Combine(_folder.Path, "none"),
            Problem(Path.Combine(_folder.Path, "none"), keyFile),
            StringComparison.Ordinal
        );
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        string encrypted = key.ExportEncryptedPkcs8PrivateKeyPem(
            "password",
            new PbeParameters(PbeEncryptionAlgorithm.Aes256Cbc, HashAlgorithmName.SHA256, 1)
        );
        Assert.Contains("unencrypted key", Problem(file, Missing("encrypted", encrypted)), StringComparison.Ordinal);
        if (!OperatingSystem.IsWindows())
        {
            File.SetUnixFileMode(keyFile, UnixFileMode.UserRead | UnixFileMode.OtherRead);
            Assert.Contains("chmod 600", Problem(file, keyFile), StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData("https://127.0.0.1:1", null, null, "", "needs a certificate; set Meeda__Http__CertificateFile")]
    [InlineData("http://127.0.0.1:1", "cert.pem", null, "", "does not speak TLS")]
    [InlineData("http://127.0.0.1:1", null, "key.pem", "", "there is no certificate for it")]
    [InlineData("http://127.0.0.1:1", null, null, "10.0.0.1, proxy.internal", "'proxy.internal' is neither")]
    [InlineData("http://127.0.0.1:1", null, null, "10.0.0.0/-1", "'10.0.0.0/-1' is neither")]
    [InlineData("http://127.0.0.1:1", null, null, "10.0.0.0/33", "'10.0.0.0/33' is neither")]
    [InlineData("http://127.0.0.1:1", null, null, "::/0", "every address")]
    public void Settings_that_do_not_belong_together_are_refused_by_name(
        string listen,
        string? file,
        string? keyFile,
        string proxies,
        string reason
    )
    {
        var options = new HttpOptions
        {
            Listen = listen,
            CertificateFile = file,
            CertificateKeyFile = keyFile,
            TrustedProxies = proxies,
        };
        Assert.Contains(reason, Assert.Single(new HttpOptionsValidator().Failures(options)), StringComparison.Ordinal);
    }

    /// <summary>A client that trusts only one certificate.</summary>
    /// <param name="fingerprint">The certificate's SHA-256.</param>
    /// <param name="url">The service.</param>
    /// <param name="connect">How it connects; null for the default.</param>
    internal static HttpClient Trusting(
        string fingerprint,
        string url,
        Func<SocketsHttpConnectionContext, CancellationToken, ValueTask<Stream>>? connect = null
    ) =>
        new(
            new SocketsHttpHandler
            {
                SslOptions =
                {
                    RemoteCertificateValidationCallback = (_, certificate, _, _) =>
                        certificate!.GetCertHashString(HashAlgorithmName.SHA256) == fingerprint,
                },
                ConnectCallback = connect,
            }
        )
        {
            BaseAddress = new Uri(url),
        };

    private static async Task<string> FingerprintAsync(string url)
    {
        using var socket = new TcpClient();
        await socket.ConnectAsync(IPAddress.Loopback, new Uri(url).Port);
        await using var tls = new SslStream(
            socket.GetStream(),
            false,
            (_, certificate, _, _) => certificate is not null
        );
        await tls.AuthenticateAsClientAsync("localhost");
        return tls.RemoteCertificate!.GetCertHashString(HashAlgorithmName.SHA256);
    }

    private static async Task StepAsync(SteppedClock clock, TimeSpan step, Func<bool> done)
    {
        await Patience.UntilAsync(() => Task.FromResult(clock.Timers > 0), TimeSpan.FromSeconds(30));
        clock.Advance(step);
        await Patience.UntilAsync(() => Task.FromResult(done()), TimeSpan.FromSeconds(30));
    }

    private string Missing(string name, string text)
    {
        string path = Path.Combine(_folder.Path, name);
        TestCertificate.WriteSecret(path, text);
        return path;
    }

    private static string Problem(string file, string keyFile) =>
        Assert
            .Throws<SetupException>(() =>
                ServerCertificate.Open(new HttpOptions { CertificateFile = file, CertificateKeyFile = keyFile })
            )
            .Message;
}
