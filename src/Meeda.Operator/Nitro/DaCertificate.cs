using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;
using System.Numerics;
using System.Text;
using Meeda.Ethereum;
using Meeda.Kzg.Commitments;
using Meeda.L1.Signing;
using Meeda.Protocol.Batches;

namespace Meeda.Operator.Nitro;

/// <summary>
/// A batch's certificate for Arbitrum Nitro's external DA: <c>0x01 ‖ provider ‖ 0x01 ‖ uint32 length ‖ C_0 … C_{n-1}
/// ‖ r ‖ s ‖ v</c>. All between the
/// provider byte and the signature is the preimage of the batch id. The signature, an EIP-191 one over the Keccak-256
/// of all before it, is the
/// operator's promise to keep the batch; contracts/src/MeedaDAProofValidator.sol judges the same bytes by the same
/// rules.
/// </summary>
internal sealed class DaCertificate
{
    /// <summary>Nitro's DA certificate flag, the first byte.</summary>
    public const byte Flag = 0x01;

    private const byte Version = 0x01;
    private const int HeaderLength = 3 + sizeof(uint);
    private const int SignatureLength = 65;

    private readonly byte[] _encoded;

    private DaCertificate(byte[] encoded, Address signer)
    {
        _encoded = encoded;
        Signer = signer;
    }

    /// <summary>The payload's bytes.</summary>
    public uint PayloadLength => BinaryPrimitives.ReadUInt32BigEndian(_encoded.AsSpan(3));

    /// <summary>The blobs' compressed commitments, 48 bytes each.</summary>
    public ReadOnlySpan<byte> Commitments =>
        _encoded.AsSpan(HeaderLength, _encoded.Length - HeaderLength - SignatureLength);

    /// <summary>The batch.</summary>
    public BatchId Batch => BatchId.Compute(PayloadLength, Commitments);

    /// <summary>Who signed.</summary>
    public Address Signer { get; }

    /// <summary>What Nitro's machine asks for the batch by: the Keccak-256 of the whole certificate.</summary>
    public Bytes32 Hash => Keccak256.Hash(_encoded);

    /// <summary>Makes a certificate.</summary>
    /// <param name="provider">The second byte, one for each DA system in a chain.</param>
    /// <param name="payloadLength">The payload's bytes, at least 1.</param>
    /// <param name="commitments">The blobs' compressed commitments, 48 bytes each.</param>
    /// <param name="signer">Who promises to keep it.</param>
    public static DaCertificate Sign(
        byte provider,
        uint payloadLength,
        ReadOnlySpan<byte> commitments,
        PrivateKeySigner signer
    )
    {
        var encoded = new byte[HeaderLength + commitments.Length + SignatureLength];
        encoded[0] = Flag;
        encoded[1] = provider;
        encoded[2] = Version;
        BinaryPrimitives.WriteUInt32BigEndian(encoded.AsSpan(3), payloadLength);
        commitments.CopyTo(encoded.AsSpan(HeaderLength));
        Signature signature = signer.Sign(Digest(encoded));
        Span<byte> tail = encoded.AsSpan(encoded.Length - SignatureLength);
        Write(signature.R, tail[..32]);
        Write(signature.S, tail[32..64]);
        tail[64] = (byte)(27 + signature.YParity);
        return new DaCertificate(encoded, signer.Address);
    }

    /// <summary>Decodes an untrusted certificate. The answer depends on its bytes alone.</summary>
    /// <param name="encoded">The bytes.</param>
    /// <param name="provider">The provider byte that it must carry.</param>
    /// <param name="certificate">The certificate, where the result is true.</param>
    /// <param name="error">One message, where the result is false.</param>
    public static bool TryDecode(
        ReadOnlySpan<byte> encoded,
        byte provider,
        [NotNullWhen(true)] out DaCertificate? certificate,
        [NotNullWhen(false)] out string? error
    )
    {
        certificate = null;
        if (encoded.Length < HeaderLength + KzgCommitment.Length + SignatureLength)
        {
            error = $"certificate: {encoded.Length} bytes are too few";
            return false;
        }

        if (encoded[0] != Flag || encoded[1] != provider || encoded[2] != Version)
        {
            error =
                $"certificate: it begins with 0x{Convert.ToHexStringLower(encoded[..3])}, not with "
                + $"0x{Flag:x2}{provider:x2}{Version:x2}";
            return false;
        }

        long length = BinaryPrimitives.ReadUInt32BigEndian(encoded[3..]);
        long blobs =
            (length + BlobEncoding.DataBytesPerElement + BlobEncoding.DataBytesPerBlob - 1)
            / BlobEncoding.DataBytesPerBlob;
        if (length == 0 || encoded.Length != HeaderLength + (blobs * KzgCommitment.Length) + SignatureLength)
        {
            error = $"certificate: {encoded.Length} bytes do not fit a batch of {length} bytes";
            return false;
        }

        byte[] copy = encoded.ToArray();
        if (!SignatureRecovery.TryRecover(Digest(copy), copy.AsSpan(copy.Length - SignatureLength), out Address signer))
        {
            error = "certificate: invalid secp256k1 signature";
            return false;
        }

        certificate = new DaCertificate(copy, signer);
        error = null;
        return true;
    }

    /// <summary>The certificate's bytes.</summary>
    public byte[] ToArray() => [.. _encoded];

    private static Bytes32 Digest(byte[] encoded)
    {
        Bytes32 inner = Keccak256.Hash(encoded.AsSpan(0, encoded.Length - SignatureLength));
        return Keccak256.Hash([
            .. Encoding.ASCII.GetBytes("\x19" + "Ethereum Signed Message:\n32"),
            .. inner.ToArray(),
        ]);
    }

    private static void Write(BigInteger value, Span<byte> bigEndian)
    {
        byte[] digits = value.ToByteArray(isUnsigned: true, isBigEndian: true);
        bigEndian.Clear();
        digits.CopyTo(bigEndian[(bigEndian.Length - digits.Length)..]);
    }
}
