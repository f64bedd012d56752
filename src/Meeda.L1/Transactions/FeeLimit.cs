using System.Globalization;
using System.Numerics;

namespace Meeda.L1.Transactions;

/// <summary>
/// The maximum that a request may pay because it is worth no more. The sender's own limits apply as well.
/// </summary>
/// <param name="PerGas">Base fee and tip, in wei per gas.</param>
/// <param name="PerBlobGas">In wei per blob gas.</param>
public sealed record FeeLimit(BigInteger PerGas, BigInteger PerBlobGas)
{
    /// <summary>The limit in the journal's form.</summary>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{PerGas}/{PerBlobGas}");

    /// <summary>Parses the form of <see cref="ToString"/>.</summary>
    /// <exception cref="FormatException">It has another form.</exception>
    public static FeeLimit Parse(string text)
    {
        string[] parts = text.Split('/');
        return parts.Length == 2
            ? new FeeLimit(Number(parts[0]), Number(parts[1]))
            : throw new FormatException($"'{text}' is not a fee limit");
    }

    private static BigInteger Number(string digits) =>
        BigInteger.Parse(digits, NumberStyles.None, CultureInfo.InvariantCulture);
}
