using System.Buffers.Binary;
using System.Security.Cryptography;
using Meeda.Ethereum;
using Meeda.Kzg.Commitments;
using Meeda.Protocol.Batches;

namespace Meeda.Storage.Buckets;

/// <summary>
/// What an object says of itself behind its rows: which rows they are, and the labels of their batches. So a ledger
/// that lost its index finds them again (docs/storage.md, "What an object carries"). Objects of older versions end with
/// their last row.
/// </summary>
/// <param name="Rows">The rows in their order, the first at the object's first byte, each a blob long.</param>
/// <param name="Labels">The labels of their batches, as far as they were known.</param>
internal sealed record PackContents(
    IReadOnlyList<(BatchId Batch, int Row)> Rows,
    IReadOnlyDictionary<BatchId, byte[]> Labels
)
{
    /// <summary>The bytes at the object's end that say how long the whole is: its length, and a mark.</summary>
    public const int TrailerBytes = sizeof(uint) + MarkBytes;

    private const int MarkBytes = 8;
    private const uint Version = 1;
    private const int EntryBytes = Bytes32.Length + sizeof(uint);

    private static ReadOnlySpan<byte> Mark => "MEEDAPK1"u8;

    /// <summary>The form that stands behind the rows: body, its SHA-256, the body's length, the mark.</summary>
    public byte[] Encode()
    {
        int body =
            (3 * sizeof(uint)) + (Rows.Count * EntryBytes) + Labels.Sum(label => EntryBytes + label.Value.Length);
        var all = new byte[body + SHA256.HashSizeInBytes + TrailerBytes];
        Span<byte> rest = Put(all, Version);
        rest = Put(rest, (uint)Rows.Count);
        foreach ((BatchId batch, int row) in Rows)
        {
            batch.Value.ToArray().CopyTo(rest);
            rest = Put(rest[Bytes32.Length..], (uint)row);
        }

        rest = Put(rest, (uint)Labels.Count);
        foreach ((BatchId batch, byte[] label) in Labels)
        {
            batch.Value.ToArray().CopyTo(rest);
            rest = Put(rest[Bytes32.Length..], (uint)label.Length);
            label.CopyTo(rest);
            rest = rest[label.Length..];
        }

        SHA256.HashData(all.AsSpan(0, body), rest);
        rest = Put(rest[SHA256.HashSizeInBytes..], (uint)body);
        Mark.CopyTo(rest);
        return all;
    }

    // Of the largest object that is ever written, many times over: a length is believed before anything is read.
    private const int MostBytes = 16 << 20;

    /// <summary>How many bytes stand behind the rows, as the object's last bytes say.</summary>
    /// <param name="end">The object's last <see cref="TrailerBytes"/> bytes.</param>
    /// <param name="length">The object's length.</param>
    /// <returns>Null where there are none, or invalid ones: an older version's object, or half of one.</returns>
    public static int? LengthFrom(ReadOnlySpan<byte> end, long length)
    {
        if (!end[^MarkBytes..].SequenceEqual(Mark))
        {
            return null;
        }

        long all = (long)BinaryPrimitives.ReadUInt32BigEndian(end) + SHA256.HashSizeInBytes + TrailerBytes;
        return all <= Math.Min(length, MostBytes) && (length - all) % Blob.ByteLength == 0 ? (int)all : null;
    }

    /// <summary>Reads what stands behind the rows.</summary>
    /// <param name="all">All of it.</param>
    /// <param name="rowBytes">The bytes of the rows before it.</param>
    /// <returns>Null where it is damaged, or of another version.</returns>
    public static PackContents? TryDecode(ReadOnlySpan<byte> all, long rowBytes)
    {
        int length = all.Length - SHA256.HashSizeInBytes - TrailerBytes;
        if (
            length < 0
            || !SHA256.HashData(all[..length]).AsSpan().SequenceEqual(all.Slice(length, SHA256.HashSizeInBytes))
        )
        {
            return null;
        }

        ReadOnlySpan<byte> rest = all[..length];
        if (
            !TryTake(ref rest, out uint version)
            || version != Version
            || !TryTake(ref rest, out uint count)
            || rowBytes != (long)count * Blob.ByteLength
        )
        {
            return null;
        }

        var rows = new List<(BatchId, int)>();
        for (uint i = 0; i < count; i++)
        {
            if (!TryTake(ref rest, out BatchId batch) || !TryTake(ref rest, out uint row) || row > int.MaxValue)
            {
                return null;
            }

            rows.Add((batch, (int)row));
        }

        return TryTakeLabels(ref rest) is { } labels && rest.IsEmpty ? new PackContents(rows, labels) : null;
    }

    private static Dictionary<BatchId, byte[]>? TryTakeLabels(ref ReadOnlySpan<byte> rest)
    {
        if (!TryTake(ref rest, out uint count))
        {
            return null;
        }

        var labels = new Dictionary<BatchId, byte[]>();
        for (uint i = 0; i < count; i++)
        {
            if (!TryTake(ref rest, out BatchId batch) || !TryTake(ref rest, out uint length) || length > rest.Length)
            {
                return null;
            }

            labels[batch] = rest[..(int)length].ToArray();
            rest = rest[(int)length..];
        }

        return labels;
    }

    private static Span<byte> Put(Span<byte> destination, uint value)
    {
        BinaryPrimitives.WriteUInt32BigEndian(destination, value);
        return destination[sizeof(uint)..];
    }

    private static bool TryTake(ref ReadOnlySpan<byte> rest, out uint value)
    {
        value = 0;
        if (!BinaryPrimitives.TryReadUInt32BigEndian(rest, out value))
        {
            return false;
        }

        rest = rest[sizeof(uint)..];
        return true;
    }

    private static bool TryTake(ref ReadOnlySpan<byte> rest, out BatchId batch)
    {
        batch = default;
        if (rest.Length < Bytes32.Length)
        {
            return false;
        }

        batch = new BatchId(Bytes32.FromBytes(rest[..Bytes32.Length]));
        rest = rest[Bytes32.Length..];
        return true;
    }
}
