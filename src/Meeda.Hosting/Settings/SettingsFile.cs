using System.Text.Json;

namespace Meeda.Hosting.Settings;

/// <summary>
/// A file of settings: JSON, <c>{ "Meeda": { "L1": { "Rpc": "…" } } }</c>. It is read once, and never watched.
/// </summary>
internal static class SettingsFile
{
    private const int MaxBytes = 1 << 20;

    /// <summary>Reads the settings of a file as names with colons, and their texts.</summary>
    /// <exception cref="SetupException">
    /// The file cannot be read, or is no such JSON. The message holds no value of it.
    /// </exception>
    public static IReadOnlyList<(string Name, string Value)> Read(string path)
    {
        try
        {
            using FileStream file = File.OpenRead(path);
            if (file.CanSeek && file.Length > MaxBytes)
            {
                throw new SetupException($"--config: {path} has {file.Length} bytes, {MaxBytes} are the most");
            }

            var options = new JsonDocumentOptions { CommentHandling = JsonCommentHandling.Skip, MaxDepth = 8 };
            using var json = JsonDocument.Parse(file, options);
            var settings = new List<(string, string)>();
            Add(path, "", json.RootElement, settings);
            if (OperatingSystem.IsLinux() || OperatingSystem.IsMacOS())
            {
                CheckPermissions(path, settings.Select(setting => setting.Item1));
            }

            return settings;
        }
        catch (JsonException broken)
        {
            // The parser's message may quote the file's content.
            throw new SetupException(
                $"--config: {path} is not JSON: line {broken.LineNumber + 1}, byte {broken.BytePositionInLine + 1} "
                    + "is not what must stand there"
            );
        }
        catch (Exception unreadable)
            when (unreadable is IOException or UnauthorizedAccessException or ArgumentException)
        {
            throw new SetupException($"--config: {path} cannot be read: {unreadable.Message.TrimEnd('.')}");
        }
    }

    private static void CheckPermissions(string path, IEnumerable<string> names)
    {
        string[] secrets = ["Meeda:Signer:Key", "Meeda:Signer:Password", "Meeda:Storage:Database"];
        if (names.Any(name => secrets.Contains(name, StringComparer.OrdinalIgnoreCase)))
        {
            SecretFile.Check(path, "--config");
        }
    }

    private static void Add(string path, string name, JsonElement element, List<(string Name, string Value)> settings)
    {
        switch (element.ValueKind)
        {
            case JsonValueKind.Object:
                var seen = new HashSet<string>(StringComparer.OrdinalIgnoreCase);
                foreach (JsonProperty property in element.EnumerateObject())
                {
                    string inner = name.Length == 0 ? property.Name : $"{name}:{property.Name}";
                    if (!seen.Add(property.Name))
                    {
                        throw new SetupException($"--config: {path} has {inner.Replace(':', '.')} twice");
                    }

                    // A colon or two underscores would look like another setting.
                    bool hasColon = property.Name.Contains(':', StringComparison.Ordinal);
                    Add(path, hasColon ? inner.Replace(':', '.') : inner, property.Value, settings);
                }

                break;
            case JsonValueKind.Array when name.Length > 0:
                int index = 0;
                foreach (JsonElement item in element.EnumerateArray())
                {
                    Add(path, $"{name}:{index++}", item, settings);
                }

                break;
            case JsonValueKind.String when name.Length > 0:
                settings.Add((name, element.GetString()!));
                break;
            case JsonValueKind.Number or JsonValueKind.True or JsonValueKind.False when name.Length > 0:
                settings.Add((name, element.GetRawText()));
                break;
            default:
                throw new SetupException(
                    name.Length == 0
                        ? $"--config: {path} holds no JSON object"
                        : $"--config: {path} has no value for {name.Replace(':', '.')}; leave it out for its default"
                );
        }
    }
}
