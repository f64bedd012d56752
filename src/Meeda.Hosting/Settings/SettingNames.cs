using System.Reflection;

namespace Meeda.Hosting.Settings;

/// <summary>
/// The names of all settings: each options class of the program has a section, each of its properties is a setting.
/// </summary>
internal static class SettingNames
{
    /// <summary>The prefix of every setting.</summary>
    public const string Root = "Meeda";

    // The options that commands have for settings, for messages.
    private static readonly Dictionary<string, string> CommandOptions = new(StringComparer.OrdinalIgnoreCase)
    {
        ["Meeda:L1:Rpc"] = "--rpc",
        ["Meeda:L1:Contract"] = "--contract",
        ["Meeda:L1:KeyFile"] = "--key-file",
        ["Meeda:L1:FromBlock"] = "--from-block",
        ["Meeda:Storage:Folder"] = "--folder",
        ["Meeda:Http:Listen"] = "--listen",
        ["Meeda:Light:KeyFile"] = "--key-file",
        ["Meeda:Light:Folder"] = "--folder",
        ["Meeda:Light:Budget"] = "--budget",
        ["Meeda:Light:PollInterval"] = "--poll",
        ["Meeda:Light:SampleInterval"] = "--sample-interval",
        ["Meeda:Light:Listen"] = "--listen",
        ["Meeda:Light:Operators"] = "--operator",
    };

    // Every role reads the same environment, so that each knows the settings of all rooms.
    private static readonly string[] Rooms =
    [
        "Meeda.Hosting",
        "Meeda.Chain",
        "Meeda.Storage",
        "Meeda.Http",
        "Meeda.Operator",
        "Meeda.Light",
    ];

    /// <summary>The classes that hold settings: those with a constant <c>Section</c>.</summary>
    public static IReadOnlyList<(string Section, Type Type)> Classes { get; } =
    [
        .. Rooms
            .SelectMany(room => Assembly.Load(room).GetTypes())
            .Select(type => (Section: SectionOf(type), Type: type))
            .Where(found => found.Section?.StartsWith($"{Root}:", StringComparison.Ordinal) == true)
            .Select(found => (found.Section!, found.Type))
            .OrderBy(found => found.Item1, StringComparer.Ordinal),
    ];

    /// <summary>All settings, by name with colons (<c>Meeda:L1:Rpc</c>); case does not count.</summary>
    public static IReadOnlyDictionary<string, PropertyInfo> All { get; } =
        Classes
            .SelectMany(found =>
                Properties(found.Type).Select(property => (Name: $"{found.Section}:{property.Name}", property))
            )
            .ToDictionary(found => found.Name, found => found.property, StringComparer.OrdinalIgnoreCase);

    /// <summary>The settings of a class.</summary>
    public static IEnumerable<PropertyInfo> Properties(Type type) =>
        type.GetProperties(BindingFlags.Public | BindingFlags.Instance);

    /// <summary>The section that a class names, or null.</summary>
    public static string? SectionOf(Type type) =>
        type.GetField("Section", BindingFlags.Public | BindingFlags.Static)?.GetRawConstantValue() as string;

    /// <summary>A setting as the environment names it.</summary>
    public static string Variable(string name) => name.Replace(":", "__", StringComparison.Ordinal);

    /// <summary>A setting as a message names it that came from a command's option, where there is one.</summary>
    public static string Option(string name)
    {
        string list = name[..name.LastIndexOf(':')];
        return CommandOptions.GetValueOrDefault(name) ?? CommandOptions.GetValueOrDefault(list) ?? Variable(name);
    }

    /// <summary>The setting that a misspelt name most likely means, as the environment names it, or null.</summary>
    public static string? Nearest(string name)
    {
        string wanted = Letters(name.TrimEnd("0123456789:_".ToCharArray()));
        (string Name, int Distance) best = All
            .Keys.Select(known => (known, Distance(wanted, Letters(known))))
            .MinBy(each => each.Item2);
        return best.Distance <= Math.Max(2, wanted.Length / 4) ? Variable(best.Name) : null;
    }

    /// <summary>
    /// Whether a variable of the environment that begins otherwise is a misspelt setting beyond doubt: it has a
    /// setting's letters, or all but two of them and its double underscores.
    /// </summary>
    public static bool IsMisspelt(string variable)
    {
        string letters = Letters(variable.TrimEnd("0123456789:_".ToCharArray()));
        return letters.Length > 4
            && letters[0] == 'm'
            && All.Keys.Any(known =>
                Letters(known) is var meant
                && (
                    letters == meant
                    || (
                        variable.Contains("__", StringComparison.Ordinal)
                        && Math.Abs(letters.Length - meant.Length) <= 2
                        && Distance(letters, meant) <= 2
                    )
                )
            );
    }

    private static string Letters(string name) =>
        new([.. name.Where(char.IsAsciiLetterOrDigit).Select(char.ToLowerInvariant)]);

    // Levenshtein's distance.
    private static int Distance(string one, string other)
    {
        int[] row = [.. Enumerable.Range(0, other.Length + 1)];
        for (int i = 1; i <= one.Length; i++)
        {
            int diagonal = row[0];
            row[0] = i;
            for (int j = 1; j <= other.Length; j++)
            {
                int above = row[j];
                row[j] = Math.Min(Math.Min(row[j - 1], above) + 1, diagonal + (one[i - 1] == other[j - 1] ? 0 : 1));
                diagonal = above;
            }
        }

        return row[^1];
    }
}
