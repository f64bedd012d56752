using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Meeda.Chain.L1;
using Meeda.Ethereum;
using Meeda.L1.Signing;
using Meeda.L1.Transactions;
using Meeda.Testing;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Https;
using Xunit;

namespace Meeda.Node.Tests.L1;

/// <summary>
/// A remote signer configured like op-signer: it presents a certificate of a private authority and requires a client
/// certificate. Behind it anvil signs.
/// </summary>
public sealed class RemoteSignerTlsTests : IDisposable
{
    private static readonly PrivateKeySigner Key = PrivateKeySigner.FromHex(Anvil.FundedKey);
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [SkippableFact]
    public async Task Sign_WithTheCertificatesOfBoth_Signs_AndWithoutEitherDoesNot()
    {
        await using Anvil anvil = await Anvil.StartAsync();
        using X509Certificate2 server = MakeCertificate("localhost"),
            client = MakeCertificate("operator");
        await using WebApplication signer = await StartAsync(server, client.Thumbprint, anvil.Rpc);
        var l1 = new L1Options();
        var options = new SignerOptions
        {
            Remote = signer.Urls.Single().Replace("127.0.0.1", "localhost", StringComparison.Ordinal),
            RemoteAddress = Key.Address.ToString(),
            RemoteCertificateFile = Write(
                "client.pem",
                client.ExportCertificatePem() + "\n" + client.GetECDsaPrivateKey()!.ExportPkcs8PrivateKeyPem()
            ),
            RemoteAuthorityFile = Write("authority.pem", server.ExportCertificatePem()),
        };
        var transaction = new FeeMarketTransaction(31337, 3, 1, 1_000_000_000, 21_000, Address.Zero, 5, [1, 2, 3]);
        Assert.Equal(
            Key.Sign(transaction.SigningHash()),
            await options.Open(l1).SignAsync(transaction, CancellationToken.None)
        );

        options.RemoteAuthorityFile = null;
        await Assert.ThrowsAsync<SigningException>(() =>
            options.Open(l1).SignAsync(transaction, CancellationToken.None)
        );
        options.RemoteAuthorityFile = Path.Combine(_folder.Path, "authority.pem");
        options.RemoteCertificateFile = null;
        await Assert.ThrowsAsync<SigningException>(() =>
            options.Open(l1).SignAsync(transaction, CancellationToken.None)
        );
    }

    private static X509Certificate2 MakeCertificate(string name)
    {
        using ECDsa key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest($"CN={name}", key, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        names.AddDnsName(name);
        request.CertificateExtensions.Add(names.Build());
        request.CertificateExtensions.Add(
            new X509BasicConstraintsExtension(certificateAuthority: true, false, 0, true)
        );
        return request.CreateSelfSigned(DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddDays(1));
    }

    private static async Task<WebApplication> StartAsync(
        X509Certificate2 certificate,
        string clientThumbprint,
        Uri node
    )
    {
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
        builder
            .WebHost.UseKestrelHttpsConfiguration()
            .ConfigureKestrel(kestrel =>
                kestrel.Listen(
                    IPAddress.Loopback,
                    0,
                    listen =>
                        listen.UseHttps(https =>
                        {
                            https.ServerCertificate = certificate;
                            https.ClientCertificateMode = ClientCertificateMode.RequireCertificate;
                            https.ClientCertificateValidation = (shown, _, _) => shown.Thumbprint == clientThumbprint;
                        })
                )
            );
        WebApplication app = builder.Build();
        app.Run(async context =>
        {
            using var http = new HttpClient();
            using var body = new StreamContent(context.Request.Body);
            body.Headers.ContentType = new("application/json");
            using HttpResponseMessage answer = await http.PostAsync(node, body);
            context.Response.ContentType = "application/json";
            await context.Response.WriteAsync(await answer.Content.ReadAsStringAsync());
        });
        await app.StartAsync();
        return app;
    }

    private string Write(string name, string content)
    {
        string path = Path.Combine(_folder.Path, name);
        File.WriteAllText(path, content);
        return path;
    }
}
