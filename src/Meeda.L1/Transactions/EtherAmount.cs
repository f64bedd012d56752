using System.Globalization;
using System.Numerics;
using System.Text.RegularExpressions;
using Nethereum.Util;

namespace Meeda.L1.Transactions;

/// <summary>Parses and formats amounts of ether.</summary>
public static partial class EtherAmount
{
    /// <summary>The form of an amount, for messages.</summary>
    public const string Form = "an amount, as 1.5, 1.5ether, 20gwei or 700wei";

    private static readonly Dictionary<string, int> Decimals = new(StringComparer.Ordinal)
    {
        [""] = 18,
        ["ether"] = 18,
        ["gwei"] = 9,
        ["wei"] = 0,
    };

    /// <summary>Reads an amount: digits with at most one point, and a unit; ether where there is none.</summary>
    /// <returns>The wei; null where it is no amount, or has a fraction of a wei.</returns>
    public static BigInteger? Parse(string text)
    {
        Match match = AmountForm().Match(text.Trim());
        if (!match.Success)
        {
            return null;
        }

        int decimals = Decimals[match.Groups["unit"].Value];
        string fraction = match.Groups["fraction"].Value.TrimEnd('0');
        return fraction.Length > decimals
            ? null
            : BigInteger.Parse(
                match.Groups["whole"].Value + fraction.PadRight(decimals, '0'),
                NumberStyles.None,
                CultureInfo.InvariantCulture
            );
    }

    /// <summary>The wei of an amount of ether.</summary>
    public static BigInteger FromEther(decimal ether)
    {
        // Converts whole ether and the rest separately: a decimal cannot hold a large number of ether in wei.
        decimal whole = decimal.Truncate(ether);
        return (new BigInteger(whole) * BigInteger.Pow(10, 18))
            + new BigInteger((ether - whole) * 1_000_000_000_000_000_000m);
    }

    /// <summary>An amount in ether with all its decimals, and in wei below a gwei.</summary>
    public static string Show(BigInteger wei) =>
        BigInteger.Abs(wei) is var size && !size.IsZero && size < 1_000_000_000
            ? $"{wei} wei"
            : $"{UnitConversion.Convert.FromWeiToBigDecimal(wei, UnitConversion.EthUnit.Ether)} ether";

    /// <summary>An amount to four digits, for estimates.</summary>
    public static string About(BigInteger wei)
    {
        int digits = BigInteger.Abs(wei).ToString(CultureInfo.InvariantCulture).Length;
        BigInteger unit = BigInteger.Pow(10, Math.Max(0, digits - 4));
        return Show((wei + (unit / 2)) / unit * unit);
    }

    [GeneratedRegex(@"^(?<whole>[0-9]{1,30})(?:\.(?<fraction>[0-9]{1,30}))? ?(?<unit>ether|gwei|wei|)$")]
    private static partial Regex AmountForm();
}
