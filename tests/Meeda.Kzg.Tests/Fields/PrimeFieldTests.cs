using System.Numerics;
using CsCheck;
using Meeda.Kzg.Fields;

namespace Meeda.Kzg.Tests.Fields;

/// <summary>Both prime fields against System.Numerics.BigInteger.</summary>
public sealed class PrimeFieldTests
{
    private static readonly BigInteger P = Fp.Modulus;
    private static readonly BigInteger R = Fr.Modulus;

    [Fact]
    public void Modulus_BothFields_AreThoseOfTheCurve()
    {
        // p = (z-1)²(z⁴-z²+1)/3 + z and r = z⁴-z²+1 with z = -0xd201000000010000.
        BigInteger z = -new BigInteger(0xd201000000010000UL);
        Assert.Equal(BigInteger.Pow(z, 4) - (z * z) + 1, R);
        Assert.Equal((BigInteger.Pow(z - 1, 2) * R / 3) + z, P);
    }

    [Fact]
    public void Fp_Operations_AgreeWithIntegers() =>
        Gen.Select(Arbitrary.Integer(P, 48), Arbitrary.Integer(P, 48))
            .Sample(
                (a, b) =>
                {
                    Fp x = Fp.FromBigInteger(a);
                    Fp y = Fp.FromBigInteger(b);
                    return x.ToBigInteger() == a
                        && (x + y).ToBigInteger() == (a + b) % P
                        && (x - y).ToBigInteger() == (a - b + P) % P
                        && (-x).ToBigInteger() == (P - a) % P
                        && (x * y).ToBigInteger() == a * b % P
                        && x.Square().ToBigInteger() == a * a % P
                        && x.Double().ToBigInteger() == 2 * a % P
                        && x.IsLexicographicallyLargest() == (a > (P - 1) / 2)
                        && (x == y) == (a == b)
                        && x.IsZero == a.IsZero;
                }
            );

    [Fact]
    public void Fr_Operations_AgreeWithIntegers() =>
        Gen.Select(Arbitrary.Integer(R, 32), Arbitrary.Integer(R, 32))
            .Sample(
                (a, b) =>
                {
                    Fr x = Fr.FromBigInteger(a);
                    Fr y = Fr.FromBigInteger(b);
                    return x.ToBigInteger() == a
                        && (x + y).ToBigInteger() == (a + b) % R
                        && (x - y).ToBigInteger() == (a - b + R) % R
                        && (-x).ToBigInteger() == (R - a) % R
                        && (x * y).ToBigInteger() == a * b % R
                        && (x == y) == (a == b)
                        && x.IsZero == a.IsZero;
                }
            );

    [Fact]
    public void Inverse_AnyElement_AgreesWithIntegers()
    {
        Arbitrary
            .Integer(P, 48)
            .Sample(a => Fp.FromBigInteger(a).Inverse().ToBigInteger() == BigInteger.ModPow(a, P - 2, P), iter: 20);
        Arbitrary
            .Integer(R, 32)
            .Sample(a => Fr.FromBigInteger(a).Inverse().ToBigInteger() == BigInteger.ModPow(a, R - 2, R), iter: 20);
    }

    [Fact]
    public void Power_AnyExponent_AgreesWithIntegers()
    {
        Gen.Select(Arbitrary.Integer(P, 48), Arbitrary.Integer(P, 48))
            .Sample((a, e) => Fp.FromBigInteger(a).Power(e).ToBigInteger() == BigInteger.ModPow(a, e, P), iter: 20);
        Gen.Select(Arbitrary.Integer(R, 32), Arbitrary.Integer(R, 32))
            .Sample((a, e) => Fr.FromBigInteger(a).Power(e).ToBigInteger() == BigInteger.ModPow(a, e, R), iter: 20);
    }

    [Fact]
    public void InvertAll_WithZeros_InvertsTheOthers()
    {
        Arbitrary
            .Fp.Array[0, 9]
            .Sample(
                elements =>
                {
                    Fp[] inverted = [.. elements];
                    Fp.InvertAll(inverted, new Fp[elements.Length]);
                    Assert.Equal(elements.Select(element => element.Inverse()), inverted);
                },
                iter: 20
            );
        Arbitrary
            .Fr.Array[0, 9]
            .Sample(
                elements =>
                {
                    Fr[] inverted = [.. elements];
                    Fr.InvertAll(inverted, new Fr[elements.Length]);
                    Assert.Equal(elements.Select(element => element.Inverse()), inverted);
                },
                iter: 20
            );
    }

    [Fact]
    public void TrySquareRoot_AnyElement_FindsRootsOfSquaresOnly() =>
        Arbitrary
            .Integer(P, 48)
            .Sample(
                a =>
                {
                    bool found = Fp.FromBigInteger(a).TrySquareRoot(out Fp root);
                    bool isSquare = BigInteger.ModPow(a, (P - 1) / 2, P) <= 1;
                    return found == isSquare && (!found || root.Square().ToBigInteger() == a);
                },
                iter: 40
            );

    [Fact]
    public void TryDecode_AnyBytes_AcceptsExactlyTheCanonical()
    {
        Gen.OneOf(Gen.Byte.Array[48], Nearby(P, 48))
            .Sample(bytes =>
            {
                var value = new BigInteger(bytes, isUnsigned: true, isBigEndian: true);
                bool decoded = Fp.TryDecode(bytes, out Fp element);
                var encoded = new byte[Fp.Length];
                element.Encode(encoded);
                return decoded == (value < P) && encoded.AsSpan().SequenceEqual(decoded ? bytes : new byte[Fp.Length]);
            });
        Gen.OneOf(Gen.Byte.Array[32], Nearby(R, 32))
            .Sample(bytes =>
            {
                var value = new BigInteger(bytes, isUnsigned: true, isBigEndian: true);
                bool decoded = Fr.TryDecode(bytes, out Fr element);
                return decoded == (value < R)
                    && element.ToArray().AsSpan().SequenceEqual(decoded ? bytes : new byte[Fr.Length])
                    && Fr.Reduce(bytes).ToBigInteger() == value % R;
            });
    }

    [Fact]
    public void TryDecode_OtherLengths_AreRefused()
    {
        Assert.False(Fr.TryDecode(new byte[31], out _));
        Assert.False(Fr.TryDecode(new byte[33], out _));
        Assert.Throws<KzgFormatException>(() => Fr.Reduce(new byte[33]));
    }

    [Fact]
    public void PlainLimbs_AnyElement_RoundTrip()
    {
        Arbitrary.Fp.Sample(element =>
        {
            var limbs = new ulong[6];
            element.CopyPlainLimbsTo(limbs);
            return Fp.FromPlainLimbs(limbs) == element
                && (BigInteger)limbs[0] == (element.ToBigInteger() & ulong.MaxValue);
        });
        Arbitrary.Fr.Sample(element =>
        {
            var limbs = new ulong[4];
            element.CopyPlainLimbsTo(limbs);
            return (((((((BigInteger)limbs[3] << 64) | limbs[2]) << 64) | limbs[1]) << 64) | limbs[0])
                == element.ToBigInteger();
        });
    }

    [Fact]
    public void FromUInt_SmallNumbers_AreThemselves()
    {
        Gen.ULong.Sample(value => Fr.FromUInt64(value).ToBigInteger() == value);
        Gen.Select(Gen.ULong, Gen.ULong)
            .Sample((high, low) => Fr.FromUInt128(new UInt128(high, low)).ToBigInteger() == new UInt128(high, low));
        Assert.Equal("0x" + new string('0', 63) + "7", Fr.FromUInt64(7).ToString());
    }

    [Fact]
    public void ReduceLimbs_UpToEightLimbs_AgreesWithIntegers() =>
        Gen.OneOf(Gen.ULong, Arbitrary.AnyOf(0UL, ulong.MaxValue))
            .Array[0, 8]
            .Sample(limbs =>
                Fr.ReduceLimbs(limbs).ToBigInteger()
                == limbs.Reverse().Aggregate(BigInteger.Zero, (value, limb) => (value << 64) | limb) % R
            );

    private static Gen<byte[]> Nearby(BigInteger modulus, int length) =>
        Gen.Int[-3, 3]
            .Select(offset =>
            {
                byte[] bytes = (modulus + offset).ToByteArray(isUnsigned: true, isBigEndian: true);
                return (byte[])[.. new byte[length - bytes.Length], .. bytes];
            });
}
