using System.Globalization;
using System.Numerics;

namespace Meeda.L1.Transactions;

/// <summary>Blobs currently cost more than the limit. Nothing was sent.</summary>
/// <param name="price">The blob base fee, in wei per blob gas.</param>
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
