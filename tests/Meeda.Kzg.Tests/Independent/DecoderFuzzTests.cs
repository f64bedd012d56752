using CsCheck;
using Meeda.Kzg.Cells;
using Meeda.Kzg.Commitments;
using Meeda.Kzg.Curves;
using Meeda.Kzg.Fields;

namespace Meeda.Kzg.Tests.Independent;

/// <summary>
/// Every decoder on mutated encodings: it never fails but with <see cref="KzgFormatException"/>, and what it accepts
/// encodes to the same bytes.
/// </summary>
public sealed class DecoderFuzzTests
{
    private static readonly byte[] Modulus = Kzg.Fields.Fr.Modulus.ToByteArray(isUnsigned: true, isBigEndian: true);

    private static readonly Gen<byte[]> G1 = Gen.OneOf(
        Arbitrary.G1.Select(point => KzgCommitment.From(point).ToArray()),
        Arbitrary.CurvePoint.Select(Encode)
    );

    [Fact]
    public void Commitment_AnyBytes_IsRefusedOrCanonical() =>
        Fuzz(
            G1,
            600,
            bytes => KzgCommitment.TryDecode(bytes, out KzgCommitment c) ? c.ToArray() : null,
            bytes => KzgCommitment.Decode(bytes).ToArray()
        );

    [Fact]
    public void Proof_AnyBytes_IsRefusedOrCanonical() =>
        Fuzz(
            G1,
            600,
            bytes => KzgProof.TryDecode(bytes, out KzgProof proof) ? proof.ToArray() : null,
            bytes => KzgProof.Decode(bytes).ToArray()
        );

    [Fact]
    public void Commitments_AnyBytes_AreRefusedOrCanonical() =>
        Fuzz(
            Lists(G1),
            150,
            null,
            bytes => [.. KzgCommitment.DecodeAll(bytes).SelectMany(commitment => commitment.ToArray())]
        );

    [Fact]
    public void Proofs_AnyBytes_AreRefusedOrCanonical() =>
        Fuzz(Lists(G1), 150, null, bytes => [.. KzgProof.DecodeAll(bytes).SelectMany(proof => proof.ToArray())]);

    [Fact]
    public void KnownPoint_AnyBytes_IsRefusedOrCanonical() =>
        Fuzz(
            G1,
            600,
            bytes => G1Point.TryDecodeKnown(bytes, out G1Point point) ? KzgCommitment.From(point).ToArray() : null,
            null
        );

    [Fact]
    public void PaddedPoint_AnyBytes_IsRefusedOrCanonical() =>
        Fuzz(
            Arbitrary.G1.Select(Padded),
            600,
            bytes => G1Point.TryDecodePadded(bytes, out G1Point point) ? Padded(point) : null,
            null
        );

    [Fact]
    public void PointOfG2_AnyBytes_IsRefusedOrCanonical() =>
        Fuzz(
            Arbitrary.CurvePoint2.Select(Encode),
            100,
            bytes => G2Affine.TryDecode(bytes, out G2Affine point) ? Encode(point) : null,
            null
        );

    [Fact]
    public void Scalar_AnyBytes_IsRefusedOrCanonical() =>
        Fuzz(
            Gen.OneOf(Arbitrary.Fr.Select(scalar => scalar.ToArray()), Gen.Const(Modulus)),
            3000,
            bytes => Fr.TryDecode(bytes, out Fr scalar) ? scalar.ToArray() : null,
            null
        );

    [Fact]
    public void Cells_AnyBytes_AreRefusedOrCanonical() =>
        Fuzz(
            Arbitrary
                .Fr.Select(scalar => scalar.ToArray())
                .Array[Cell.ElementCount]
                .Select(scalars => scalars.SelectMany(bytes => bytes).ToArray()),
            300,
            null,
            bytes => [.. Cell.Decode(bytes, 1).SelectMany(scalar => scalar.ToArray())]
        );

    [Fact]
    public void Blob_AnyBytes_IsRefusedOrAllItsElementsAreScalars() =>
        Gen.Select(Arbitrary.Blob, Mutations)
            .Sample(
                (blob, mutations) =>
                {
                    byte[] bytes = Mutate(blob, mutations);
                    bool expected =
                        bytes.Length % Blob.ByteLength == 0
                        && bytes.Chunk(Blob.ElementLength).All(element => Fr.TryDecode(element, out _));
                    Assert.Equal(expected, Blob.IsCanonical(bytes));
                    if (!expected || bytes.Length != Blob.ByteLength)
                    {
                        Assert.Throws<KzgFormatException>(() => Blob.ThrowIfInvalid(bytes));
                    }
                },
                iter: 60
            );

    [Fact]
    public void Verification_AnyBytes_AnswersOrRefuses() =>
        Gen.Select(G1, Arbitrary.Fr, Mutations, Mutations, Mutations)
            .Sample(
                (point, scalar, first, second, third) =>
                {
                    byte[] commitment = Mutate(point, first),
                        z = Mutate(scalar.ToArray(), second),
                        proof = Mutate(point, third);
                    Accept(() => Keys.Verification.VerifyProof(commitment, z, z, proof));
                    Accept(() => Keys.CellVerifier.VerifyCellKzgProofBatch(commitment, [new CellIndex(3)], z, proof));
                },
                iter: 300
            );

    private static readonly Gen<(int Kind, int Place, byte Value)[]> Mutations = Gen.Select(
        Gen.Int[0, 6],
        Gen.Int[0, 1 << 20],
        Gen.Byte
    ).Array[0, 4];

    private static void Fuzz(
        Gen<byte[]> encodings,
        int iterations,
        Func<byte[], byte[]?>? tryDecode,
        Func<byte[], byte[]>? decode
    ) =>
        Gen.Select(encodings, Mutations)
            .Sample(
                (encoding, mutations) =>
                {
                    byte[] bytes = Mutate(encoding, mutations);
                    byte[]? tried = tryDecode?.Invoke(bytes);
                    Assert.True(tried is null || tried.AsSpan().SequenceEqual(bytes));
                    if (decode is not null)
                    {
                        byte[]? decoded = null;
                        Accept(() => decoded = decode(bytes));
                        Assert.True(decoded is null || decoded.AsSpan().SequenceEqual(bytes));
                        Assert.True(tryDecode is null || decoded is null == tried is null);
                    }
                },
                iter: iterations
            );

    private static void Accept(Action action)
    {
        try
        {
            action();
        }
        catch (KzgFormatException)
        {
            // The one failure that is allowed.
        }
    }

    // A bit, a byte, a byte inserted or taken out, the end cut off, flags of a point, the modulus written over.
    private static byte[] Mutate(byte[] encoding, (int Kind, int Place, byte Value)[] mutations)
    {
        List<byte> bytes = [.. encoding];
        foreach ((int kind, int place, byte value) in mutations)
        {
            if (bytes.Count == 0)
            {
                break;
            }

            int at = place % bytes.Count;
            switch (kind)
            {
                case 0:
                    bytes[at] ^= (byte)(1 << (value % 8));
                    break;
                case 1:
                    bytes[at] = value;
                    break;
                case 2:
                    bytes.Insert(at, value);
                    break;
                case 3:
                    bytes.RemoveAt(at);
                    break;
                case 4:
                    bytes.RemoveRange(at, bytes.Count - at);
                    break;
                case 5:
                    bytes[0] ^= (byte)(value & 0xe0);
                    break;
                default:
                    int start = at & ~31;
                    for (int i = 0; i < Modulus.Length && start + i < bytes.Count; i++)
                    {
                        bytes[start + i] = Modulus[i];
                    }

                    break;
            }
        }

        return [.. bytes];
    }

    private static Gen<byte[]> Lists(Gen<byte[]> points) =>
        points.Array[0, 12].Select(list => list.SelectMany(bytes => bytes).ToArray());

    private static byte[] Padded(G1Point point)
    {
        var bytes = new byte[G1Point.PaddedLength];
        point.EncodePadded(bytes);
        return bytes;
    }

    private static byte[] Encode(G1Affine point)
    {
        var bytes = new byte[G1Point.CompressedLength];
        point.Encode(bytes);
        return bytes;
    }

    private static byte[] Encode(G2Affine point)
    {
        var bytes = new byte[G2Affine.CompressedLength];
        point.Encode(bytes);
        return bytes;
    }
}
