using System.Globalization;
using System.Reflection;
using System.Text.RegularExpressions;

namespace Meeda.Hosting.Settings;

/// <summary>
/// Reads the text of one setting. Unambiguous text is accepted; anything else is rejected with a message that shows the
/// form. Nothing depends on the machine's language.
/// </summary>
internal static partial class SettingValue
{
    private static readonly (string Unit, long Ticks)[] Durations =
    [
        ("d", TimeSpan.TicksPerDay),
        ("h", TimeSpan.TicksPerHour),
        ("m", TimeSpan.TicksPerMinute),
        ("s", TimeSpan.TicksPerSecond),
        ("ms", TimeSpan.TicksPerMillisecond),
    ];

    private static readonly (string Unit, int Bits)[] Binary = [("KiB", 10), ("MiB", 20), ("GiB", 30), ("TiB", 40)];

    /// <summary>Whether settings of a type are numbered one by one (<c>Name__0</c>, <c>Name__1</c>).</summary>
    public static bool IsList(Type type) =>
        type != typeof(string) && type.IsAssignableTo(typeof(System.Collections.IEnumerable));

    /// <summary>Reads a value for a property.</summary>
    /// <param name="property">The property of an options class; its name and attributes say what is counted.</param>
    /// <param name="text">The text as it came.</param>
    /// <param name="problem">
    /// The fault, to follow the setting's name; it never quotes a text that may be secret.
    /// </param>
    /// <returns>The value, or null where there is a problem.</returns>
    public static object? Read(PropertyInfo property, string text, out string? problem)
    {
        Type type = Nullable.GetUnderlyingType(property.PropertyType) ?? property.PropertyType;
        problem = null;
        if (text.Contains('\0', StringComparison.Ordinal))
        {
            problem = "holds a NUL character";
            return null;
        }

        string value = property.IsDefined(typeof(VerbatimAttribute)) ? text : text.Trim();
        if (value.Length == 0 && !property.IsDefined(typeof(MayBeEmptyAttribute)))
        {
            problem = "is empty; leave it out for its default";
            return null;
        }

        if (type == typeof(string) || IsList(type))
        {
            return value;
        }

        (object? read, string form) = Parse(property, type, value);
        problem = read is null ? $"'{Short(value)}' is not {form}" : null;

        // Negative numbers are read where the type has them: the options' own check then names the minimum that they
        // take.
        return read switch
        {
            null => null,
            Int128 number when type == typeof(int) => (int)number,
            Int128 number when type == typeof(long) => (long)number,
            Int128 number when type == typeof(ulong) => (ulong)number,
            Int128 number => (byte)number,
            _ => read,
        };
    }

    /// <summary>
    /// Reads a time: <c>hh:mm:ss</c> with or without days before and fractions behind, or numbers with units, the
    /// longest first.
    /// </summary>
    /// <returns>
    /// Null where it is neither, or does not fit. A bare number is refused, but for 0: no one can say of what it is
    /// one.
    /// </returns>
    public static TimeSpan? Duration(string text)
    {
        if (text == "0")
        {
            return TimeSpan.Zero;
        }

        decimal ticks = 0;
        if (ClockForm().Match(text) is { Success: true } clock)
        {
            bool hasDays = clock.Groups["d"].Success;
            decimal hours = Number(clock.Groups["h"].Value);
            if (hasDays && hours > 23)
            {
                return null;
            }

            ticks =
                (hasDays ? Number(clock.Groups["d"].Value) * TimeSpan.TicksPerDay : 0)
                + (hours * TimeSpan.TicksPerHour)
                + (Number(clock.Groups["m"].Value) * TimeSpan.TicksPerMinute)
                + (Number(clock.Groups["s"].Value) * TimeSpan.TicksPerSecond);
        }
        else if (UnitForm().IsMatch(text))
        {
            int last = -1;
            foreach (Match part in UnitPart().Matches(text))
            {
                int unit = Array.FindIndex(Durations, each => each.Unit == part.Groups["u"].Value);
                if (unit <= last)
                {
                    return null;
                }

                last = unit;
                ticks += Number(part.Groups["n"].Value) * Durations[unit].Ticks;
            }
        }
        else
        {
            return null;
        }

        return ticks <= long.MaxValue ? TimeSpan.FromTicks((long)ticks) : null;
    }

    /// <summary>Reads a whole number; where it counts bytes also with KiB, MiB, GiB or TiB behind it.</summary>
    /// <returns>Null if it is invalid or out of range.</returns>
    public static Int128? Whole(string text, Int128 least, Int128 most, bool inBytes)
    {
        Int128 factor = 1;
        string digits = text;
        int unit = Array.FindIndex(Binary, each => text.EndsWith(each.Unit, StringComparison.Ordinal));
        if (inBytes && unit >= 0)
        {
            factor = Int128.One << Binary[unit].Bits;
            digits = text[..^Binary[unit].Unit.Length].TrimEnd(' ');
        }

        Int128 value;
        if (HexForm().IsMatch(digits) && factor == 1 && !inBytes)
        {
            value = Int128.Parse(digits.AsSpan(2), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture);
        }
        else if (WholeForm().IsMatch(digits))
        {
            value = Int128.Parse(digits, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture) * factor;
        }
        else
        {
            return null;
        }

        return value >= least && value <= most ? value : null;
    }

    /// <summary>A value as text; null where there is none, or an empty one.</summary>
    public static string? Show(object? value) =>
        value switch
        {
            null or "" => null,
            string text => text,
            bool yes => yes ? "true" : "false",
            System.Collections.IEnumerable => null, // No list has a default.
            IFormattable number => number.ToString(null, CultureInfo.InvariantCulture),
            _ => value.ToString(),
        };

    /// <summary>The value, null where the text has another form, and the form that it should have.</summary>
    private static (object? Read, string Form) Parse(PropertyInfo property, Type type, string value)
    {
        bool isBytes = property.Name.Contains("Bytes", StringComparison.Ordinal);
        const string ByteForm = "a number from 0 to 255, or 0x and two hex digits";
        return type switch
        {
            _ when type == typeof(bool) => (Boolean(value), "true or false"),
            _ when type == typeof(TimeSpan) => (
                (object?)Duration(value),
                "a time, as 500ms, 30s, 5m, 1h30m or hh:mm:ss"
            ),
            _ when type == typeof(decimal) => Amount(property, value),
            _ when type.IsEnum => (Name(type, value), $"one of {string.Join(", ", Enum.GetNames(type))}"),
            _ when type == typeof(int) => (
                (object?)Whole(value, int.MinValue, int.MaxValue, isBytes),
                Form(isBytes, int.MaxValue)
            ),
            _ when type == typeof(long) => (
                (object?)Whole(value, long.MinValue, long.MaxValue, isBytes),
                Form(isBytes, long.MaxValue)
            ),
            _ when type == typeof(ulong) => (
                (object?)Whole(value, 0, ulong.MaxValue, isBytes),
                Form(isBytes, ulong.MaxValue)
            ),
            _ when type == typeof(byte) => ((object?)Whole(value, 0, byte.MaxValue, inBytes: false), ByteForm),
            _ => throw new NotSupportedException($"settings of the type {type} ({property.Name})"),
        };
    }

    private static object? Boolean(string text) =>
        text.ToLowerInvariant() switch
        {
            "true" or "1" or "yes" or "on" => true,
            "false" or "0" or "no" or "off" => false,
            _ => null,
        };

    private static (object? Value, string Form) Amount(PropertyInfo property, string text)
    {
        AmountAttribute amount =
            property.GetCustomAttribute<AmountAttribute>()
            ?? throw new NotSupportedException($"the setting {property.Name} is an amount without a unit");
        string form = $"an amount of {amount.Unit}, digits with at most {amount.Decimals} decimals behind a point";
        Match match = AmountForm().Match(text);
        return match.Success && match.Groups["decimals"].Length <= amount.Decimals
            ? (Number(text), form)
            : (null, form);
    }

    // Enum.Parse would accept numbers and lists.
    private static object? Name(Type type, string text) =>
        Enum.GetNames(type).FirstOrDefault(name => name.Equals(text, StringComparison.OrdinalIgnoreCase)) is { } name
            ? Enum.Parse(type, name)
            : null;

    private static decimal Number(string text) =>
        decimal.Parse(
            text,
            NumberStyles.AllowDecimalPoint | NumberStyles.AllowLeadingSign,
            CultureInfo.InvariantCulture
        );

    private static string Form(bool isBytes, Int128 most) =>
        isBytes
            ? "a number of bytes, with or without KiB, MiB, GiB or TiB"
            : string.Create(CultureInfo.InvariantCulture, $"a whole number up to {most}, digits only");

    private static string Short(string value) => value.Length <= 40 ? value : value[..40] + "…";

    [GeneratedRegex(@"^(?:(?<d>[0-9]{1,8})\.)?(?<h>[0-9]{1,9}):(?<m>[0-5][0-9]):(?<s>[0-5][0-9](?:\.[0-9]{1,7})?)$")]
    private static partial Regex ClockForm();

    [GeneratedRegex(@"^(?:[0-9]{1,12}(?:\.[0-9]{1,7})? ?(?:d|h|ms|m|s)(?: (?!$))?)+$")]
    private static partial Regex UnitForm();

    [GeneratedRegex(@"(?<n>[0-9.]+) ?(?<u>d|h|ms|m|s)")]
    private static partial Regex UnitPart();

    [GeneratedRegex("^-?[0-9]{1,20}$")]
    private static partial Regex WholeForm();

    [GeneratedRegex("^0x[0-9a-fA-F]{1,16}$")]
    private static partial Regex HexForm();

    [GeneratedRegex(@"^-?[0-9]{1,10}(?:\.(?<decimals>[0-9]+))?$")]
    private static partial Regex AmountForm();
}
