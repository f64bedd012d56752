using Meeda.Kzg.Commitments;
using Meeda.Kzg.Fields;

namespace Meeda.Operator.Nitro;

/// <summary>
/// The evaluation domain of a blob's polynomial: the 4096th roots of unity in bit-reversed order
/// (EIP-4844).
/// </summary>
internal static class BlobDomain
{
    private const int Bits = 12;

    // 7^((r - 1) / 4096)
    private static readonly Fr Root = Fr.TryDecode(
        Convert.FromHexString("564c0a11a0f704f4fc3e8acfe0f8245f0ad1347b378fbf96e206da11a5d36306"),
        out Fr root
    )
        ? root
        : throw new InvalidOperationException("the root of unity is below the modulus");

    /// <summary>The evaluation point of a field element.</summary>
    /// <param name="index">0 to 4095.</param>
    public static Fr PointOf(int index)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(index);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(index, Blob.ElementCount);
        Fr point = Fr.One;
        Fr power = Root;
        for (int bit = Bits - 1; bit >= 0; bit--)
        {
            if ((index >> bit & 1) != 0)
            {
                point *= power;
            }

            power *= power;
        }

        return point;
    }
}
