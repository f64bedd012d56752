using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Meeda.Testing;

/// <summary>A self-signed certificate for this machine, in files as the programs expect them.</summary>
public static class TestCertificate
{
    /// <summary>Writes a new certificate and its key, each to a separate file.</summary>
    /// <param name="folder">The folder; the files are cert.pem and key.pem.</param>
    /// <param name="expiry">When it expires; null for a year from now.</param>
    /// <returns>The certificate's SHA-256 fingerprint, and the two files.</returns>
    public static (string Fingerprint, string File, string KeyFile) Write(string folder, DateTimeOffset? expiry = null)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=localhost", key, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        names.AddDnsName("localhost");
        names.AddIpAddress(IPAddress.Loopback);
        request.CertificateExtensions.Add(names.Build());
        DateTimeOffset end = expiry ?? TimeProvider.System.GetUtcNow().AddYears(1);
        using X509Certificate2 own = request.CreateSelfSigned(end.AddYears(-2), end);
        (string file, string keyFile) = (Path.Combine(folder, "cert.pem"), Path.Combine(folder, "key.pem"));
        File.WriteAllText(file, own.ExportCertificatePem());
        WriteSecret(keyFile, key.ExportPkcs8PrivateKeyPem());
        return (own.GetCertHashString(HashAlgorithmName.SHA256), file, keyFile);
    }

    /// <summary>Writes a file that only its owner may read.</summary>
    public static void WriteSecret(string path, string text)
    {
        File.WriteAllText(path, text);
        if (!OperatingSystem.IsWindows())
        {
            File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        }
    }
}
