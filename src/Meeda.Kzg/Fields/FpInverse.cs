using System.Numerics;
using System.Runtime.CompilerServices;

namespace Meeda.Kzg.Fields;

/// <summary>
/// Inversion modulo <c>p</c> by the binary GCD on approximations (Pornin, "Optimized Binary GCD for Modular Inversion", eprint 2020/972): 25 rounds of 31 steps on the
/// leading and trailing bits, each applied to the whole numbers at once. Not constant-time.
/// </summary>
internal static class FpInverse
{
    private const int Limbs = 6;
    private const int StepsPerRound = 31;

    // 25 · 31 steps are more than the 2 · 381 - 1 that the algorithm can need.
    private const int Rounds = 25;

    // -p^-1 mod 2^64
    private const ulong NegativeInverse = 0x89f3fffcfffcfffd;

    private static ReadOnlySpan<ulong> Modulus => [0xb9feffffffffaaab, 0x1eabfffeb153ffff, 0x6730d2a0f6b0f624, 0x64774b84f38512bf, 0x4b1ba7b6434bacd7, 0x1a0111ea397fe69a];

    /// <summary>Replaces a plain (not Montgomery) value by its inverse; 0 stays 0.</summary>
    /// <param name="value">Six limbs, least significant first, below <c>p</c>.</param>
    public static void Invert(Span<ulong> value)
    {
        // a and b shrink to 0 and 1 while a = u·value and b = v·value modulo p.
        Span<ulong> a = stackalloc ulong[Limbs];
        Span<ulong> b = stackalloc ulong[Limbs];
        Span<ulong> u = stackalloc ulong[Limbs + 1];
        Span<ulong> v = stackalloc ulong[Limbs + 1];
        Span<ulong> next = stackalloc ulong[Limbs + 1];
        Span<ulong> other = stackalloc ulong[Limbs + 1];
        value.CopyTo(a);
        Modulus.CopyTo(b);
        u.Clear();
        v.Clear();
        u[0] = 1;
        for (int round = 0; round < Rounds; round++)
        {
            (long f0, long g0, long f1, long g1) = Steps(a, b);
            bool negatedA = Combine(a, b, f0, g0, next);
            bool negatedB = Combine(a, b, f1, g1, other);
            next[..Limbs].CopyTo(a);
            other[..Limbs].CopyTo(b);
            (f0, g0) = negatedA ? (-f0, -g0) : (f0, g0);
            (f1, g1) = negatedB ? (-f1, -g1) : (f1, g1);
            CombineModulo(u, v, f0, g0, next);
            CombineModulo(u, v, f1, g1, other);
            next.CopyTo(u);
            other.CopyTo(v);
        }

        Normalize(v);
        v[..Limbs].CopyTo(value);
    }

    /// <summary>31 steps on 64-bit approximations: the low 31 bits and the 33 leading ones of both.</summary>
    private static (long F0, long G0, long F1, long G1) Steps(ReadOnlySpan<ulong> a, ReadOnlySpan<ulong> b)
    {
        int top = Limbs - 1;
        while (top > 0 && (a[top] | b[top]) == 0)
        {
            top--;
        }

        (ulong x, ulong y) = top == 0 ? (a[0], b[0]) : (Approximate(a, b, top), Approximate(b, a, top));
        long f0 = 1, g0 = 0, f1 = 0, g1 = 1;
        for (int step = 0; step < StepsPerRound; step++)
        {
            ulong odd = 0 - (x & 1);
            ulong swap = x < y ? odd : 0;
            ulong difference = (x ^ y) & swap;
            x ^= difference;
            y ^= difference;
            long f = (f0 ^ f1) & (long)swap;
            f0 ^= f;
            f1 ^= f;
            long g = (g0 ^ g1) & (long)swap;
            g0 ^= g;
            g1 ^= g;
            x -= y & odd;
            f0 -= f1 & (long)odd;
            g0 -= g1 & (long)odd;
            x >>= 1;
            f1 <<= 1;
            g1 <<= 1;
        }

        return (f0, g0, f1, g1);
    }

    private static ulong Approximate(ReadOnlySpan<ulong> number, ReadOnlySpan<ulong> partner, int top)
    {
        int shift = BitOperations.LeadingZeroCount(number[top] | partner[top]);
        ulong leading = shift == 0 ? number[top] : (number[top] << shift) | (number[top - 1] >> (64 - shift));
        return (number[0] & 0x7fffffff) | ((leading >> 31) << 31);
    }

    /// <summary><c>|a·f + b·g| / 2^31</c>, which divides exactly; whether the sum was negative.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static bool Combine(ReadOnlySpan<ulong> a, ReadOnlySpan<ulong> b, long f, long g, Span<ulong> result)
    {
        Int128 carry = 0;
        ulong previous = 0;
        for (int i = 0; i < Limbs; i++)
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
        result[Limbs - 1] = (previous >> StepsPerRound) | (top << (64 - StepsPerRound));
        if ((long)top >= 0)
        {
            return false;
        }

        ulong one = 1;
        for (int i = 0; i < Limbs; i++)
        {
            ulong flipped = ~result[i];
            ulong negated = flipped + one;
            one = negated < flipped ? 1UL : 0UL;
            result[i] = negated;
        }

        return true;
    }

    /// <summary><c>(u·f + v·g) / 2^31 mod p</c> on signed numbers of seven limbs, a few times <c>p</c> at most.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void CombineModulo(ReadOnlySpan<ulong> u, ReadOnlySpan<ulong> v, long f, long g, Span<ulong> result)
    {
        Span<ulong> sum = stackalloc ulong[Limbs + 1];
        Int128 carry = 0;
        for (int i = 0; i < Limbs; i++)
        {
            Int128 x = carry + Multiply(u[i], f) + Multiply(v[i], g);
            sum[i] = (ulong)x;
            carry = x >> 64;
        }

        carry += ((Int128)(long)u[Limbs] * f) + ((Int128)(long)v[Limbs] * g);
        sum[Limbs] = (ulong)carry;

        // The multiple of p, between -2^30 and 2^30, that makes the sum divisible.
        long q = (long)((sum[0] * NegativeInverse) & 0x7fffffff);
        q = q >= 0x40000000 ? q - 0x80000000L : q;
        carry = 0;
        ulong previous = 0;
        for (int i = 0; i <= Limbs; i++)
        {
            Int128 x = carry + (i < Limbs ? (Int128)(UInt128)sum[i] + Multiply(Modulus[i], q) : (Int128)(long)sum[i]);
            ulong low = (ulong)x;
            carry = x >> 64;
            if (i > 0)
            {
                result[i - 1] = (previous >> StepsPerRound) | (low << (64 - StepsPerRound));
            }

            previous = low;
        }

        result[Limbs] = (ulong)((long)previous >> StepsPerRound);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Int128 Multiply(ulong a, long f)
    {
        ulong high = Math.BigMul(a, (ulong)f, out ulong low);
        return new Int128(high - (a & (ulong)(f >> 63)), low);
    }

    /// <summary>Brings a signed number into <c>[0, p)</c>.</summary>
    private static void Normalize(Span<ulong> number)
    {
        while ((long)number[Limbs] < 0)
        {
            ulong carry = 0;
            for (int i = 0; i <= Limbs; i++)
            {
                number[i] = Fields.Limbs.Add(number[i], i < Limbs ? Modulus[i] : 0, ref carry);
            }
        }

        Span<ulong> reduced = stackalloc ulong[Limbs + 1];
        while (true)
        {
            ulong borrow = 0;
            for (int i = 0; i <= Limbs; i++)
            {
                reduced[i] = Fields.Limbs.Subtract(number[i], i < Limbs ? Modulus[i] : 0, ref borrow);
            }

            if (borrow != 0)
            {
                return;
            }

            reduced.CopyTo(number);
        }
    }
}
