using System.Buffers.Binary;
using System.Security.Cryptography;
using Meeda.Ethereum;
using Meeda.Kzg.Commitments;
using Meeda.Protocol.Batches;
using Meeda.Protocol.Signatures;

namespace Meeda.Operator.Persistence;

/// <summary>
/// What stands beside the rows of a batch at its providers, so that a ledger which is older than the batch finds out
/// what was promised: length and hash of the payload, commitments, when, for whom and at whose cost. It is sealed with
/// the ledger's secret (HMAC-SHA256), so that no provider can make the operator keep, anchor or charge what it never
/// took; and bound to the batch's id.
/// </summary>
internal static class BatchLabel
{
    private const byte Version = 1;
    private const int PaymentAt = 1 + sizeof(uint) + Bytes32.Length + (2 * sizeof(long));
    private const int HeadBytes = PaymentAt + 1 + Address.Length;
    private const int SealBytes = HMACSHA256.HashSizeInBytes;
    private const long Nobody = -1;

    private enum Payment : byte
    {
        None = 0,
        ByLimit = 1,
        ByOrder = 2,
    }

    /// <summary>The label of a batch.</summary>
    /// <param name="batch">The batch, with the hash of its payload.</param>
    /// <param name="secret">The ledger's secret.</param>
    /// <returns>Empty where the batch is known from L1 alone: its payload's hash is not known then.</returns>
    public static byte[] Of(StoredBatch batch, ReadOnlySpan<byte> secret)
    {
        if (batch.PayloadHash == batch.Id.Value)
        {
            return [];
        }

        byte[] order = batch.Order?.Encode() ?? [];
        var label = new byte[HeadBytes + order.Length + batch.Commitments.Length + SealBytes];
        Span<byte> rest = label;
        rest[0] = Version;
        BinaryPrimitives.WriteUInt32BigEndian(rest[1..], batch.PayloadLength);
        rest = rest[(1 + sizeof(uint))..];
        batch.PayloadHash.ToArray().CopyTo(rest);
        rest = rest[Bytes32.Length..];
        BinaryPrimitives.WriteInt64BigEndian(rest, batch.StoredAt.ToUnixTimeMilliseconds());
        BinaryPrimitives.WriteInt64BigEndian(rest[sizeof(long)..], batch.Tenant ?? Nobody);
        rest = rest[(2 * sizeof(long))..];
        rest[0] = (byte)(
            batch.Payer is null ? Payment.None
            : batch.Order is null ? Payment.ByLimit
            : Payment.ByOrder
        );
        batch.Payer?.ToArray().CopyTo(rest[1..]);
        rest = rest[(1 + Address.Length)..];
        order.CopyTo(rest);
        rest = rest[order.Length..];
        batch.Commitments.CopyTo(rest);
        Seal(batch.Id, label.AsSpan()[..^SealBytes], secret).CopyTo(rest[batch.Commitments.Length..]);
        return label;
    }

    /// <summary>Reads the label of a batch.</summary>
    /// <returns>Null where it is damaged, was sealed by another ledger, or does not belong to that batch.</returns>
    public static StoredBatch? TryRead(BatchId id, ReadOnlySpan<byte> label, ReadOnlySpan<byte> secret)
    {
        int order = label.Length > HeadBytes && label[PaymentAt] == (byte)Payment.ByOrder ? SignedOrder.Length : 0;
        int commitments = label.Length - HeadBytes - order - SealBytes;
        if (
            commitments <= 0
            || commitments % KzgCommitment.Length != 0
            || label[0] != Version
            || !CryptographicOperations.FixedTimeEquals(Seal(id, label[..^SealBytes], secret), label[^SealBytes..])
        )
        {
            return null;
        }

        uint length = BinaryPrimitives.ReadUInt32BigEndian(label[1..]);
        ReadOnlySpan<byte> rest = label[(1 + sizeof(uint))..];
        Bytes32 hash = Bytes32.FromBytes(rest[..Bytes32.Length]);
        rest = rest[Bytes32.Length..];
        long storedAt = BinaryPrimitives.ReadInt64BigEndian(rest);
        long tenant = BinaryPrimitives.ReadInt64BigEndian(rest[sizeof(long)..]);
        rest = rest[(2 * sizeof(long))..];
        var batch = new StoredBatch(
            id,
            hash,
            length,
            label.Slice(HeadBytes + order, commitments).ToArray(),
            DateTimeOffset.FromUnixTimeMilliseconds(storedAt)
        )
        {
            Tenant = tenant == Nobody ? null : tenant,
            Payer = rest[0] == 0 ? null : Address.FromBytes(rest.Slice(1, Address.Length)),
            Order = order == 0 ? null : SignedOrder.Decode(label.Slice(HeadBytes, order)),
        };
        return BatchId.Compute(length, batch.Commitments) == id ? batch : null;
    }

    private static byte[] Seal(BatchId id, ReadOnlySpan<byte> content, ReadOnlySpan<byte> secret)
    {
        using var hash = IncrementalHash.CreateHMAC(HashAlgorithmName.SHA256, secret);
        hash.AppendData(id.Value.ToArray());
        hash.AppendData(content);
        return hash.GetHashAndReset();
    }
}
