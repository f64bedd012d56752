using System.Globalization;
using System.Numerics;

namespace Meeda.L1.Transactions;

/// <summary>Gas currently costs more than the request's limit (<see cref="FeeLimit"/>). Nothing was sent.</summary>
/// <param name="price">The base fee, in wei per gas.</param>
/// <param name="limit">The maximum that may be paid.</param>
public sealed class FeeLimitException(BigInteger price, BigInteger limit)
    : Exception(
        string.Create(
            CultureInfo.InvariantCulture,
            $"gas costs {price} wei now, and this request may pay {limit}; nothing was sent"
        )
    );
