using System.Collections;
using System.Globalization;
using System.Reflection;

namespace Meeda.Hosting.Settings;

/// <summary>
/// The one way in for settings. A command's options win over the environment (<c>Meeda__Section__Name</c>), which wins
/// over the file that <c>--config</c> names; nothing else configures the program. A list comes whole from one of them.
/// Unknown names and values of the wrong form are collected and reported together.
/// </summary>
internal sealed class SettingsReader
{
    private readonly SortedDictionary<string, Entry> _entries = new(StringComparer.OrdinalIgnoreCase);
    private readonly List<string> _problems = [];

    /// <summary>Reads the configuration.</summary>
    /// <param name="options">
    /// What options say, by name with colons (<c>Meeda:L1:Rpc</c>); null for what was not given.
    /// </param>
    /// <param name="file">The file that <c>--config</c> names, or null.</param>
    /// <param name="environment">The environment; null for this process's.</param>
    /// <exception cref="SetupException">The file cannot be read, or is no JSON.</exception>
    public SettingsReader(
        IReadOnlyDictionary<string, string?> options,
        string? file = null,
        IReadOnlyDictionary<string, string>? environment = null
    )
    {
        AddSource([
            .. options
                .Where(option => option.Value is not null)
                .Select(option => (option.Key, option.Value!, SettingNames.Option(option.Key))),
        ]);
        AddSource(FromEnvironment(environment ?? ThisEnvironment()));
        if (file is not null)
        {
            AddSource([
                .. SettingsFile
                    .Read(file)
                    .Select(each => (each.Name, each.Value, $"{SettingNames.Variable(each.Name)} (in {file})")),
            ]);
        }
    }

    /// <summary>The faults found so far, one line each.</summary>
    public IReadOnlyList<string> Problems => _problems;

    /// <summary>
    /// Reads the settings of a class. What is wrong with them is added to <see cref="Problems"/>, and keeps its
    /// default.
    /// </summary>
    /// <typeparam name="T">A class with a constant <c>Section</c>.</typeparam>
    public T Get<T>()
        where T : class, new() => (T)Get(typeof(T));

    /// <summary>As <see cref="Get{T}"/>.</summary>
    public object Get(Type type)
    {
        object options = Activator.CreateInstance(type)!;
        Bind(options);
        return options;
    }

    /// <summary>As <see cref="Get{T}"/>, into an object that has its defaults.</summary>
    public void Bind(object options)
    {
        Type type = options.GetType();
        string section = SettingNames.SectionOf(type)!;
        foreach (PropertyInfo property in SettingNames.Properties(type))
        {
            string name = $"{section}:{property.Name}";
            if (SettingValue.IsList(property.PropertyType))
            {
                ReadList(name, property, options);
            }
            else if (_entries.TryGetValue(name, out Entry? entry) && Read(property, entry) is { } value)
            {
                property.SetValue(options, value);
            }
        }
    }

    /// <summary>All settings, with what they are and where they come from; secrets are masked.</summary>
    public IEnumerable<SettingDescription> Describe()
    {
        foreach ((string section, Type type) in SettingNames.Classes)
        {
            object defaults = Activator.CreateInstance(type)!;
            foreach (PropertyInfo property in SettingNames.Properties(type))
            {
                string name = $"{section}:{property.Name}";
                var secret = property.GetCustomAttribute<SecretAttribute>();
                KeyValuePair<string, Entry>[] given =
                [
                    .. _entries.Where(entry => Setting(entry.Key).Equals(name, StringComparison.OrdinalIgnoreCase)),
                ];
                foreach ((string each, Entry entry) in given)
                {
                    yield return new SettingDescription(
                        SettingNames.Variable(each),
                        secret?.Mask(entry.Value) ?? entry.Value,
                        entry.Origin
                    );
                }

                if (given.Length == 0)
                {
                    yield return new SettingDescription(
                        SettingNames.Variable(name),
                        SettingValue.Show(property.GetValue(defaults)),
                        "default"
                    );
                }
            }
        }
    }

    private static Dictionary<string, string> ThisEnvironment() =>
        Environment
            .GetEnvironmentVariables()
            .Cast<DictionaryEntry>()
            .ToDictionary(each => (string)each.Key, each => (string?)each.Value ?? "", StringComparer.Ordinal);

    private List<(string Name, string Value, string Origin)> FromEnvironment(
        IReadOnlyDictionary<string, string> environment
    )
    {
        var settings = new List<(string, string, string)>();
        foreach ((string variable, string value) in environment.OrderBy(each => each.Key, StringComparer.Ordinal))
        {
            if (variable.StartsWith($"{SettingNames.Root}__", StringComparison.OrdinalIgnoreCase))
            {
                settings.Add((variable.Replace("__", ":", StringComparison.Ordinal), value, variable));
            }
            else if (SettingNames.IsMisspelt(variable))
            {
                _problems.Add(Unknown(variable, variable));
            }
        }

        return settings;
    }

    private void AddSource(IReadOnlyList<(string Name, string Value, string Origin)> settings)
    {
        // An earlier source overrides a setting as a whole. A setting given twice in one source is ambiguous.
        var earlier = _entries.Keys.Select(Setting).ToHashSet(StringComparer.OrdinalIgnoreCase);
        foreach ((string name, string value, string origin) in settings)
        {
            if (!IsKnown(name, out string? problem))
            {
                _problems.Add(problem is null ? Unknown(name, origin) : $"{origin}: {problem}");
            }
            else if (!earlier.Contains(Setting(name)) && !_entries.TryAdd(name, new Entry(origin, value)))
            {
                _problems.Add($"{origin}: is given twice, the other time as {_entries[name].Origin}");
            }
        }
    }

    private static string Unknown(string name, string origin)
    {
        string hint = SettingNames.Nearest(name) is { } nearest ? $"; is {nearest} meant?" : "";
        return $"{origin}: there is no such setting{hint}";
    }

    /// <summary>The setting of a name: of an item of a list, the list.</summary>
    private static string Setting(string name) =>
        SettingNames.All.ContainsKey(name) || name.LastIndexOf(':') is not (> 0 and var end) ? name : name[..end];

    private static bool IsKnown(string name, out string? problem)
    {
        problem = null;
        if (SettingNames.All.TryGetValue(name, out PropertyInfo? property))
        {
            problem = SettingValue.IsList(property.PropertyType)
                ? $"is a list: name its values one by one, as {SettingNames.Variable(name)}__0"
                : null;
            return problem is null;
        }

        if (!SettingNames.All.TryGetValue(Setting(name), out property))
        {
            return false;
        }

        string index = name[(name.LastIndexOf(':') + 1)..];
        bool isList = SettingValue.IsList(property.PropertyType);
        problem = (isList, Index(index)) switch
        {
            (true, null) => $"'{index}' is no place in a list: they are numbered 0, 1, 2 and so on",
            (false, not null) => "is one value, not a list",
            _ => null,
        };
        return isList && problem is null;
    }

    private static int? Index(string text) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int index)
        && index.ToString(CultureInfo.InvariantCulture) == text
            ? index
            : null;

    private void ReadList(string name, PropertyInfo property, object options)
    {
        (int Index, Entry Entry)[] items =
        [
            .. _entries
                .Where(entry => entry.Key.StartsWith($"{name}:", StringComparison.OrdinalIgnoreCase))
                .Select(entry => (Index(entry.Key[(name.Length + 1)..])!.Value, entry.Value))
                .OrderBy(item => item.Item1),
        ];
        for (int i = 0; i < items.Length; i++)
        {
            // Names and places of providers belong together: one that is left out by mistake must not shift the others.
            if (items[i].Index != i)
            {
                AddOnce($"{items[i].Entry.Origin}: the one before it, number {i}, is missing");
                return;
            }

            if (Read(property, items[i].Entry) is string value)
            {
                ((IList<string>)property.GetValue(options)!).Add(value);
            }
        }
    }

    private object? Read(PropertyInfo property, Entry entry)
    {
        object? value = SettingValue.Read(property, entry.Value, out string? problem);
        if (problem is not null)
        {
            AddOnce($"{entry.Origin}: {problem}");
        }

        return value;
    }

    // A class is read by each container that has its options.
    private void AddOnce(string problem)
    {
        if (!_problems.Contains(problem))
        {
            _problems.Add(problem);
        }
    }

    private sealed record Entry(string Origin, string Value);
}
