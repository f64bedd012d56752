namespace Meeda.Hosting.Settings;

/// <summary>Marks a setting that is a secret, or a URL that may hold one: it is never shown as it is.</summary>
[AttributeUsage(AttributeTargets.Property)]
internal sealed class SecretAttribute : Attribute
{
    /// <summary>Whether it is a URL, or several with commas between, of which scheme and host may be shown.</summary>
    public bool IsUrl { get; init; }

    /// <summary>A value as it may be shown.</summary>
    public string Mask(string value) =>
        IsUrl
            ? string.Join(", ", value.Split(',', StringSplitOptions.TrimEntries).Select(MaskUrl))
            : "(set, not shown)";

    private static string MaskUrl(string text)
    {
        // An operator's URL stands behind its address; a folder is no URL.
        int scheme = text.IndexOf("://", StringComparison.Ordinal);
        if (scheme < 0)
        {
            return text;
        }

        string rest = text[(scheme + 3)..];
        int end = rest.IndexOfAny(['/', '?', '#']);
        string authority = end < 0 ? rest : rest[..end];
        string host = authority[(authority.LastIndexOf('@') + 1)..];
        bool isWhole = host.Length == rest.TrimEnd('/').Length;
        return $"{text[..(scheme + 3)]}{host}{(isWhole ? "" : "/…")}";
    }
}
