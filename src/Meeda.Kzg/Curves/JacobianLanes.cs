using System.Runtime.CompilerServices;
using Meeda.Kzg.Fields;
using Meeda.Kzg.Fields.Kernels;

namespace Meeda.Kzg.Curves;

/// <summary>
/// Points of the curve in Jacobian coordinates <c>(X/Z², Y/Z³)</c>, one in each lane: X, Y and Z are a group each,
/// concatenated. Nothing is checked on the way: where two points that are added turn out equal or opposite, or one is
/// at infinity, Z becomes 0 in that lane and stays 0 through all that follows, so that one check at the end suffices
/// (<see cref="TryToAffine"/>). Not safe for use by several threads at once.
/// </summary>
internal sealed unsafe class JacobianLanes<TLanes>
    where TLanes : struct, IPointLanes
{
    /// <summary>Doubles of a group, a field element in each lane.</summary>
    public static readonly int GroupLength = FpLimbs.Count * TLanes.Lanes;

    /// <summary>Doubles of a Jacobian point in each lane.</summary>
    public static readonly int PointLength = 3 * GroupLength;

    private readonly AlignedDoubles _memory = new((24 * GroupLength) + (16 * TLanes.Lanes));

    /// <summary>Scratch memory of 16 vectors for kernels.</summary>
    public double* Scratch => _memory.Pointer;

    private double* Temporary => _memory.Pointer + (16 * TLanes.Lanes);

    /// <summary>Doubles the points: 4 squarings and 3 multiplications.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Double(double* point)
    {
        int length = FpLimbs.Count * TLanes.Lanes;
        double* s = Scratch,
            a = Temporary,
            e = a + length,
            b = e + length,
            c = b + length,
            d = c + length,
            t = d + length;
        double* x = point,
            y = point + length,
            z = y + length;

        // dbl-2009-l of the Explicit-Formulas Database with e = 3X², b = 2Y², c = 4Y⁴, d = 4XY²; every product has at
        // most one lazy factor.
        TLanes.Square(a, x, s);
        TLanes.Add(e, a, a);
        TLanes.Add(e, e, a);
        FpCarry.Carry(e, TLanes.Lanes);
        TLanes.Add(t, y, y);
        TLanes.Multiply(b, y, t, s);
        TLanes.Square(c, b, s);
        TLanes.Add(t, x, x);
        TLanes.Multiply(d, t, b, s);
        TLanes.Add(t, z, z);
        TLanes.Multiply(z, t, y, s);
        TLanes.SquareSubtract(x, e, d, d, s);
        TLanes.Subtract(t, d, x);
        TLanes.Add(c, c, c);
        TLanes.MultiplySubtract(y, t, e, c, s);
    }

    /// <summary>Adds points given by groups of their x and y: 3 squarings and 8 multiplications.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Add(double* point, double* otherX, double* otherY)
    {
        int length = FpLimbs.Count * TLanes.Lanes;
        double* s = Scratch,
            zz = Temporary,
            zzz = zz + length,
            h = zzz + length,
            r = h + length,
            hh = r + length,
            hhh = hh + length,
            v = hhh + length;
        double* p = v + length,
            t = p + length;
        double* x = point,
            y = point + length,
            z = y + length;

        // H = x'Z² - X, R = y'Z³ - Y: X'' = R² - H³ - 2XH², Y'' = R(XH² - X'') - YH³, Z'' = ZH.
        TLanes.Square(zz, z, s);
        TLanes.Multiply(zzz, z, zz, s);
        TLanes.MultiplySubtract(h, otherX, zz, x, s);
        TLanes.MultiplySubtract(r, otherY, zzz, y, s);
        TLanes.Multiply(z, z, h, s);
        TLanes.Square(hh, h, s);
        TLanes.Multiply(hhh, h, hh, s);
        TLanes.Multiply(v, x, hh, s);
        TLanes.Multiply(p, y, hhh, s);
        TLanes.Add(t, v, v);
        TLanes.SquareSubtract(x, r, hhh, t, s);
        TLanes.Subtract(t, v, x);
        TLanes.MultiplySubtract(y, t, r, p, s);
    }

    /// <summary>
    /// Replaces X and Y by the affine coordinates, with one inversion in all; false, and worthless points, where one
    /// is at infinity.
    /// </summary>
    /// <param name="points">The points of some groups, concatenated.</param>
    /// <param name="groups">How many groups.</param>
    /// <param name="products">Room for as many groups of a coordinate.</param>
    public bool TryToAffine(double* points, int groups, double* products)
    {
        int length = FpLimbs.Count * TLanes.Lanes;
        double* s = Scratch,
            inverse = Temporary,
            t = inverse + length,
            square = t + length,
            room = square + length;
        Unsafe.CopyBlock(products, points + (2 * length), (uint)(length * sizeof(double)));
        for (int k = 1; k < groups; k++)
        {
            TLanes.Multiply(
                products + (k * length),
                products + ((k - 1) * length),
                points + (k * PointLength) + (2 * length),
                s
            );
        }

        if (!LaneInversion<TLanes>.TryInvert(products + ((groups - 1) * length), inverse, room, s))
        {
            return false;
        }

        for (int k = groups - 1; k >= 0; k--)
        {
            double* x = points + (k * PointLength),
                y = x + length,
                z = y + length;
            if (k > 0)
            {
                TLanes.Multiply(t, inverse, products + ((k - 1) * length), s);
                TLanes.Multiply(inverse, inverse, z, s);
            }
            else
            {
                Unsafe.CopyBlock(t, inverse, (uint)(length * sizeof(double)));
            }

            TLanes.Square(square, t, s);
            TLanes.Multiply(x, x, square, s);
            TLanes.Multiply(t, t, square, s);
            TLanes.Multiply(y, y, t, s);
        }

        return true;
    }
}
