using System.Numerics;
using Meeda.Ethereum;
using Meeda.L1.Signing;
using Nethereum.Model;
using Nethereum.RLP;
using Signature = Meeda.L1.Signing.Signature;

namespace Meeda.L1.Transactions;

/// <summary>
/// A typed transaction (EIP-2718) before its signature, as a value; Nethereum's transaction encodes it and hashes it.
/// </summary>
public abstract record UnsignedTransaction
{
    /// <summary>The hash that is signed.</summary>
    public Bytes32 SigningHash() => Bytes32.FromBytes(ToModel().RawHash);

    /// <summary>The transaction with its signature, as a block holds it; its Keccak-256 is its hash.</summary>
    public byte[] WithSignature(Signature signature) => Signed(signature).GetRLPEncoded();

    /// <summary>
    /// Signs it with a key that is here: the transaction as a block holds it; its Keccak-256 is its hash.
    /// </summary>
    public byte[] Sign(PrivateKeySigner signer) => WithSignature(signer.Sign(SigningHash()));

    /// <summary>What a JSON-RPC signer is asked to sign (execution-apis, <c>eth_signTransaction</c>).</summary>
    public abstract IReadOnlyDictionary<string, object?> ToJsonRpc(Address from);

    /// <summary>The signature of a signed form of this transaction, from an untrusted place.</summary>
    /// <param name="encoded">The transaction as a block holds it.</param>
    /// <exception cref="FormatException">It is not this transaction with a signature behind it.</exception>
    public Signature ReadSignature(ReadOnlySpan<byte> encoded)
    {
        // Nethereum's decoder takes more than is valid. So only the signature is taken from what it reads, and this
        // transaction must be the same bytes with it.
        Signature signature;
        try
        {
            signature = LastFields(encoded);
        }
        catch (Exception malformed) when (malformed is not FormatException)
        {
            throw new FormatException("signed transaction: it is invalid", malformed);
        }

        return WithSignature(signature).AsSpan().SequenceEqual(encoded)
            ? signature
            : throw new FormatException("signed transaction: it is not the one that was asked for");
    }

    /// <summary>The transaction as Nethereum's type.</summary>
    private protected abstract SignedTypeTransaction ToModel();

    /// <summary>As <see cref="ToModel"/>, with a signature.</summary>
    private protected SignedTypeTransaction Signed(Signature signature)
    {
        SignedTypeTransaction model = ToModel();
        model.SetSignature(
            new Nethereum.Model.Signature(Digits(signature.R), Digits(signature.S), Digits(signature.YParity))
        );
        return model;
    }

    /// <summary>The shortest big-endian bytes of a number, none for 0.</summary>
    private protected static byte[] Digits(BigInteger value) =>
        value.IsZero ? [] : value.ToByteArray(isUnsigned: true, isBigEndian: true);

    private static Signature LastFields(ReadOnlySpan<byte> encoded)
    {
        var fields = (RLPCollection)RLP.Decode(encoded[1..].ToArray());
        byte[] parity = fields[^3].RLPData ?? []; // Nethereum has null for no bytes.
        return parity is [] or [1]
            ? new Signature(parity.Length, Number(fields[^2].RLPData), Number(fields[^1].RLPData))
            : throw new FormatException("signed transaction: there is no signature behind it");
    }

    private static BigInteger Number(byte[]? digits) => new(digits, isUnsigned: true, isBigEndian: true);
}
