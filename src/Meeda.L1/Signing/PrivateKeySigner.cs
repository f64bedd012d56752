using System.Diagnostics;
using System.Numerics;
using Meeda.Ethereum;
using Meeda.L1.Transactions;
using Nethereum.Signer;

namespace Meeda.L1.Signing;

/// <summary>
/// An account whose private key is in this process's memory. Signatures are deterministic (RFC 6979, HMAC-SHA-256) with
/// the lower <c>s</c> (EIP-2). The key is never exposed: not by <see cref="ToString"/>, an exception or the debugger's
/// display.
/// </summary>
[DebuggerDisplay("{ToString(),nq}")]
public sealed class PrivateKeySigner : ITransactionSigner
{
    private const int KeyLength = 32;

    [DebuggerBrowsable(DebuggerBrowsableState.Never)]
    private readonly EthECKey _key;

    private PrivateKeySigner(EthECKey key)
    {
        _key = key;
        Address = Address.Parse(key.GetPublicAddress());
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

        // Nethereum's key accepts any number of bytes, so the range is checked here.
        BigInteger number = new(bytes, isUnsigned: true, isBigEndian: true);
        return number.IsZero || number >= SignatureRecovery.Order
            ? throw new FormatException("private key: it is not between 1 and the order of secp256k1")
            : new PrivateKeySigner(new EthECKey(bytes.ToArray(), isPrivate: true));
    }

    /// <summary>The account whose private key a text file holds; white space around it does not matter.</summary>
    /// <exception cref="IOException">The file cannot be read.</exception>
    /// <exception cref="UnauthorizedAccessException">The file may not be read.</exception>
    /// <exception cref="FormatException">It does not hold a private key.</exception>
    public static PrivateKeySigner FromFile(string path) => FromHex(File.ReadAllText(path).Trim());

    /// <summary>Signs a hash.</summary>
    public Signature Sign(Bytes32 hash)
    {
        EthECDSASignature signature = _key.SignAndCalculateYParityV(hash.ToArray());
        return new Signature(signature.V[0], ToInteger(signature.R), ToInteger(signature.S));
    }

    /// <inheritdoc/>
    public Task<Signature> SignAsync(UnsignedTransaction transaction, CancellationToken cancellationToken) =>
        Task.FromResult(Sign(transaction.SigningHash()));

    /// <summary>The address, never the key.</summary>
    public override string ToString() => $"account {Address}";

    private static BigInteger ToInteger(byte[] bytes) => new(bytes, isUnsigned: true, isBigEndian: true);
}
