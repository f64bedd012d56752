using Meeda.Kzg.Fields.Kernels;

namespace Meeda.Kzg.Curves;

/// <summary>One inversion for all lanes of a vector (Montgomery's trick across lanes).</summary>
internal static unsafe class LaneInversion<TLanes>
    where TLanes : struct, IPointLanes
{
    /// <summary>Groups of room that <see cref="TryInvert"/> uses.</summary>
    public const int RoomGroups = 7;

    /// <summary>The inverse in every lane by a single inversion; false where one is 0.</summary>
    /// <param name="value">A group, out of a kernel.</param>
    /// <param name="inverse">Where the inverses go.</param>
    /// <param name="room"><see cref="RoomGroups"/> groups.</param>
    /// <param name="scratch">16 vectors.</param>
    public static bool TryInvert(double* value, double* inverse, double* room, double* scratch)
    {
        // 1. In every lane the product with that of the lane half of the lanes away, then a quarter away, and so on,
        // until it is that of all.
        int lanes = TLanes.Lanes;
        int groupLength = FpLimbs.Count * lanes;
        double* product = value,
            others = room,
            products = room + (3 * groupLength);
        for (int distance = lanes / 2; distance > 0; distance /= 2)
        {
            for (int i = 0; i < groupLength; i++)
            {
                others[i] = product[i ^ distance];
            }

            TLanes.Multiply(products, product, others, scratch);
            product = products;
            products += groupLength;
            others += groupLength;
        }

        // 2. Its inverse, the same in all lanes.
        if (!FpLimbs.TryInvert(product, inverse, lanes))
        {
            return false;
        }

        for (int i = 0; i < groupLength; i++)
        {
            inverse[i] = inverse[i & -lanes];
        }

        // 3. Backwards: the inverse of a product times one factor is that of the other.
        for (int distance = 1; distance < lanes; distance *= 2)
        {
            others -= groupLength;
            TLanes.Multiply(inverse, inverse, others, scratch);
        }

        return true;
    }
}
