using Meeda.Ethereum;
using Meeda.Hosting;

namespace Meeda.Operator.Nitro;

/// <summary>The Arbitrum Nitro external DA provider.</summary>
public sealed class NitroOptions
{
    /// <summary>The configuration section that binds to this.</summary>
    public const string Section = "Meeda:Nitro";

    /// <summary>
    /// The second byte of certificates. Default 0x4d ("M"); taken by others: 0x00 (EigenDA), 0x63 (Celestia), 0xff
    /// (ReferenceDA).
    /// </summary>
    public byte ProviderByte { get; set; } = 0x4d;

    /// <summary>
    /// The address of the chain's MeedaDAProofValidator, which certificates name. None: the provider answers no call
    /// that makes or reads a certificate.
    /// </summary>
    public string? Validator { get; set; }

    /// <summary>The id of the chain on which the validator is: the parent chain of the Nitro chain.</summary>
    public ulong? ValidatorChainId { get; set; }

    /// <summary>
    /// The validator's signers beside this operator, addresses with commas between: other operators, and earlier keys
    /// of this one. Their certificates are valid too; those of any other account are permanently invalid.
    /// </summary>
    public string Signers { get; set; } = "";

    /// <summary>
    /// A file with the 32-byte secret, 64 hex digits, that callers sign their JWTs with (HS256). None: no token is
    /// asked for.
    /// </summary>
    public string? JwtSecretFile { get; set; }

    /// <summary>What certificates are for.</summary>
    /// <exception cref="NitroException">No validator is set.</exception>
    internal CertificateDomain Domain =>
        Validator is null || ValidatorChainId is not { } chainId
            ? throw new NitroException(
                "validator: this operator signs no certificates, since Meeda__Nitro__Validator and "
                    + "Meeda__Nitro__ValidatorChainId are not set"
            )
            : new CertificateDomain(ProviderByte, chainId, Address.Parse(Validator));

    /// <summary>The texts of <see cref="Signers"/>, whatever they are.</summary>
    internal string[] SplitSigners() =>
        Signers.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);

    /// <summary>Whether an account is one of <see cref="Signers"/>.</summary>
    internal bool IsOtherSigner(Address account) =>
        Array.Exists(SplitSigners(), text => Address.TryParse(text, out Address signer) && signer == account);

    /// <summary>Reads the secret; null where none is set.</summary>
    /// <exception cref="SetupException">The file cannot be read or does not hold 64 hex digits. The message does not
    /// hold them.</exception>
    internal byte[]? ReadSecret()
    {
        if (JwtSecretFile is null)
        {
            return null;
        }

        try
        {
            string text = File.ReadAllText(JwtSecretFile).Trim();
            byte[] secret = Convert.FromHexString(text.StartsWith("0x", StringComparison.Ordinal) ? text[2..] : text);
            return secret.Length == 32 ? secret : throw new FormatException();
        }
        catch (Exception unusable) when (unusable is IOException or UnauthorizedAccessException)
        {
            throw new SetupException($"JWT secret file: {JwtSecretFile} cannot be read (Meeda__Nitro__JwtSecretFile)");
        }
        catch (FormatException)
        {
            throw new SetupException(
                $"JWT secret file: {JwtSecretFile} does not hold 64 hex digits (Meeda__Nitro__JwtSecretFile)"
            );
        }
    }
}
