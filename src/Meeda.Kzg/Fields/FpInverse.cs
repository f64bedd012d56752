using System.Numerics;
using System.Runtime.CompilerServices;

namespace Meeda.Kzg.Fields;

/// <summary>
/// The inverse modulo <c>p</c> of plain limbs by the binary extended Euclidean algorithm, 31 steps at a time on the top and bottom bits of both numbers
/// (Pornin, "Optimized Binary GCD for Modular Inversion", eprint 2020/972). Takes as long as the value makes it take.
/// </summary>
internal static unsafe class FpInverse
{
    private const int LimbCount = 6;
    private const int SignedLimbCount = LimbCount + 1;
    private const int StepsPerRound = 31;

    // Each round shortens the two numbers, together 762 bits at first, by at least 31 bits: ceil((2·381 - 1)/31) rounds.
    private const int Rounds = 25;

    private const ulong LowBits = (1UL << StepsPerRound) - 1;

    // -p^-1 mod 2^64, and p.
    private const ulong Inverse64 = 0x89f3fffcfffcfffd;

    private static ReadOnlySpan<ulong> Modulus =>
        [0xb9feffffffffaaab, 0x1eabfffeb153ffff, 0x6730d2a0f6b0f624, 0x64774b84f38512bf, 0x4b1ba7b6434bacd7, 0x1a0111ea397fe69a];

    /// <summary>Writes the inverse, below <c>p</c>, of a value below <c>p</c>; that of 0 is 0.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Invert(ReadOnlySpan<ulong> value, Span<ulong> inverse)
    {
        // Invariant: a = u·value and b = v·value modulo p; a ends at 0, b at 1.
        ulong* a = stackalloc ulong[LimbCount];
        ulong* b = stackalloc ulong[LimbCount];
        ulong* u = stackalloc ulong[SignedLimbCount];
        ulong* v = stackalloc ulong[SignedLimbCount];
        ulong* nextU = stackalloc ulong[SignedLimbCount];
        ulong* nextV = stackalloc ulong[SignedLimbCount];
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
            long f0 = 1, g0 = 0, f1 = 0, g1 = 1;
            for (int step = 0; step < StepsPerRound; step++)
            {
                // a odd: subtract the smaller from the greater; then halve a.
                ulong odd = 0 - (aBits & 1);
                ulong swap = aBits < bBits ? odd : 0;
                ulong bits = (aBits ^ bBits) & swap;
                aBits ^= bits;
                bBits ^= bits;
                long f = (f0 ^ f1) & (long)swap;
                f0 ^= f;
                f1 ^= f;
                long g = (g0 ^ g1) & (long)swap;
                g0 ^= g;
                g1 ^= g;
                aBits -= bBits & odd;
                f0 -= f1 & (long)odd;
                g0 -= g1 & (long)odd;
                aBits >>= 1;
                f1 <<= 1;
                g1 <<= 1;
            }

            bool negativeA = Combine(a, b, f0, g0, nextU);
            bool negativeB = Combine(a, b, f1, g1, nextV);
            new ReadOnlySpan<ulong>(nextU, LimbCount).CopyTo(new Span<ulong>(a, LimbCount));
            new ReadOnlySpan<ulong>(nextV, LimbCount).CopyTo(new Span<ulong>(b, LimbCount));
            (f0, g0) = negativeA ? (-f0, -g0) : (f0, g0);
            (f1, g1) = negativeB ? (-f1, -g1) : (f1, g1);
            CombineModulo(u, v, f0, g0, nextU);
            CombineModulo(u, v, f1, g1, nextV);
            new ReadOnlySpan<ulong>(nextU, SignedLimbCount).CopyTo(new Span<ulong>(u, SignedLimbCount));
            new ReadOnlySpan<ulong>(nextV, SignedLimbCount).CopyTo(new Span<ulong>(v, SignedLimbCount));
        }

        Normalise(v, nextV);
        new ReadOnlySpan<ulong>(v, LimbCount).CopyTo(inverse);
    }

    // The lowest 31 and the highest 33 bits of both numbers, aligned to the longer; the whole where both fit 64 bits.
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

    // |a·f + b·g|/2^31, and whether the sum is negative.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static bool Combine(ulong* a, ulong* b, long f, long g, ulong* result)
    {
        Int128 carry = 0;
        ulong previous = 0;
        for (int i = 0; i < LimbCount; i++)
        {
            Int128 sum = carry + Multiply(a[i], f) + Multiply(b[i], g);
            ulong low = (ulong)sum;
            carry = sum >> 64;
            if (i > 0)
            {
                result[i - 1] = (previous >> StepsPerRound) | (low << (64 - StepsPerRound));
            }

            previous = low;
        }

        ulong top = (ulong)carry;
        result[LimbCount - 1] = (previous >> StepsPerRound) | (top << (64 - StepsPerRound));
        if ((long)top >= 0)
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

    // (u·f + v·g)/2^31 modulo p on seven signed limbs, with the multiple of p that makes the division exact.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void CombineModulo(ulong* u, ulong* v, long f, long g, ulong* result)
    {
        ulong* sum = stackalloc ulong[SignedLimbCount];
        Int128 carry = 0;
        for (int i = 0; i < LimbCount; i++)
        {
            Int128 limb = carry + Multiply(u[i], f) + Multiply(v[i], g);
            sum[i] = (ulong)limb;
            carry = limb >> 64;
        }

        sum[LimbCount] = (ulong)(carry + ((Int128)(long)u[LimbCount] * f) + ((Int128)(long)v[LimbCount] * g));
        long quotient = (long)((sum[0] * Inverse64) & LowBits);
        if (quotient >= 1L << (StepsPerRound - 1))
        {
            quotient -= 1L << StepsPerRound;
        }

        carry = 0;
        ulong previous = 0;
        for (int i = 0; i < SignedLimbCount; i++)
        {
            Int128 limb = i < LimbCount ? carry + (Int128)(UInt128)sum[i] + Multiply(Modulus[i], quotient) : carry + (long)sum[LimbCount];
            ulong low = (ulong)limb;
            carry = limb >> 64;
            if (i > 0)
            {
                result[i - 1] = (previous >> StepsPerRound) | (low << (64 - StepsPerRound));
            }

            previous = low;
        }

        result[LimbCount] = (ulong)((long)previous >> StepsPerRound);
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

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Int128 Multiply(ulong a, long b)
    {
        ulong high = Math.BigMul(a, (ulong)b, out ulong low);
        return new Int128(high - (a & (ulong)(b >> 63)), low);
    }
}
