using System.Buffers.Binary;
using Meeda.Kzg.Fields;

namespace Meeda.Kzg.Commitments;

/// <summary>
/// The layout of a blob (EIP-4844): 4096 elements of the scalar field, 32 bytes big-endian each, the values of a
/// polynomial of degree below 4096 on the
/// 4096th roots of unity in bit-reversed order. Blobs are plain bytes here; several are concatenated.
/// </summary>
public static class Blob
{
    /// <summary>Elements of a blob: <c>FIELD_ELEMENTS_PER_BLOB</c>.</summary>
    public const int ElementCount = Polynomials.EvaluationDomain.Size;

    /// <summary>Bytes of an element: <c>BYTES_PER_FIELD_ELEMENT</c>.</summary>
    public const int ElementLength = Fr.Length;

    /// <summary>Bytes of a blob: <c>BYTES_PER_BLOB</c>.</summary>
    public const int ByteLength = ElementCount * ElementLength;

    /// <summary>
    /// Whether the bytes are a whole number of blobs whose elements are all below the field's modulus.
    /// </summary>
    /// <param name="blobs">One blob, or several concatenated; nothing at all counts as no blobs.</param>
    public static bool IsCanonical(ReadOnlySpan<byte> blobs) =>
        blobs.Length % ByteLength == 0 && FindNonCanonical(blobs) < 0;

    /// <summary>Reads a blob's elements.</summary>
    /// <exception cref="KzgFormatException">The length is not that of a blob, or an element is not below the
    /// modulus.</exception>
    internal static Fr[] Decode(ReadOnlySpan<byte> blob)
    {
        var elements = new Fr[ElementCount];
        Decode(blob, elements);
        return elements;
    }

    /// <inheritdoc cref="Decode(ReadOnlySpan{byte})"/>
    internal static void Decode(ReadOnlySpan<byte> blob, Span<Fr> elements)
    {
        ThrowIfInvalid(blob);
        for (int i = 0; i < ElementCount; i++)
        {
            elements[i] = Fr.FromCanonical(blob.Slice(i * ElementLength, ElementLength));
        }
    }

    /// <summary>Checks a blob's length and elements.</summary>
    /// <exception cref="KzgFormatException">The length is not that of a blob, or an element is not below the
    /// modulus.</exception>
    internal static void ThrowIfInvalid(ReadOnlySpan<byte> blob)
    {
        if (blob.Length != ByteLength)
        {
            throw new KzgFormatException($"blob: {blob.Length} bytes, {ByteLength} are expected");
        }

        int element = FindNonCanonical(blob);
        if (element >= 0)
        {
            throw new KzgFormatException($"blob: element {element} is not below the field's modulus");
        }
    }

    /// <summary>The first element that is not below the modulus, or -1.</summary>
    /// <param name="blobs">Whole elements.</param>
    internal static int FindNonCanonical(ReadOnlySpan<byte> blobs)
    {
        for (int i = 0; i < blobs.Length / ElementLength; i++)
        {
            ReadOnlySpan<byte> element = blobs.Slice(i * ElementLength, ElementLength);

            // The first eight bytes decide, but once in 2^62 elements.
            if (BinaryPrimitives.ReadUInt64BigEndian(element) >= Fr.TopLimb && !Fr.IsCanonical(element))
            {
                return i;
            }
        }

        return -1;
    }
}
