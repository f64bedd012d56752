using System.Globalization;
using System.Numerics;
using Meeda.Ethereum;
using Nethereum.Signer;

namespace Meeda.L1.Signing;

/// <summary>The precompile at address 1 (Yellow Paper, appendix E, ECREC): recovers the signer.</summary>
public static class SignatureRecovery
{
    /// <summary>The order of secp256k1 (SEC 2, section 2.4.1).</summary>
    internal static readonly BigInteger Order = BigInteger.Parse(
        "0FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141",
        NumberStyles.HexNumber,
        CultureInfo.InvariantCulture
    );

    /// <summary>
    /// The account that signed a hash, or false where invalid secp256k1 signature of any account or its <c>s</c> is in
    /// the upper half (EIP-2).
    /// </summary>
    /// <param name="hash">The signed hash.</param>
    /// <param name="signature">65 bytes, untrusted: <c>r ‖ s ‖ v</c> with v 27 or 28.</param>
    /// <param name="signer">The account, where the result is true.</param>
    public static bool TryRecover(Bytes32 hash, ReadOnlySpan<byte> signature, out Address signer)
    {
        signer = default;
        if (signature.Length != 65 || signature[64] is not (27 or 28))
        {
            return false;
        }

        // Nethereum recovers from numbers out of range, too.
        BigInteger r = Number(signature[..32]);
        BigInteger s = Number(signature[32..64]);
        if (r.IsZero || r >= Order || s.IsZero || s > Order / 2)
        {
            return false;
        }

        try
        {
            EthECDSASignature parts = EthECDSASignatureFactory.FromComponents(
                signature[..32].ToArray(),
                signature[32..64].ToArray(),
                signature[64]
            );
            return Address.TryParse(
                EthECKey.RecoverFromSignature(parts, hash.ToArray())?.GetPublicAddress(),
                out signer
            );
        }
        catch (Exception invalid)
            when (invalid
                    is ArgumentException
                        or ArithmeticException
                        or NullReferenceException
                        or InvalidOperationException
            )
        {
            // Nethereum has no refusal of its own where no point has that x.
            return false;
        }
    }

    private static BigInteger Number(ReadOnlySpan<byte> bytes) => new(bytes, isUnsigned: true, isBigEndian: true);
}
