using System.Runtime.CompilerServices;
using Meeda.Kzg.Fields.Kernels;

namespace Meeda.Kzg.Curves;

/// <content>Elements of Fp6.</content>
internal sealed unsafe partial class Fp12Rows<TLanes>
{
    /// <summary>An element of Fp6: three rows.</summary>
    private readonly struct Fp6Row(in Fp2Row c0, in Fp2Row c1, in Fp2Row c2)
    {
        public readonly Fp2Row C0 = c0;
        public readonly Fp2Row C1 = c1;
        public readonly Fp2Row C2 = c2;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static Fp6Row Load(double* rows) =>
            new(Fp2Row.Load(rows), Fp2Row.Load(rows + Row), Fp2Row.Load(rows + (2 * Row)));

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public void Store(double* rows)
        {
            C0.Store(rows);
            C1.Store(rows + Row);
            C2.Store(rows + (2 * Row));
        }

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static Fp6Row operator +(in Fp6Row a, in Fp6Row b) => new(a.C0 + b.C0, a.C1 + b.C1, a.C2 + b.C2);

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static Fp6Row operator -(in Fp6Row a, in Fp6Row b) => new(a.C0 - b.C0, a.C1 - b.C1, a.C2 - b.C2);

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static Fp6Row operator -(in Fp6Row a) => new(-a.C0, -a.C1, -a.C2);

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public Fp6Row MultiplyByV() => new(C2.MultiplyByXi(), C0, C1);

        // Karatsuba with three terms, as in Fp6: sums of 17 and 18, 11 and 14, 8 and 12 normalised elements.
        public static void Ask(Fp2Products<TLanes> products, in Fp6Row a, in Fp6Row b)
        {
            products.Multiply(a.C0, b.C0);
            products.Multiply(a.C1, b.C1);
            products.Multiply(a.C2, b.C2);
            products.Multiply(a.C1 + a.C2, b.C1 + b.C2);
            products.Multiply(a.C0 + a.C1, b.C0 + b.C1);
            products.Multiply(a.C0 + a.C2, b.C0 + b.C2);
        }

        public static Fp6Row Take(Fp2Products<TLanes> products)
        {
            Fp2Row v0 = products.TakeProduct(),
                v1 = products.TakeProduct(),
                v2 = products.TakeProduct();
            return new(
                v0 + (products.TakeProduct() - v1 - v2).MultiplyByXi(),
                products.TakeProduct() - v0 - v1 + v2.MultiplyByXi(),
                products.TakeProduct() - v0 - v2 + v1
            );
        }
    }
}
