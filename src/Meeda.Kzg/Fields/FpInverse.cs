using System.Numerics;
using System.Runtime.CompilerServices;

namespace Meeda.Kzg.Fields;

/// <summary>
/// The inverse modulo <c>p</c> of plain limbs by the binary extended Euclidean algorithm, 30 steps at a time on the
/// top and bottom bits of both numbers
/// (Pornin, "Optimized Binary GCD for Modular Inversion", eprint 2020/972). Takes as long as the value makes it take.
/// </summary>
internal static unsafe class FpInverse
{
    private const int LimbCount = 6;
    private const int SignedLimbCount = LimbCount + 1;
    private const int StepsPerRound = 30;

    // Each round shortens the two numbers, together 762 bits at first, by at least 30 bits: ceil((2·381 - 1)/30)
    // rounds.
    private const int Rounds = 26;

    private const ulong LowBits = (1UL << StepsPerRound) - 1;

    // -p^-1 mod 2^64
    private const ulong Inverse64 = 0x89f3fffcfffcfffd;

    /// <summary>The limbs of <c>p</c>.</summary>
    internal static ReadOnlySpan<ulong> Modulus =>
        [
            0xb9feffffffffaaab,
            0x1eabfffeb153ffff,
            0x6730d2a0f6b0f624,
            0x64774b84f38512bf,
            0x4b1ba7b6434bacd7,
            0x1a0111ea397fe69a,
        ];

    /// <summary>Writes the inverse, below <c>p</c>, of a value below <c>p</c>; that of 0 is 0.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Invert(ReadOnlySpan<ulong> value, Span<ulong> inverse)
    {
        // Invariant: a = u·value and b = v·value modulo p; a ends at 0, b at 1. Each has a place for what it is next.
        const int Place = 8;
        ulong* memory = stackalloc ulong[8 * Place];
        ulong* a = memory,
            nextA = a + Place,
            b = nextA + Place,
            nextB = b + Place;
        ulong* u = nextB + Place,
            nextU = u + Place,
            v = nextU + Place,
            nextV = v + Place;
        if (!value.ContainsAnyExcept(0UL))
        {
            inverse.Clear();
            return;
        }

        value[..LimbCount].CopyTo(new Span<ulong>(a, LimbCount));
        Modulus.CopyTo(new Span<ulong>(b, LimbCount));
        new Span<ulong>(u, SignedLimbCount).Clear();
        new Span<ulong>(v, SignedLimbCount).Clear();
        u[0] = 1;
        for (int round = 0; round < Rounds; round++)
        {
            (ulong aBits, ulong bBits) = Approximate(a, b);
            (ulong factors0, ulong factors1) = Factors(aBits, bBits);
            (long f0, long g0) = Unpack(factors0);
            (long f1, long g1) = Unpack(factors1);
            bool negativeA = Combine(a, b, f0, g0, nextA);
            bool negativeB = Combine(a, b, f1, g1, nextB);
            (f0, g0) = negativeA ? (-f0, -g0) : (f0, g0);
            (f1, g1) = negativeB ? (-f1, -g1) : (f1, g1);
            CombineModulo(u, v, f0, g0, nextU);
            CombineModulo(u, v, f1, g1, nextV);

            // By pointers: a copy of what was just written limb by limb would wait for it.
            ulong* swap = a;
            a = nextA;
            nextA = swap;
            swap = b;
            b = nextB;
            nextB = swap;
            swap = u;
            u = nextU;
            nextU = swap;
            swap = v;
            v = nextV;
            nextV = swap;
        }

        Normalise(v, nextV);
        new ReadOnlySpan<ulong>(v, LimbCount).CopyTo(inverse);
    }

    // The factors (f0, g0) and (f1, g1) by which 30 steps make a·f0 + b·g0 and a·f1 + b·g1, times 2^30, of a and b: f
    // + 2^32·g each, of magnitude at most 2^29.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static (ulong Factors0, ulong Factors1) Factors(ulong a, ulong b)
    {
        ulong factors0 = 1;
        ulong factors1 = 1UL << 32;
        int steps = StepsPerRound;
        while (true)
        {
            // Halve a while it is even; then both are odd: subtract the smaller from the greater, by masks, as a
            // branch would be taken every other time.
            int zeros = BitOperations.TrailingZeroCount(a | (1UL << steps));
            a >>= zeros;
            factors1 <<= zeros;
            steps -= zeros;
            if (steps == 0)
            {
                break;
            }

            ulong smaller = a < b ? 1UL : 0UL;
            ulong swap = 0 - smaller;
            ulong bits = (a ^ b) & swap;
            ulong factors = (factors0 ^ factors1) & swap;
            a ^= bits;
            b ^= bits;
            factors0 ^= factors;
            factors1 ^= factors;
            a -= b;
            factors0 -= factors1;
        }

        return (factors0, factors1);
    }

    private static (long F, long G) Unpack(ulong factors)
    {
        long f = (int)factors;
        return (f, (long)(factors - (ulong)f) >> 32);
    }

    // The lowest 30 and the highest 34 bits of both numbers, aligned to the longer; the whole where both fit 64 bits.
    private static (ulong A, ulong B) Approximate(ulong* a, ulong* b)
    {
        int top = LimbCount - 1;
        while (top > 0 && (a[top] | b[top]) == 0)
        {
            top--;
        }

        if (top == 0)
        {
            return (a[0], b[0]);
        }

        int shift = BitOperations.LeadingZeroCount(a[top] | b[top]);
        ulong aTop = shift == 0 ? a[top] : (a[top] << shift) | (a[top - 1] >> (64 - shift));
        ulong bTop = shift == 0 ? b[top] : (b[top] << shift) | (b[top - 1] >> (64 - shift));
        return ((a[0] & LowBits) | (aTop & ~LowBits), (b[0] & LowBits) | (bTop & ~LowBits));
    }

    // |a·f + b·g|/2^30, and whether the sum is negative.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static bool Combine(ulong* a, ulong* b, long f, long g, ulong* result)
    {
        ulong low = 0;
        long high = 0;
        ulong previous = 0;
        for (int i = 0; i < LimbCount; i++)
        {
            AddProduct(ref low, ref high, a[i], f);
            AddProduct(ref low, ref high, b[i], g);
            if (i > 0)
            {
                result[i - 1] = (previous >> StepsPerRound) | (low << (64 - StepsPerRound));
            }

            previous = low;
            low = (ulong)high;
            high >>= 63;
        }

        result[LimbCount - 1] = (previous >> StepsPerRound) | (low << (64 - StepsPerRound));
        if ((long)low >= 0)
        {
            return false;
        }

        ulong increment = 1;
        for (int i = 0; i < LimbCount; i++)
        {
            result[i] = ~result[i] + increment;
            increment = increment != 0 && result[i] == 0 ? 1UL : 0UL;
        }

        return true;
    }

    // (u·f + v·g)/2^30 modulo p on seven signed limbs, with the multiple of p that makes the division exact: of
    // magnitude at most 2^29.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void CombineModulo(ulong* u, ulong* v, long f, long g, ulong* result)
    {
        long quotient = (long)((((u[0] * (ulong)f) + (v[0] * (ulong)g)) * Inverse64) & LowBits);
        if (quotient >= 1L << (StepsPerRound - 1))
        {
            quotient -= 1L << StepsPerRound;
        }

        ulong low = 0;
        long high = 0;
        ulong previous = 0;
        for (int i = 0; i < LimbCount; i++)
        {
            AddProduct(ref low, ref high, u[i], f);
            AddProduct(ref low, ref high, v[i], g);
            AddProduct(ref low, ref high, Modulus[i], quotient);
            if (i > 0)
            {
                result[i - 1] = (previous >> StepsPerRound) | (low << (64 - StepsPerRound));
            }

            previous = low;
            low = (ulong)high;
            high >>= 63;
        }

        // The top limbs are small, and so is their sum.
        low += (u[LimbCount] * (ulong)f) + (v[LimbCount] * (ulong)g);
        result[LimbCount - 1] = (previous >> StepsPerRound) | (low << (64 - StepsPerRound));
        result[LimbCount] = (ulong)((long)low >> StepsPerRound);
    }

    // high:low += a·b, in two's complement.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void AddProduct(ref ulong low, ref long high, ulong a, long b)
    {
        ulong product = a * (ulong)b;
        low += product;
        high += (long)(Limbs.MultiplyHigh(a, (ulong)b) - (a & (ulong)(b >> 63))) + (low < product ? 1 : 0);
    }

    // Brings a signed value of a few times p into [0, p).
    private static void Normalise(ulong* value, ulong* scratch)
    {
        while ((long)value[LimbCount] < 0)
        {
            AddModulus(value, value, 1);
        }

        while (true)
        {
            AddModulus(value, scratch, -1);
            if ((long)scratch[LimbCount] < 0)
            {
                return;
            }

            new ReadOnlySpan<ulong>(scratch, SignedLimbCount).CopyTo(new Span<ulong>(value, SignedLimbCount));
        }
    }

    private static void AddModulus(ulong* value, ulong* result, int sign)
    {
        Int128 carry = 0;
        for (int i = 0; i < SignedLimbCount; i++)
        {
            carry += (Int128)(UInt128)value[i] + (i < LimbCount ? sign * (Int128)(UInt128)Modulus[i] : 0);
            result[i] = (ulong)carry;
            carry >>= 64;
        }
    }
}
