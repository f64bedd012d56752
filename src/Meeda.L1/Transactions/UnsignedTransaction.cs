using Meeda.Ethereum;
using Meeda.L1.Signing;

namespace Meeda.L1.Transactions;

/// <summary>A typed transaction (EIP-2718) before its signature.</summary>
public abstract record UnsignedTransaction
{
    /// <summary>The type byte.</summary>
    public abstract byte Type { get; }

    /// <summary>The hash that is signed.</summary>
    public Bytes32 SigningHash() => Keccak256.Hash([Type, .. Rlp.EncodeList(Fields())]);

    /// <summary>The transaction with its signature, as a block holds it; its Keccak-256 is its hash.</summary>
    public byte[] WithSignature(Signature signature) => [Type, .. SignedBody(signature)];

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
        byte[] fields = [.. Fields().SelectMany(field => field)];
        if (
            encoded.IsEmpty
            || encoded[0] != Type
            || !Rlp.TryReadList(encoded[1..], out ReadOnlySpan<byte> items)
            || !items.StartsWith(fields)
        )
        {
            throw new FormatException("signed transaction: it is not the one that was asked for");
        }

        ReadOnlySpan<byte> rest = items[fields.Length..];
        return
            Rlp.TryReadInteger(ref rest, out System.Numerics.BigInteger parity)
            && parity <= 1
            && Rlp.TryReadInteger(ref rest, out System.Numerics.BigInteger r)
            && Rlp.TryReadInteger(ref rest, out System.Numerics.BigInteger s)
            && rest.IsEmpty
            ? new Signature((int)parity, r, s)
            : throw new FormatException("signed transaction: there is no signature behind it");
    }

    /// <summary>The encoded fields, in their order.</summary>
    private protected abstract IEnumerable<byte[]> Fields();

    /// <summary>The list of the fields and the signature.</summary>
    private protected byte[] SignedBody(Signature signature) =>
        Rlp.EncodeList([.. Fields(), Rlp.Encode(signature.YParity), Rlp.Encode(signature.R), Rlp.Encode(signature.S)]);
}
