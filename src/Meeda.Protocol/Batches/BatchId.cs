using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;
using Meeda.Ethereum;
using Meeda.Kzg.Commitments;

namespace Meeda.Protocol.Batches;

/// <summary>
/// The name of a batch: <c>keccak256(0x01 ‖ uint32 payloadLength ‖ C_0 ‖ … ‖ C_{n-1})</c> (docs/protocol.md, "Batch
/// id").
/// It binds every byte of the payload, and its length, through the blobs' KZG commitments.
/// </summary>
/// <param name="Value">The 32 bytes.</param>
public readonly record struct BatchId(Bytes32 Value) : IParsable<BatchId>
{
    private const byte Version = 0x01;
    private const int PrefixLength = 1 + sizeof(uint);

    /// <summary>Computes the id of a batch.</summary>
    /// <param name="payloadLength">The payload's length in bytes.</param>
    /// <param name="commitments">The blobs' compressed commitments, 48 bytes each, in order.</param>
    /// <exception cref="ArgumentException">The commitments are not a whole number of 48-byte strings, or
    /// none.</exception>
    public static BatchId Compute(uint payloadLength, ReadOnlySpan<byte> commitments)
    {
        if (commitments.IsEmpty || commitments.Length % KzgCommitment.Length != 0)
        {
            throw new ArgumentException(
                $"commitments: {commitments.Length} bytes are not a whole number of 48-byte commitments",
                nameof(commitments)
            );
        }

        var preimage = new byte[PrefixLength + commitments.Length];
        preimage[0] = Version;
        BinaryPrimitives.WriteUInt32BigEndian(preimage.AsSpan(1), payloadLength);
        commitments.CopyTo(preimage.AsSpan(PrefixLength));
        return new BatchId(Keccak256.Hash(preimage));
    }

    /// <summary>Reads 64 hex digits, with or without <c>0x</c>.</summary>
    /// <param name="s">The text.</param>
    /// <param name="provider">Not used.</param>
    /// <exception cref="FormatException">It is something else.</exception>
    public static BatchId Parse(string s, IFormatProvider? provider = null) => new(Bytes32.Parse(s, provider));

    /// <summary>Reads 64 hex digits, as <see cref="Parse"/> does; false where that would throw.</summary>
    public static bool TryParse([NotNullWhen(true)] string? s, IFormatProvider? provider, out BatchId result)
    {
        bool isId = Bytes32.TryParse(s, out Bytes32 value);
        result = new BatchId(value);
        return isId;
    }

    /// <summary>The id as <c>0x</c> and 64 lower-case hex digits.</summary>
    public override string ToString() => Value.ToString();
}
