using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics.X86;

namespace Meeda.Kzg.Fields;

/// <summary>Single-limb steps of multi-precision arithmetic on 64-bit limbs, least significant first.</summary>
internal static class Limbs
{
    /// <summary>
    /// <c>accumulator + a·b + carry</c>: the low limb is returned, the high one left in <paramref name="carry"/>.
    /// Never overflows.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ulong MultiplyAdd(ulong accumulator, ulong a, ulong b, ref ulong carry)
    {
        // The halves apart stay in registers; asked for in one call, the low one goes through memory. The carry comes
        // last: it is what the next step waits for.
        ulong low = a * b;
        ulong high = MultiplyHigh(a, b);
        low += accumulator;
        high += low < accumulator ? 1UL : 0UL;
        low += carry;
        high += low < carry ? 1UL : 0UL;
        carry = high;
        return low;
    }

    /// <summary>The high limb of <c>a·b</c>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ulong MultiplyHigh(ulong a, ulong b) =>
        Bmi2.X64.IsSupported ? Bmi2.X64.MultiplyNoFlags(a, b) : Math.BigMul(a, b, out _);

    /// <summary><c>a + b + carry</c> with the carry out (0 or 1) in <paramref name="carry"/>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ulong Add(ulong a, ulong b, ref ulong carry)
    {
        ulong sum = a + b;
        ulong next = sum < a ? 1UL : 0UL;
        sum += carry;
        next += sum < carry ? 1UL : 0UL;
        carry = next;
        return sum;
    }

    /// <summary>
    /// <c>a + carry</c> for a whole limb of carry, with the carry out (0 or 1) in <paramref name="carry"/>.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ulong AddCarry(ulong a, ref ulong carry)
    {
        ulong sum = a + carry;
        carry = sum < carry ? 1UL : 0UL;
        return sum;
    }

    /// <summary><c>a - b - borrow</c> with the borrow out (0 or 1) in <paramref name="borrow"/>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ulong Subtract(ulong a, ulong b, ref ulong borrow)
    {
        ulong difference = a - b;
        ulong next = a < b ? 1UL : 0UL;
        ulong result = difference - borrow;
        next |= difference < borrow ? 1UL : 0UL;
        borrow = next;
        return result;
    }

    /// <summary><paramref name="a"/> where the mask is all ones, <paramref name="b"/> where it is 0.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ulong Select(ulong mask, ulong a, ulong b) => b ^ ((a ^ b) & mask);

    /// <summary>The limbs of a number that is not negative, as few as hold it.</summary>
    public static ulong[] FromBigInteger(BigInteger value)
    {
        var limbs = new ulong[(value.GetBitLength() + 63) / 64];
        for (int i = 0; i < limbs.Length; i++)
        {
            limbs[i] = (ulong)((value >> (64 * i)) & ulong.MaxValue);
        }

        return limbs;
    }
}
