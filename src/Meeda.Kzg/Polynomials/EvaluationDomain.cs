using System.Numerics;
using Meeda.Kzg.Fields;

namespace Meeda.Kzg.Polynomials;

/// <summary>
/// Roots of unity of the scalar field and the order in which blobs list them: element <c>i</c> of a blob is the value
/// at <c>ω^brp(i)</c>, <c>brp</c> reversing
/// the bits of the index (consensus-specs <c>compute_roots_of_unity</c>, <c>bit_reversal_permutation</c>).
/// </summary>
internal static class EvaluationDomain
{
    /// <summary>Values that make a polynomial: consensus-specs <c>FIELD_ELEMENTS_PER_BLOB</c>.</summary>
    public const int Size = 4096;

    /// <summary>The domain in blob order.</summary>
    public static readonly Fr[] BlobOrderRoots = InBitReversedOrder(RootsOfUnity(Size));

    /// <summary>
    /// <c>1/x</c> for each pair of neighbours <c>x, -x</c> of <see cref="BlobOrderRoots"/>. The first half of it
    /// belongs likewise to the domain of the squares
    /// <c>x²</c>, its first half to that of their squares, and so on.
    /// </summary>
    public static readonly Fr[] InversePairRoots = InverseOfEverySecond(BlobOrderRoots);

    /// <summary><c>1/4096</c>.</summary>
    public static readonly Fr InverseSize = Fr.FromUInt64(Size).Inverse();

    /// <summary>
    /// The powers <c>1, ω, …, ω^(order-1)</c> of the root of unity of an order that is a power of two.
    /// </summary>
    public static Fr[] RootsOfUnity(int order)
    {
        // 7 generates the multiplicative group (consensus-specs PRIMITIVE_ROOT_OF_UNITY).
        Fr root = Fr.FromUInt64(7).Power((Fr.Modulus - 1) / order);
        var roots = new Fr[order];
        roots[0] = Fr.One;
        for (int i = 1; i < order; i++)
        {
            roots[i] = roots[i - 1] * root;
        }

        return roots;
    }

    /// <summary>The index with its <paramref name="bits"/> low bits reversed.</summary>
    public static int ReverseBits(int index, int bits)
    {
        int reversed = 0;
        for (int i = 0; i < bits; i++)
        {
            reversed = (reversed << 1) | ((index >> i) & 1);
        }

        return reversed;
    }

    /// <summary>
    /// Reorders in place: position <c>i</c> and position <c>brp(i)</c> change places. The length is a power of two.
    /// </summary>
    public static T[] InBitReversedOrder<T>(T[] values)
    {
        int bits = BitOperations.Log2((uint)values.Length);
        for (int i = 0; i < values.Length; i++)
        {
            int j = ReverseBits(i, bits);
            if (i < j)
            {
                (values[i], values[j]) = (values[j], values[i]);
            }
        }

        return values;
    }

    private static Fr[] InverseOfEverySecond(ReadOnlySpan<Fr> values)
    {
        var inverses = new Fr[values.Length / 2];
        for (int i = 0; i < inverses.Length; i++)
        {
            inverses[i] = values[2 * i];
        }

        Fr.InvertAll(inverses, new Fr[inverses.Length]);
        return inverses;
    }
}
