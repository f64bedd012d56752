using System.Numerics;
using CsCheck;
using Meeda.Kzg.Curves;
using Meeda.Kzg.Fields;

namespace Meeda.Kzg.Tests;

/// <summary>
/// Generators of field elements that meet the edges (0, 1, the modulus's neighbours, full limbs) as often as the
/// middle.
/// </summary>
internal static class Arbitrary
{
    public static readonly Gen<Fr> Fr = Integer(Kzg.Fields.Fr.Modulus, 32).Select(Kzg.Fields.Fr.FromBigInteger);

    public static readonly Gen<Fp> Fp = Integer(Kzg.Fields.Fp.Modulus, 48).Select(Kzg.Fields.Fp.FromBigInteger);

    public static readonly Gen<Fp2> Fp2 = Gen.Select(Fp, Fp, (a, b) => new Fp2(a, b));

    public static readonly Gen<Fp6> Fp6 = Gen.Select(Fp2, Fp2, Fp2, (a, b, c) => new Fp6(a, b, c));

    public static readonly Gen<Fp12> Fp12 = Gen.Select(Fp6, Fp6, (a, b) => new Fp12(a, b));

    public static readonly Gen<UInt128> UInt128 = Gen.Select(
        Gen.OneOf(Gen.ULong, AnyOf(0UL, ulong.MaxValue)),
        Gen.OneOf(Gen.ULong, AnyOf(0UL, 1UL, ulong.MaxValue)),
        (high, low) => new UInt128(high, low)
    );

    /// <summary>Blobs of every density: zeros, one value repeated, or a value of its own in every element.</summary>
    public static readonly Gen<byte[]> Blob = Gen.Select(Gen.Int[0, 2], Gen.ULong, Fr)
        .Select(
            (kind, seed, value) =>
            {
                var blob = new byte[Kzg.Commitments.Blob.ByteLength];
                Fr current = value;
                Fr factor = kind == 2 ? Kzg.Fields.Fr.FromUInt64(seed) : Kzg.Fields.Fr.One;
                for (int i = 0; i < Kzg.Commitments.Blob.ElementCount && kind > 0; i++)
                {
                    current.Encode(blob.AsSpan(i * Kzg.Commitments.Blob.ElementLength));
                    current *= factor;
                }

                return blob;
            }
        );

    /// <summary>Points of G1 with any Z coordinate, the one at infinity among them.</summary>
    public static readonly Gen<G1Point> G1 = Gen.Frequency(
        (
            9,
            Gen.Select(
                Fr,
                Gen.ULong,
                (a, b) => G1Point.Generator.Multiply(a) + G1Point.Generator.Multiply(Kzg.Fields.Fr.FromUInt64(b))
            )
        ),
        (1, Gen.Const(G1Point.Infinity))
    );

    /// <summary>Points of G1's curve, most of them outside the subgroup.</summary>
    public static readonly Gen<G1Affine> CurvePoint = Fp.Select(x =>
            (X: x, IsSquare: ((x.Square() * x) + Kzg.Fields.Fp.FromBigInteger(4)).TrySquareRoot(out Fp y), Y: y)
        )
        .Where(found => found.IsSquare)
        .Select(found => new G1Affine(found.X, found.Y));

    /// <summary>Points of G2's curve, most of them outside the subgroup.</summary>
    public static readonly Gen<G2Affine> CurvePoint2 = Fp2.Select(x =>
            (
                X: x,
                IsSquare: ((x.Square() * x) + (Kzg.Fields.Fp2.Xi * Kzg.Fields.Fp.FromBigInteger(4))).TrySquareRoot(
                    out Fp2 y
                ),
                Y: y
            )
        )
        .Where(found => found.IsSquare)
        .Select(found => new G2Affine(found.X, found.Y));

    /// <summary>Integers in <c>[0, modulus)</c>.</summary>
    public static Gen<BigInteger> Integer(BigInteger modulus, int bytes)
    {
        Gen<BigInteger> uniform = Gen
            .Byte.Array[bytes]
            .Select(value => new BigInteger(value, isUnsigned: true) % modulus);
        Gen<BigInteger> edges = Gen.Select(
            AnyOf(
                BigInteger.Zero,
                modulus,
                modulus / 2,
                BigInteger.One << 64,
                BigInteger.One << 192,
                (BigInteger.One << (8 * bytes)) % modulus
            ),
            Gen.Int[-2, 2],
            (value, offset) => ((value + offset) % modulus + modulus) % modulus
        );
        Gen<BigInteger> fullLimbs = AnyOf(0UL, ulong.MaxValue, 1UL << 63, 1UL)
            .Array[bytes / 8]
            .Select(limbs => limbs.Aggregate(BigInteger.Zero, (value, limb) => (value << 64) | limb) % modulus);
        return Gen.Frequency((4, uniform), (2, edges), (2, fullLimbs));
    }

    /// <summary>One of the values given.</summary>
    public static Gen<T> AnyOf<T>(params T[] values) => Gen.Int[0, values.Length - 1].Select(index => values[index]);
}
