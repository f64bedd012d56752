using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Meeda.Ethereum;
using Meeda.Hosting;
using Meeda.Hosting.Settings;
using Meeda.L1.Rpc;
using Meeda.L1.Signing;

namespace Meeda.Chain.L1;

/// <summary>
/// Where the operator's key is, when it is not a plain file (<see cref="L1Options.KeyFile"/>). Exactly one way is to
/// be named.
/// </summary>
public sealed class SignerOptions
{
    /// <summary>The configuration section that binds to this.</summary>
    public const string Section = "Meeda:Signer";

    /// <summary>The private key itself, 64 hex digits; for the environment only, never for a command line.</summary>
    [Secret]
    public string? Key { get; set; }

    /// <summary>The file with the password of an encrypted key file (Web3 Secret Storage version 3).</summary>
    public string? PasswordFile { get; set; }

    /// <summary>That password itself; for the environment only.</summary>
    [Verbatim]
    [Secret]
    public string? Password { get; set; }

    /// <summary>The URL of a remote signer that answers <c>eth_signTransaction</c>, as op-signer does.</summary>
    [Secret(IsUrl = true)]
    public string? Remote { get; set; }

    /// <summary>The account that the remote signer signs for.</summary>
    public string? RemoteAddress { get; set; }

    /// <summary>A PEM file with the client certificate and its key that the remote signer asks for (mTLS).</summary>
    public string? RemoteCertificateFile { get; set; }

    /// <summary>
    /// A PEM file with the certificate that the remote signer's own is signed with, where the system does not know
    /// it.
    /// </summary>
    public string? RemoteAuthorityFile { get; set; }

    /// <summary>
    /// The private key of a second account, 64 hex digits, which pays for publishing demanded blobs, so that anchors
    /// and proofs never wait behind its blob transactions; for the
    /// environment only. Default none: the operator's account publishes.
    /// </summary>
    [Secret]
    public string? BlobKey { get; set; }

    /// <summary>A file with that private key, bare.</summary>
    public string? BlobKeyFile { get; set; }

    /// <summary>The signer that these options name.</summary>
    /// <exception cref="SetupException">A file cannot be read, or does not hold what it should. The message holds no
    /// secret.</exception>
    internal ITransactionSigner Open(L1Options l1)
    {
        if (Remote is not null)
        {
            HttpClient http = OutgoingHttp.Client(RemoteHandler());
            http.BaseAddress = new Uri(Remote);
            return new RemoteSigner(new JsonRpcClient(http), Address.Parse(RemoteAddress!));
        }

        return Key is not null ? ParseKey(Key, "Meeda__Signer__Key") : ReadKeyFile(l1.KeyFile, Password, PasswordFile);
    }

    /// <summary>The account that <see cref="Open"/>'s signer would sign for; nothing is connected to.</summary>
    /// <exception cref="SetupException">As with <see cref="Open"/>.</exception>
    internal Address AccountOf(L1Options l1) => Remote is not null ? Address.Parse(RemoteAddress!) : Open(l1).Address;

    /// <summary>The signer of the second account, or null where there is none.</summary>
    /// <exception cref="SetupException">It cannot be read, or is the operator's own. The message holds no
    /// secret.</exception>
    internal PrivateKeySigner? OpenBlobSigner(Address operatorAddress)
    {
        PrivateKeySigner? signer =
            BlobKey is not null ? ParseKey(BlobKey, "Meeda__Signer__BlobKey")
            : BlobKeyFile is not null ? ReadKeyFile(BlobKeyFile, password: null, passwordFile: null)
            : null;
        return signer?.Address == operatorAddress
            ? throw new SetupException(
                "blob key: it is the operator's own (Meeda__Signer__BlobKey or BlobKeyFile); it is to be another "
                    + "account's, or none"
            )
            : signer;
    }

    /// <summary>The key of a file: bare, or encrypted with a password.</summary>
    /// <exception cref="SetupException">The file or the password cannot be used. The message holds nothing of
    /// either.</exception>
    internal static PrivateKeySigner ReadKeyFile(string path, string? password, string? passwordFile)
    {
        string text = SecretFile.Read(path, "key file");
        if (!Keystore.IsKeystore(text))
        {
            return ParseKey(text.Trim(), $"key file: {path}");
        }

        password ??= passwordFile is null
            ? throw new SetupException(
                $"key file: {path} is encrypted, and there is no password (Meeda__Signer__PasswordFile or "
                    + "Meeda__Signer__Password)"
            )
            : SecretFile.Read(passwordFile, "password file").TrimEnd('\r', '\n');
        try
        {
            return Keystore.Decrypt(text, password);
        }
        catch (FormatException unusable)
        {
            throw new SetupException($"key file: {path}: {unusable.Message}");
        }
    }

    private static PrivateKeySigner ParseKey(string hex, string source)
    {
        try
        {
            return PrivateKeySigner.FromHex(hex);
        }
        catch (FormatException)
        {
            throw new SetupException($"{source} does not hold a private key of 64 hex digits");
        }
    }

    private SocketsHttpHandler RemoteHandler()
    {
        SocketsHttpHandler handler = OutgoingHttp.Handler();
        handler.PooledConnectionLifetime = TimeSpan.FromMinutes(10);
        try
        {
            if (RemoteCertificateFile is not null)
            {
                SecretFile.Check(RemoteCertificateFile, "remote signer: the certificate and key file");
                handler.SslOptions.ClientCertificates = [X509Certificate2.CreateFromPemFile(RemoteCertificateFile)];
            }

            if (RemoteAuthorityFile is not null)
            {
                handler.SslOptions.CertificateChainPolicy = new X509ChainPolicy
                {
                    TrustMode = X509ChainTrustMode.CustomRootTrust,
                    RevocationMode = X509RevocationMode.NoCheck,
                };
                handler.SslOptions.CertificateChainPolicy.CustomTrustStore.ImportFromPemFile(RemoteAuthorityFile);
            }

            return handler;
        }
        catch (SetupException)
        {
            handler.Dispose();
            throw;
        }
        catch (Exception unusable)
            when (unusable is IOException or UnauthorizedAccessException or CryptographicException)
        {
            handler.Dispose();
            throw new SetupException(
                $"remote signer: its certificate files cannot be used: {unusable.Message.TrimEnd('.')} "
                    + "(Meeda__Signer__RemoteCertificateFile, Meeda__Signer__RemoteAuthorityFile)"
            );
        }
    }
}
