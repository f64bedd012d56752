using System.Runtime.CompilerServices;

namespace Meeda.Kzg.Fields;

/// <content>Products, limb by limb.</content>
internal readonly partial struct Fp
{
    /// <summary>The product.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static Fp operator *(in Fp a, in Fp b)
    {
        // Montgomery multiplication with the reduction interleaved (CIOS; Koç, Acar, Kaliski, "Analyzing and
        // Comparing Montgomery Multiplication
        // Algorithms"). p's top limb leaves three bits free, so the running sum of every row fits six limbs and one
        // carry (gnark's observation).
        ulong b0 = b._0,
            b1 = b._1,
            b2 = b._2,
            b3 = b._3,
            b4 = b._4,
            b5 = b._5;
        ulong t0 = 0,
            t1 = 0,
            t2 = 0,
            t3 = 0,
            t4 = 0,
            t5 = 0;
        ref ulong limbs = ref Unsafe.AsRef(in a._0);
        for (int i = 0; i < 6; i++)
        {
            ulong limb = Unsafe.Add(ref limbs, i);
            ulong product = 0;
            ulong reduction = 0;
            t0 = Limbs.MultiplyAdd(t0, limb, b0, ref product);
            ulong m = t0 * Inverse64;
            Limbs.MultiplyAdd(t0, m, P0, ref reduction);
            t1 = Limbs.MultiplyAdd(t1, limb, b1, ref product);
            t0 = Limbs.MultiplyAdd(t1, m, P1, ref reduction);
            t2 = Limbs.MultiplyAdd(t2, limb, b2, ref product);
            t1 = Limbs.MultiplyAdd(t2, m, P2, ref reduction);
            t3 = Limbs.MultiplyAdd(t3, limb, b3, ref product);
            t2 = Limbs.MultiplyAdd(t3, m, P3, ref reduction);
            t4 = Limbs.MultiplyAdd(t4, limb, b4, ref product);
            t3 = Limbs.MultiplyAdd(t4, m, P4, ref reduction);
            t5 = Limbs.MultiplyAdd(t5, limb, b5, ref product);
            t4 = Limbs.MultiplyAdd(t5, m, P5, ref reduction);
            t5 = product + reduction;
        }

        return ReduceOnce(t0, t1, t2, t3, t4, t5);
    }

    /// <summary>The square.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public Fp Square()
    {
        // 1. Products of different limbs, each once.
        ulong carry = 0;
        ulong t1 = Limbs.MultiplyAdd(0, _0, _1, ref carry);
        ulong t2 = Limbs.MultiplyAdd(0, _0, _2, ref carry);
        ulong t3 = Limbs.MultiplyAdd(0, _0, _3, ref carry);
        ulong t4 = Limbs.MultiplyAdd(0, _0, _4, ref carry);
        ulong t5 = Limbs.MultiplyAdd(0, _0, _5, ref carry);
        ulong t6 = carry;
        carry = 0;
        t3 = Limbs.MultiplyAdd(t3, _1, _2, ref carry);
        t4 = Limbs.MultiplyAdd(t4, _1, _3, ref carry);
        t5 = Limbs.MultiplyAdd(t5, _1, _4, ref carry);
        t6 = Limbs.MultiplyAdd(t6, _1, _5, ref carry);
        ulong t7 = carry;
        carry = 0;
        t5 = Limbs.MultiplyAdd(t5, _2, _3, ref carry);
        t6 = Limbs.MultiplyAdd(t6, _2, _4, ref carry);
        t7 = Limbs.MultiplyAdd(t7, _2, _5, ref carry);
        ulong t8 = carry;
        carry = 0;
        t7 = Limbs.MultiplyAdd(t7, _3, _4, ref carry);
        t8 = Limbs.MultiplyAdd(t8, _3, _5, ref carry);
        ulong t9 = carry;
        carry = 0;
        t9 = Limbs.MultiplyAdd(t9, _4, _5, ref carry);
        ulong t10 = carry;

        // 2. Twice that, and the squares of the limbs.
        ulong t11 = t10 >> 63;
        t10 = (t10 << 1) | (t9 >> 63);
        t9 = (t9 << 1) | (t8 >> 63);
        t8 = (t8 << 1) | (t7 >> 63);
        t7 = (t7 << 1) | (t6 >> 63);
        t6 = (t6 << 1) | (t5 >> 63);
        t5 = (t5 << 1) | (t4 >> 63);
        t4 = (t4 << 1) | (t3 >> 63);
        t3 = (t3 << 1) | (t2 >> 63);
        t2 = (t2 << 1) | (t1 >> 63);
        t1 <<= 1;
        carry = 0;
        ulong t0 = Limbs.MultiplyAdd(0, _0, _0, ref carry);
        t1 = Limbs.AddCarry(t1, ref carry);
        t2 = Limbs.MultiplyAdd(t2, _1, _1, ref carry);
        t3 = Limbs.AddCarry(t3, ref carry);
        t4 = Limbs.MultiplyAdd(t4, _2, _2, ref carry);
        t5 = Limbs.AddCarry(t5, ref carry);
        t6 = Limbs.MultiplyAdd(t6, _3, _3, ref carry);
        t7 = Limbs.AddCarry(t7, ref carry);
        t8 = Limbs.MultiplyAdd(t8, _4, _4, ref carry);
        t9 = Limbs.AddCarry(t9, ref carry);
        t10 = Limbs.MultiplyAdd(t10, _5, _5, ref carry);
        t11 += carry;

        // 3. Montgomery reduction row by row; the carry out of row i belongs to limb i + 6.
        ulong top = 0;
        carry = 0;
        ulong m = t0 * Inverse64;
        Limbs.MultiplyAdd(t0, m, P0, ref carry);
        t1 = Limbs.MultiplyAdd(t1, m, P1, ref carry);
        t2 = Limbs.MultiplyAdd(t2, m, P2, ref carry);
        t3 = Limbs.MultiplyAdd(t3, m, P3, ref carry);
        t4 = Limbs.MultiplyAdd(t4, m, P4, ref carry);
        t5 = Limbs.MultiplyAdd(t5, m, P5, ref carry);
        t6 = Limbs.Add(t6, carry, ref top);
        carry = 0;
        m = t1 * Inverse64;
        Limbs.MultiplyAdd(t1, m, P0, ref carry);
        t2 = Limbs.MultiplyAdd(t2, m, P1, ref carry);
        t3 = Limbs.MultiplyAdd(t3, m, P2, ref carry);
        t4 = Limbs.MultiplyAdd(t4, m, P3, ref carry);
        t5 = Limbs.MultiplyAdd(t5, m, P4, ref carry);
        t6 = Limbs.MultiplyAdd(t6, m, P5, ref carry);
        t7 = Limbs.Add(t7, carry, ref top);
        carry = 0;
        m = t2 * Inverse64;
        Limbs.MultiplyAdd(t2, m, P0, ref carry);
        t3 = Limbs.MultiplyAdd(t3, m, P1, ref carry);
        t4 = Limbs.MultiplyAdd(t4, m, P2, ref carry);
        t5 = Limbs.MultiplyAdd(t5, m, P3, ref carry);
        t6 = Limbs.MultiplyAdd(t6, m, P4, ref carry);
        t7 = Limbs.MultiplyAdd(t7, m, P5, ref carry);
        t8 = Limbs.Add(t8, carry, ref top);
        carry = 0;
        m = t3 * Inverse64;
        Limbs.MultiplyAdd(t3, m, P0, ref carry);
        t4 = Limbs.MultiplyAdd(t4, m, P1, ref carry);
        t5 = Limbs.MultiplyAdd(t5, m, P2, ref carry);
        t6 = Limbs.MultiplyAdd(t6, m, P3, ref carry);
        t7 = Limbs.MultiplyAdd(t7, m, P4, ref carry);
        t8 = Limbs.MultiplyAdd(t8, m, P5, ref carry);
        t9 = Limbs.Add(t9, carry, ref top);
        carry = 0;
        m = t4 * Inverse64;
        Limbs.MultiplyAdd(t4, m, P0, ref carry);
        t5 = Limbs.MultiplyAdd(t5, m, P1, ref carry);
        t6 = Limbs.MultiplyAdd(t6, m, P2, ref carry);
        t7 = Limbs.MultiplyAdd(t7, m, P3, ref carry);
        t8 = Limbs.MultiplyAdd(t8, m, P4, ref carry);
        t9 = Limbs.MultiplyAdd(t9, m, P5, ref carry);
        t10 = Limbs.Add(t10, carry, ref top);
        carry = 0;
        m = t5 * Inverse64;
        Limbs.MultiplyAdd(t5, m, P0, ref carry);
        t6 = Limbs.MultiplyAdd(t6, m, P1, ref carry);
        t7 = Limbs.MultiplyAdd(t7, m, P2, ref carry);
        t8 = Limbs.MultiplyAdd(t8, m, P3, ref carry);
        t9 = Limbs.MultiplyAdd(t9, m, P4, ref carry);
        t10 = Limbs.MultiplyAdd(t10, m, P5, ref carry);
        t11 = Limbs.Add(t11, carry, ref top);

        return ReduceOnce(t6, t7, t8, t9, t10, t11);
    }
}
