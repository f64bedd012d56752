using System.Globalization;
using System.Numerics;

namespace Meeda.L1.Transactions;

/// <summary>
/// The most that a request may ever pay, where it is worth no more than that; the sender's own limits hold beside it.
/// </summary>
/// <param name="PerGas">Base fee and tip, in wei for each gas.</param>
/// <param name="PerBlobGas">In wei for each blob gas.</param>
public sealed record FeeLimit(BigInteger PerGas, BigInteger PerBlobGas)
{
    /// <summary>The limit as a journal keeps it.</summary>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{PerGas}/{PerBlobGas}");

    /// <summary>Reads what <see cref="ToString"/> wrote.</summary>
    /// <exception cref="FormatException">It is something else.</exception>
    public static FeeLimit Parse(string text)
    {
        string[] parts = text.Split('/');
        return parts.Length == 2
            ? new FeeLimit(Number(parts[0]), Number(parts[1]))
            : throw new FormatException($"'{text}' is no limit of fees");
    }

    private static BigInteger Number(string digits) =>
        BigInteger.Parse(digits, NumberStyles.None, CultureInfo.InvariantCulture);
}
