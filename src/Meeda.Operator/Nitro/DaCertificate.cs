using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;
using System.Text;
using Meeda.Ethereum;
using Meeda.Kzg.Commitments;
using Meeda.Kzg.Curves;
using Meeda.L1.Signing;
using Meeda.Protocol.Batches;

namespace Meeda.Operator.Nitro;

/// <summary>
/// The domain of a certificate: a chain trusts one validator contract and accepts certificates of one provider.
/// </summary>
/// <param name="Provider">The second byte, one for each DA system in a chain.</param>
/// <param name="ChainId">The id of the chain on which the validator contract is.</param>
/// <param name="Validator">The validator contract.</param>
internal sealed record CertificateDomain(byte Provider, ulong ChainId, Address Validator);

/// <summary>
/// A batch's certificate for Arbitrum Nitro's external DA: <c>0x01 ‖ provider ‖ 0x02 ‖ uint32 length ‖ uint64 chainId ‖
/// validator ‖ uint64 lastBlock ‖ C_0 … C_{n-1} ‖ r ‖ s ‖ v</c>. The signature, an EIP-191 one over the Keccak-256 of
/// all preceding bytes, is the operator's commitment to keep the batch up to the last block;
/// contracts/src/MeedaDAProofValidator.sol validates the same bytes by the same rules.
/// </summary>
internal sealed class DaCertificate
{
    /// <summary>Nitro's DA certificate flag, the first byte.</summary>
    public const byte Flag = 0x01;

    /// <summary>The bytes of the longest batch that a certificate may be for: those of 200 blobs.</summary>
    public const int MaxLength = (MaxBlobs * BlobEncoding.DataBytesPerBlob) - BlobEncoding.DataBytesPerElement;

    private const byte Version = 0x02;
    private const int ChainIdAt = 3 + sizeof(uint);
    private const int ValidatorAt = ChainIdAt + sizeof(ulong);
    private const int LastBlockAt = ValidatorAt + Address.Length;
    private const int HeaderLength = LastBlockAt + sizeof(ulong);
    private const int SignatureLength = 65;

    // The bytes that Nitro's machine reads at a time.
    private const int ReadLength = 32;

    // One transaction can judge no more commitments (EIP-7825).
    private const int MaxBlobs = 200;

    private readonly byte[] _encoded;

    private DaCertificate(byte[] encoded, Address signer)
    {
        _encoded = encoded;
        Signer = signer;
    }

    /// <summary>The payload's length in bytes.</summary>
    public uint PayloadLength => BinaryPrimitives.ReadUInt32BigEndian(_encoded.AsSpan(3));

    /// <summary>The last L1 block up to which the operator keeps the batch; 0 if the L1 height was unknown.</summary>
    public ulong LastBlock => BinaryPrimitives.ReadUInt64BigEndian(_encoded.AsSpan(LastBlockAt));

    /// <summary>The blobs' compressed commitments, 48 bytes each.</summary>
    public ReadOnlySpan<byte> Commitments =>
        _encoded.AsSpan(HeaderLength, _encoded.Length - HeaderLength - SignatureLength);

    /// <summary>The batch.</summary>
    public BatchId Batch => BatchId.Compute(PayloadLength, Commitments);

    /// <summary>The account that signed.</summary>
    public Address Signer { get; }

    /// <summary>The key by which Nitro's machine requests the batch: the Keccak-256 of the whole certificate.</summary>
    public Bytes32 Hash => Keccak256.Hash(_encoded);

    /// <summary>
    /// Whether Nitro's contracts can prove all reads of a batch of that length. The machine reads 32 bytes at a time
    /// until it gets fewer; at a multiple of 32 it reads nothing at the end, which its one-step prover refuses
    /// (<c>INVALID_CUSTOM_DA_RESPONSE</c>, nitro-contracts 3.2.0). And no transaction can judge more than 200 blobs.
    /// </summary>
    public static bool IsProvable(long payloadLength) => payloadLength % ReadLength != 0 && payloadLength <= MaxLength;

    /// <summary>The longest batch of at most so many bytes of which Nitro's contracts can prove all reads.</summary>
    public static long MaxProvable(long maxBytes)
    {
        long most = Math.Min(maxBytes, MaxLength);
        return IsProvable(most) ? most : most - 1;
    }

    /// <summary>Creates a certificate.</summary>
    /// <param name="domain">The chain and the contract that it is for.</param>
    /// <param name="payloadLength">The payload's length in bytes: at least 1 and not a multiple of 32.</param>
    /// <param name="lastBlock">The last L1 block up to which the operator keeps the batch; 0 if the L1 height is
    /// unknown.</param>
    /// <param name="commitments">The blobs' compressed commitments, 48 bytes each.</param>
    /// <param name="signer">The operator's key.</param>
    public static DaCertificate Sign(
        CertificateDomain domain,
        uint payloadLength,
        ulong lastBlock,
        ReadOnlySpan<byte> commitments,
        PrivateKeySigner signer
    )
    {
        var encoded = new byte[HeaderLength + commitments.Length + SignatureLength];
        encoded[0] = Flag;
        encoded[1] = domain.Provider;
        encoded[2] = Version;
        BinaryPrimitives.WriteUInt32BigEndian(encoded.AsSpan(3), payloadLength);
        BinaryPrimitives.WriteUInt64BigEndian(encoded.AsSpan(ChainIdAt), domain.ChainId);
        domain.Validator.CopyTo(encoded.AsSpan(ValidatorAt));
        BinaryPrimitives.WriteUInt64BigEndian(encoded.AsSpan(LastBlockAt), lastBlock);
        commitments.CopyTo(encoded.AsSpan(HeaderLength));
        signer.Sign(Digest(encoded)).ToArray().CopyTo(encoded, encoded.Length - SignatureLength);
        return new DaCertificate(encoded, signer.Address);
    }

    /// <summary>Decodes an untrusted certificate. The result depends only on its bytes.</summary>
    /// <param name="encoded">The bytes.</param>
    /// <param name="domain">The chain and the contract that it must be for.</param>
    /// <param name="certificate">The certificate, if the result is true.</param>
    /// <param name="error">The reason, if the result is false.</param>
    public static bool TryDecode(
        ReadOnlySpan<byte> encoded,
        CertificateDomain domain,
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

        error = WrongHeader(encoded, domain);
        if (error is not null)
        {
            return false;
        }

        byte[] copy = encoded.ToArray();
        if (!SignatureRecovery.TryRecover(Digest(copy), copy.AsSpan(copy.Length - SignatureLength), out Address signer))
        {
            error = "certificate: invalid secp256k1 signature";
            return false;
        }

        var decoded = new DaCertificate(copy, signer);
        for (int i = 0; i < decoded.Commitments.Length; i += KzgCommitment.Length)
        {
            if (!G1Point.TryDecode(decoded.Commitments.Slice(i, KzgCommitment.Length), out _))
            {
                error = $"certificate: commitment {i / KzgCommitment.Length} is not a point of the group";
                return false;
            }
        }

        certificate = decoded;
        error = null;
        return true;
    }

    /// <summary>The certificate's bytes.</summary>
    public byte[] ToArray() => [.. _encoded];

    private static string? WrongHeader(ReadOnlySpan<byte> encoded, CertificateDomain domain)
    {
        if (encoded[0] != Flag || encoded[1] != domain.Provider || encoded[2] != Version)
        {
            return $"certificate: it begins with 0x{Convert.ToHexStringLower(encoded[..3])}, not with "
                + $"0x{Flag:x2}{domain.Provider:x2}{Version:x2}";
        }

        long length = BinaryPrimitives.ReadUInt32BigEndian(encoded[3..]);
        long blobs =
            (length + BlobEncoding.DataBytesPerElement + BlobEncoding.DataBytesPerBlob - 1)
            / BlobEncoding.DataBytesPerBlob;
        if (length == 0 || encoded.Length != HeaderLength + (blobs * KzgCommitment.Length) + SignatureLength)
        {
            return $"certificate: {encoded.Length} bytes do not fit a batch of {length} bytes";
        }

        if (!IsProvable(length))
        {
            return $"certificate: {length} bytes are a multiple of {ReadLength}, whose end no one-step proof shows, or "
                + $"more than {MaxLength}";
        }

        ulong chainId = BinaryPrimitives.ReadUInt64BigEndian(encoded[ChainIdAt..]);
        var validator = Address.FromBytes(encoded.Slice(ValidatorAt, Address.Length));
        return chainId == domain.ChainId && validator == domain.Validator
            ? null
            : $"certificate: it is for validator {validator} on chain {chainId}, not for {domain.Validator} on chain "
                + $"{domain.ChainId}";
    }

    private static Bytes32 Digest(byte[] encoded)
    {
        Bytes32 inner = Keccak256.Hash(encoded.AsSpan(0, encoded.Length - SignatureLength));
        return Keccak256.Hash([
            .. Encoding.ASCII.GetBytes("\x19" + "Ethereum Signed Message:\n32"),
            .. inner.ToArray(),
        ]);
    }
}
