using System.Diagnostics;
using System.Numerics;
using Meeda.Ethereum;
using Meeda.L1.Transactions;
using Org.BouncyCastle.Asn1.Sec;
using Org.BouncyCastle.Asn1.X9;
using Org.BouncyCastle.Crypto.Digests;
using Org.BouncyCastle.Crypto.Parameters;
using Org.BouncyCastle.Crypto.Signers;
using Org.BouncyCastle.Math.EC;
using BcInteger = Org.BouncyCastle.Math.BigInteger;

namespace Meeda.L1.Signing;

/// <summary>
/// An account whose private key is in this process's memory. Signatures are deterministic (RFC 6979, HMAC-SHA-256)
/// with the lower <c>s</c> (EIP-2).
/// Nothing of the key leaves: not by <see cref="ToString"/>, not in an exception, not in a debugger's display.
/// </summary>
[DebuggerDisplay("{ToString(),nq}")]
public sealed class PrivateKeySigner : ITransactionSigner
{
    private const int KeyLength = 32;

    private static readonly X9ECParameters Secp256k1 = SecNamedCurves.GetByName("secp256k1");
    private static readonly ECDomainParameters Domain = new(Secp256k1);

    [DebuggerBrowsable(DebuggerBrowsableState.Never)]
    private readonly BcInteger _key;

    private readonly ECPoint _publicKey;

    private PrivateKeySigner(BcInteger key)
    {
        _key = key;
        _publicKey = Secp256k1.G.Multiply(key).Normalize();
        Address = Address.FromBytes(
            Keccak256.Hash(_publicKey.GetEncoded(compressed: false).AsSpan(1)).ToArray().AsSpan(12)
        );
    }

    /// <summary>The account's address: the last 20 bytes of the Keccak-256 of the public key.</summary>
    public Address Address { get; }

    /// <summary>The account of a private key of 64 hex digits, with or without <c>0x</c>.</summary>
    /// <exception cref="FormatException">It is something else, or not between 1 and the group's order. The message
    /// does not hold it.</exception>
    public static PrivateKeySigner FromHex(string hex)
    {
        Span<byte> bytes = stackalloc byte[KeyLength];
        if (!Hex.TryDecode(hex, bytes))
        {
            throw new FormatException("private key: 64 hex digits, with or without 0x, are expected");
        }

        try
        {
            return FromBytes(bytes);
        }
        finally
        {
            bytes.Clear();
        }
    }

    /// <summary>The account of a private key of 32 bytes.</summary>
    /// <exception cref="FormatException">It has another length, or is not between 1 and the group's order. The
    /// message does not hold it.</exception>
    public static PrivateKeySigner FromBytes(ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length != KeyLength)
        {
            throw new FormatException("private key: 32 bytes are expected");
        }

        var key = new BcInteger(1, bytes);
        return key.SignValue == 0 || key.CompareTo(Secp256k1.N) >= 0
            ? throw new FormatException("private key: it is not between 1 and the order of secp256k1")
            : new PrivateKeySigner(key);
    }

    /// <summary>The account whose private key a text file holds; white space around it does not matter.</summary>
    /// <exception cref="IOException">The file cannot be read.</exception>
    /// <exception cref="UnauthorizedAccessException">The file may not be read.</exception>
    /// <exception cref="FormatException">It does not hold a private key.</exception>
    public static PrivateKeySigner FromFile(string path) => FromHex(File.ReadAllText(path).Trim());

    /// <summary>Signs a hash.</summary>
    public Signature Sign(Bytes32 hash)
    {
        var signer = new ECDsaSigner(new HMacDsaKCalculator(new Sha256Digest()));
        signer.Init(forSigning: true, new ECPrivateKeyParameters(_key, Domain));
        BcInteger[] numbers = signer.GenerateSignature(hash.ToArray());
        BcInteger r = numbers[0];
        BcInteger s =
            numbers[1].CompareTo(Secp256k1.N.ShiftRight(1)) > 0 ? Secp256k1.N.Subtract(numbers[1]) : numbers[1];
        return new Signature(YParity(hash, r, s), ToInteger(r), ToInteger(s));
    }

    /// <inheritdoc/>
    public Task<Signature> SignAsync(UnsignedTransaction transaction, CancellationToken cancellationToken) =>
        Task.FromResult(Sign(transaction.SigningHash()));

    /// <summary>The address, never the key.</summary>
    public override string ToString() => $"account {Address}";

    /// <summary>
    /// Which of the two points with that x the signature came from: the one that <c>r^-1 (s·R - e·G)</c> gives our
    /// public key back with.
    /// </summary>
    private int YParity(Bytes32 hash, BcInteger r, BcInteger s)
    {
        var e = new BcInteger(1, hash.ToArray());
        BcInteger inverse = r.ModInverse(Secp256k1.N);
        for (int parity = 0; parity < 2; parity++)
        {
            ECPoint point = Secp256k1.Curve.DecodePoint([(byte)(2 + parity), .. ToBytes(r)]);
            ECPoint recovered = point
                .Multiply(s.Multiply(inverse).Mod(Secp256k1.N))
                .Subtract(Secp256k1.G.Multiply(e.Multiply(inverse).Mod(Secp256k1.N)));
            if (recovered.Normalize().Equals(_publicKey))
            {
                return parity;
            }
        }

        // x = r + n happens for one signature in 2^128 and has no place in a transaction's signature.
        throw new InvalidOperationException("the signature cannot be recovered from");
    }

    private static BigInteger ToInteger(BcInteger value) =>
        new(value.ToByteArrayUnsigned(), isUnsigned: true, isBigEndian: true);

    private static byte[] ToBytes(BcInteger value)
    {
        byte[] digits = value.ToByteArrayUnsigned();
        return [.. new byte[KeyLength - digits.Length], .. digits];
    }
}
