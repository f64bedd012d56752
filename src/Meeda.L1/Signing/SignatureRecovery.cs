using Meeda.Ethereum;
using Org.BouncyCastle.Asn1.Sec;
using Org.BouncyCastle.Asn1.X9;
using Org.BouncyCastle.Math.EC;
using BcInteger = Org.BouncyCastle.Math.BigInteger;

namespace Meeda.L1.Signing;

/// <summary>What the precompile at address 1 does (Yellow Paper, appendix E, ECREC): who signed.</summary>
public static class SignatureRecovery
{
    private static readonly X9ECParameters Secp256k1 = SecNamedCurves.GetByName("secp256k1");
    private static readonly BcInteger HalfOrder = Secp256k1.N.ShiftRight(1);

    /// <summary>
    /// The account that signed a hash, or false where the signature is none of any account or its <c>s</c> is in the
    /// upper half (EIP-2).
    /// </summary>
    /// <param name="hash">What was signed.</param>
    /// <param name="signature">65 bytes, untrusted: <c>r ‖ s ‖ v</c> with v 27 or 28.</param>
    /// <param name="signer">The account, where the result is true.</param>
    public static bool TryRecover(Bytes32 hash, ReadOnlySpan<byte> signature, out Address signer)
    {
        signer = default;
        if (signature.Length != 65 || signature[64] is not (27 or 28))
        {
            return false;
        }

        var r = new BcInteger(1, signature[..32]);
        var s = new BcInteger(1, signature[32..64]);
        if (r.SignValue == 0 || r.CompareTo(Secp256k1.N) >= 0 || s.SignValue == 0 || s.CompareTo(HalfOrder) > 0)
        {
            return false;
        }

        ECPoint point;
        try
        {
            point = Secp256k1.Curve.DecodePoint([(byte)(2 + signature[64] - 27), .. signature[..32]]);
        }
        catch (Exception notOnCurve) when (notOnCurve is ArgumentException or ArithmeticException)
        {
            return false;
        }

        var e = new BcInteger(1, hash.ToArray());
        BcInteger inverse = r.ModInverse(Secp256k1.N);
        ECPoint key = point
            .Multiply(s.Multiply(inverse).Mod(Secp256k1.N))
            .Subtract(Secp256k1.G.Multiply(e.Multiply(inverse).Mod(Secp256k1.N)))
            .Normalize();
        if (key.IsInfinity)
        {
            return false;
        }

        signer = Address.FromBytes(Keccak256.Hash(key.GetEncoded(compressed: false).AsSpan(1)).ToArray().AsSpan(12));
        return true;
    }
}
