using CsCheck;
using Meeda.Kzg.Commitments;
using Meeda.Protocol.Batches;
using Xunit;

namespace Meeda.Protocol.Tests.Batches;

public sealed class BlobEncodingTests
{
    private const int FirstBlobCapacity = BlobEncoding.DataBytesPerBlob - BlobEncoding.DataBytesPerElement;

    public static TheoryData<int, int> Boundaries =>
        new()
        {
            { 1, 1 },
            { 30, 1 },
            { 31, 1 },
            { 32, 1 },
            { FirstBlobCapacity - 1, 1 },
            { FirstBlobCapacity, 1 },
            { FirstBlobCapacity + 1, 2 },
            { FirstBlobCapacity + BlobEncoding.DataBytesPerBlob, 2 },
            { FirstBlobCapacity + BlobEncoding.DataBytesPerBlob + 1, 3 },
            { 16 * 1024 * 1024, 133 },
        };

    [Theory]
    [MemberData(nameof(Boundaries))]
    public void Encode_AtABoundary_RoundTripsInTheExpectedNumberOfBlobs(int length, int blobs)
    {
        byte[] payload = Payload(length);

        byte[] encoded = BlobEncoding.Encode(payload);

        Assert.Equal(blobs, BlobEncoding.BlobCount(length));
        Assert.Equal(blobs * Blob.ByteLength, encoded.Length);
        Assert.True(BlobEncoding.TryDecode(encoded, out byte[] decoded, out BlobDecodingError error), error.ToString());
        Assert.Equal(payload, decoded);
    }

    [Fact]
    public void Encode_EveryLengthAroundTheBoundaries_RoundTrips()
    {
        int[] boundaries = [1, 31, 62, FirstBlobCapacity, FirstBlobCapacity + BlobEncoding.DataBytesPerBlob];
        foreach (
            int length in boundaries
                .SelectMany(boundary => Enumerable.Range(boundary - 32, 65))
                .Where(length => length > 0)
        )
        {
            byte[] payload = Payload(length);
            Assert.True(
                BlobEncoding.TryDecode(BlobEncoding.Encode(payload), out byte[] decoded, out _),
                $"length {length}"
            );
            Assert.True(payload.AsSpan().SequenceEqual(decoded), $"length {length}");
        }
    }

    [Fact]
    public void Encode_AnyPayload_IsCanonicalAndRoundTrips() =>
        Gen
            .Byte.Array[1, 5_000]
            .Sample(
                payload =>
                {
                    byte[] encoded = BlobEncoding.Encode(payload);
                    return Blob.IsCanonical(encoded)
                        && BlobEncoding.TryDecode(encoded, out byte[] decoded, out _)
                        && decoded.AsSpan().SequenceEqual(payload);
                },
                iter: 200
            );

    [Fact]
    public void Encode_KnownPayload_HasTheSpecifiedBytes()
    {
        byte[] encoded = BlobEncoding.Encode(Enumerable.Range(1, 33).Select(i => (byte)i).ToArray());

        Assert.Equal(
            "0001000000210000000000000000000000000000000000000000000000000000",
            Convert.ToHexStringLower(encoded[..32])
        );
        Assert.Equal(
            "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f",
            Convert.ToHexStringLower(encoded[32..64])
        );
        Assert.Equal(
            "0020210000000000000000000000000000000000000000000000000000000000",
            Convert.ToHexStringLower(encoded[64..96])
        );
        Assert.False(encoded.AsSpan(96).ContainsAnyExcept((byte)0));
    }

    [Fact]
    public void TryDecode_AnyOneBitFlipped_NeverGivesThePayloadBack()
    {
        byte[] payload = Payload(3_000);
        byte[] encoded = BlobEncoding.Encode(payload);
        Gen.Int[0, (encoded.Length * 8) - 1]
            .Sample(
                bit =>
                {
                    byte[] damaged = [.. encoded];
                    damaged[bit / 8] ^= (byte)(1 << (bit % 8));
                    return !BlobEncoding.TryDecode(damaged, out byte[] decoded, out _)
                        || !decoded.AsSpan().SequenceEqual(payload);
                },
                iter: 2_000
            );
    }

    [Fact]
    public void TryDecode_WhateverDecodes_IsWhatEncodeWrites() =>
        (
            from payload in Gen.Byte.Array[1, 200]
            from position in Gen.Int[0, 400]
            from value in Gen.Byte
            select (payload, position, value)
        ).Sample(
            given =>
            {
                byte[] blobs = BlobEncoding.Encode(given.payload);
                blobs[given.position] = given.value;
                return !BlobEncoding.TryDecode(blobs, out byte[] decoded, out _)
                    || BlobEncoding.Encode(decoded).AsSpan().SequenceEqual(blobs);
            },
            iter: 2_000
        );

    [Fact]
    public void TryDecode_EachKindOfDamage_IsNamed()
    {
        AssertRefused(BlobDecodingError.NotWholeBlobs, _ => []);
        AssertRefused(BlobDecodingError.NotWholeBlobs, blobs => blobs[..^1]);
        AssertRefused(BlobDecodingError.NonZeroTopByte, blobs => With(blobs, 0, 1));
        AssertRefused(BlobDecodingError.UnknownVersion, blobs => With(blobs, 1, 2));
        AssertRefused(BlobDecodingError.LengthDoesNotFit, blobs => With(blobs, 2, 0x01));
        AssertRefused(BlobDecodingError.LengthDoesNotFit, blobs => With(blobs, 2, 0xff));
        AssertRefused(BlobDecodingError.LengthDoesNotFit, blobs => [.. blobs, .. new byte[Blob.ByteLength]]);
        AssertRefused(BlobDecodingError.LengthDoesNotFit, blobs => With(blobs, 5, 0));
        AssertRefused(BlobDecodingError.NonZeroPadding, blobs => With(blobs, 6, 1));
        AssertRefused(BlobDecodingError.NonZeroPadding, blobs => With(blobs, 31, 1));
        AssertRefused(BlobDecodingError.NonZeroTopByte, blobs => With(blobs, 32, 1));
        AssertRefused(BlobDecodingError.NonZeroPadding, blobs => With(blobs, 63, 1));
        AssertRefused(BlobDecodingError.NonZeroPadding, blobs => With(blobs, Blob.ByteLength - 1, 1));

        static byte[] With(byte[] blobs, int position, byte value)
        {
            blobs[position] = value;
            return blobs;
        }

        static void AssertRefused(BlobDecodingError expected, Func<byte[], byte[]> damage)
        {
            byte[] blobs = damage(BlobEncoding.Encode(Payload(9)));
            Assert.False(BlobEncoding.TryDecode(blobs, out byte[] payload, out BlobDecodingError error));
            Assert.Equal(expected, error);
            Assert.Empty(payload);
        }
    }

    [Theory]
    [InlineData(0)]
    [InlineData(BlobEncoding.MaxPayloadLength + 1)]
    public void BlobCount_OutsideTheLimits_Throws(int length) =>
        Assert.Throws<ArgumentOutOfRangeException>(() => BlobEncoding.BlobCount(length));

    private static byte[] Payload(int length)
    {
        var payload = new byte[length];
        new Random(length).NextBytes(payload);
        payload[^1] |= 1; // an all-zero tail would hide a wrong length
        return payload;
    }
}
