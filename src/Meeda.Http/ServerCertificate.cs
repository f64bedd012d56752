using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Meeda.Hosting;

namespace Meeda.Http;

/// <summary>
/// The certificate that a service shows: read from PEM files, and read again when they change, so that a renewed one
/// needs no restart. A connection keeps the one that it began with.
/// </summary>
internal sealed class ServerCertificate
{
    private readonly string _file;
    private readonly string _keyFile;
    private byte[] _digest;

    // Written by one reload at a time, read by every handshake.
    private volatile SslStreamCertificateContext _current;

    private ServerCertificate(string file, string keyFile)
    {
        (_file, _keyFile) = (file, keyFile);
        (string certificates, string key, _digest) = ReadFiles();
        _current = Parse(certificates, key);
    }

    /// <summary>The file with the certificate and those that lead to its authority.</summary>
    public string File => _file;

    /// <summary>What a handshake that begins now shows.</summary>
    public SslStreamCertificateContext Current => _current;

    /// <summary>When the current certificate expires.</summary>
    public DateTimeOffset Expiry => new(_current.TargetCertificate.NotAfter.ToUniversalTime(), TimeSpan.Zero);

    /// <summary>Reads a certificate and its key.</summary>
    /// <param name="options">Which files.</param>
    /// <returns>The certificate; null where no file is configured.</returns>
    /// <exception cref="SetupException">
    /// A file cannot be read, others than its owner may read the key, or the two do not belong together.
    /// </exception>
    public static ServerCertificate? Open(HttpOptions options) =>
        options.CertificateFile is { } file ? new ServerCertificate(file, options.CertificateKeyFile ?? file) : null;

    /// <summary>Reads the files again.</summary>
    /// <returns>Whether there was a new certificate. If it is unusable, the old one stays.</returns>
    /// <exception cref="SetupException">The files' current contents cannot be used.</exception>
    public bool Reload()
    {
        (string certificates, string key, byte[] digest) = ReadFiles();
        if (digest.AsSpan().SequenceEqual(_digest))
        {
            return false;
        }

        _current = Parse(certificates, key);
        _digest = digest;
        return true;
    }

    private (string Certificates, string Key, byte[] Digest) ReadFiles()
    {
        string key = SecretFile.Read(_keyFile, "certificate key");
        string certificates;
        try
        {
            certificates = _keyFile == _file ? key : System.IO.File.ReadAllText(_file);
        }
        catch (Exception unusable) when (unusable is IOException or UnauthorizedAccessException or ArgumentException)
        {
            throw new SetupException($"certificate: {_file} cannot be read");
        }

        return (certificates, key, SHA256.HashData(System.Text.Encoding.UTF8.GetBytes(certificates + "\0" + key)));
    }

    private SslStreamCertificateContext Parse(string certificates, string key)
    {
        try
        {
            var chain = new X509Certificate2Collection();
            chain.ImportFromPem(certificates);
            X509Certificate2 own = X509Certificate2.CreateFromPem(certificates, key);
            // The server's own comes first (RFC 8446, section 4.4.2).
            return SslStreamCertificateContext.Create(own, [.. chain.Skip(1)], offline: true);
        }
        catch (Exception unusable) when (unusable is CryptographicException or ArgumentException)
        {
            // The library's sentence may quote the file.
            throw new SetupException(
                $"certificate: {_file} and {_keyFile} are not a certificate and its unencrypted key, both as PEM"
            );
        }
    }
}
