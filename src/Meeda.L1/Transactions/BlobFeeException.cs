using System.Globalization;
using System.Numerics;

namespace Meeda.L1.Transactions;

/// <summary>Blobs cost more than they may at this moment: nothing was sent.</summary>
/// <param name="price">The price of blobs, in wei for each blob gas.</param>
/// <param name="limit">The maximum that may be paid.</param>
public sealed class BlobFeeException(BigInteger price, BigInteger limit)
    : Exception(
        string.Create(
            CultureInfo.InvariantCulture,
            $"blobs cost {Gwei(price)} gwei for each blob gas now, the maximum is {Gwei(limit)}; nothing was sent"
        )
    )
{
    private static decimal Gwei(BigInteger wei) =>
        (decimal)BigInteger.Min(wei, (BigInteger)decimal.MaxValue) / 1_000_000_000m;
}
