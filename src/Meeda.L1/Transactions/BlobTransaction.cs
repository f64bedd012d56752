using System.Numerics;
using System.Security.Cryptography;
using Meeda.Ethereum;
using Meeda.L1.Rpc;
using Meeda.L1.Signing;
using Nethereum.Model;
using Nethereum.RLP;
using Signature = Meeda.L1.Signing.Signature;

namespace Meeda.L1.Transactions;

/// <summary>The blobs that travel beside a blob transaction, with what lets a node check them (EIP-7594).</summary>
/// <param name="Blobs">The blobs, 131,072 bytes each.</param>
/// <param name="Commitments">Their KZG commitments, 48 bytes each.</param>
/// <param name="CellProofs">The proofs of all 128 cells of each blob, 48 bytes each, blob by blob.</param>
public sealed record BlobSidecar(
    IReadOnlyList<byte[]> Blobs,
    IReadOnlyList<byte[]> Commitments,
    IReadOnlyList<byte[]> CellProofs
)
{
    /// <summary>The bytes of a blob: 4,096 field elements.</summary>
    public const int BlobLength = 131_072;

    /// <summary>The bytes of a commitment or a proof.</summary>
    public const int PointLength = 48;

    /// <summary>The cells of an extended blob, each with a proof.</summary>
    public const int CellsPerBlob = 128;

    private const byte KzgVersion = 0x01;

    /// <summary>
    /// The blobs' versioned hashes: <c>0x01 ‖ sha256(commitment)[1..]</c> (EIP-4844, <c>kzg_to_versioned_hash</c>).
    /// </summary>
    public IReadOnlyList<Bytes32> VersionedHashes() =>
        [.. Commitments.Select(commitment => VersionedHashOf(commitment))];

    /// <summary>The versioned hash of a commitment, 48 bytes, which is not checked to be a point.</summary>
    public static Bytes32 VersionedHashOf(ReadOnlySpan<byte> commitment) =>
        Bytes32.FromBytes([KzgVersion, .. SHA256.HashData(commitment).AsSpan(1)]);

    /// <summary>
    /// Whether there is one commitment and <see cref="CellsPerBlob"/> proofs for each blob, all of their right
    /// lengths. Says nothing of their truth.
    /// </summary>
    public bool IsWellFormed() =>
        Commitments.Count == Blobs.Count
        && CellProofs.Count == Blobs.Count * CellsPerBlob
        && Blobs.All(blob => blob.Length == BlobLength)
        && Commitments.Concat(CellProofs).All(point => point.Length == PointLength);
}

/// <summary>A transaction of type 3 (EIP-4844), which carries blobs.</summary>
/// <param name="ChainId">The chain (EIP-155).</param>
/// <param name="Nonce">Its place among the sender's.</param>
/// <param name="MaxPriorityFeePerGas">The tip, in wei for each gas.</param>
/// <param name="MaxFeePerGas">The maximum that is paid, base fee and tip, in wei for each gas.</param>
/// <param name="GasLimit">The most gas it may use.</param>
/// <param name="To">The called account; a blob transaction cannot create a contract.</param>
/// <param name="Value">The wei that go with it.</param>
/// <param name="Data">The calldata.</param>
/// <param name="MaxFeePerBlobGas">The maximum that is paid in wei for each blob gas.</param>
/// <param name="BlobVersionedHashes">The blobs' versioned hashes.</param>
public sealed record BlobTransaction(
    ulong ChainId,
    ulong Nonce,
    BigInteger MaxPriorityFeePerGas,
    BigInteger MaxFeePerGas,
    ulong GasLimit,
    Address To,
    BigInteger Value,
    byte[] Data,
    BigInteger MaxFeePerBlobGas,
    IReadOnlyList<Bytes32> BlobVersionedHashes
) : UnsignedTransaction
{
    /// <inheritdoc/>
    public override IReadOnlyDictionary<string, object?> ToJsonRpc(Address from) =>
        new Dictionary<string, object?>
        {
            ["from"] = from.ToString(),
            ["to"] = To.ToString(),
            ["gas"] = JsonFields.Quantity(GasLimit),
            ["maxFeePerGas"] = JsonFields.Quantity(MaxFeePerGas),
            ["maxPriorityFeePerGas"] = JsonFields.Quantity(MaxPriorityFeePerGas),
            ["value"] = JsonFields.Quantity(Value),
            ["nonce"] = JsonFields.Quantity(Nonce),
            ["data"] = JsonFields.Data(Data),
            ["chainId"] = JsonFields.Quantity(ChainId),
            ["accessList"] = Array.Empty<object>(),
            ["maxFeePerBlobGas"] = JsonFields.Quantity(MaxFeePerBlobGas),
            ["blobVersionedHashes"] = BlobVersionedHashes.Select(hash => hash.ToString()).ToArray(),
        };

    /// <summary>
    /// The signed transaction with its blobs, as the network takes it: <c>0x03 ‖ rlp([body, wrapper version, blobs,
    /// commitments, cell proofs])</c> (EIP-7594).
    /// </summary>
    /// <exception cref="ArgumentException">The sidecar is not well formed, or not that of this transaction.</exception>
    public byte[] SignWithSidecar(PrivateKeySigner signer, BlobSidecar sidecar) =>
        WithSidecar(signer.Sign(SigningHash()), sidecar);

    /// <summary>As <see cref="SignWithSidecar"/>, with a signature that was made elsewhere.</summary>
    /// <exception cref="ArgumentException">The sidecar is not well formed, or not that of this transaction.</exception>
    public byte[] WithSidecar(Signature signature, BlobSidecar sidecar)
    {
        if (!sidecar.IsWellFormed() || !sidecar.VersionedHashes().SequenceEqual(BlobVersionedHashes))
        {
            throw new ArgumentException(
                "the blobs, commitments and cell proofs are not those of this transaction",
                nameof(sidecar)
            );
        }

        return ((Model)Signed(signature)).Encode(sidecar);
    }

    private protected override SignedTypeTransaction ToModel() => new Model(this);

    /// <summary>The type that Nethereum 6.1 knows the number of and nothing else.</summary>
    private sealed class Model(BlobTransaction transaction) : SignedTypeTransaction
    {
        private const byte WrapperVersion = 1;

        public override TransactionType TransactionType => TransactionType.Blob;

        public override byte[] GetRLPEncoded() => [(byte)TransactionType, .. SignedBody()];

        public override byte[] GetRLPEncodedRaw() => [(byte)TransactionType, .. RLP.EncodeList([.. Fields()])];

        /// <summary>As the network takes it, with its blobs.</summary>
        public byte[] Encode(BlobSidecar sidecar) =>
            [
                (byte)TransactionType,
                .. RLP.EncodeList(
                    SignedBody(),
                    RLP.EncodeByte(WrapperVersion),
                    List(sidecar.Blobs),
                    List(sidecar.Commitments),
                    List(sidecar.CellProofs)
                ),
            ];

        private byte[] SignedBody()
        {
            List<byte[]> fields = Fields();
            RLPSignedDataEncoder.AddSignatureToEncodedData(Signature, fields);
            return RLP.EncodeList([.. fields]);
        }

        private List<byte[]> Fields() =>
            [
                RLP.EncodeElement(Digits(transaction.ChainId)),
                RLP.EncodeElement(Digits(transaction.Nonce)),
                RLP.EncodeElement(Digits(transaction.MaxPriorityFeePerGas)),
                RLP.EncodeElement(Digits(transaction.MaxFeePerGas)),
                RLP.EncodeElement(Digits(transaction.GasLimit)),
                RLP.EncodeElement(transaction.To.ToArray()),
                RLP.EncodeElement(Digits(transaction.Value)),
                RLP.EncodeElement(transaction.Data),
                RLP.EncodeList(),
                RLP.EncodeElement(Digits(transaction.MaxFeePerBlobGas)),
                List(transaction.BlobVersionedHashes.Select(hash => hash.ToArray())),
            ];

        private static byte[] List(IEnumerable<byte[]> items) => RLP.EncodeList([.. items.Select(RLP.EncodeElement)]);
    }
}
