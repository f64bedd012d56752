namespace Meeda.Hosting.Settings;

/// <summary>Marks a setting that is a secret, or a URL that may hold one: it is never shown as it is.</summary>
[AttributeUsage(AttributeTargets.Property)]
internal sealed class SecretAttribute : Attribute
{
    private const string Hidden = "(set, not shown)";

    /// <summary>Whether it is a URL, or several with commas between, of which scheme and host may be shown.</summary>
    public bool IsUrl { get; init; }

    /// <summary>A value as it may be shown. What is not surely a folder or a URL is hidden as a whole.</summary>
    public string Mask(string value)
    {
        string?[] parts = IsUrl ? [.. value.Split(',', StringSplitOptions.TrimEntries).Select(MaskUrl)] : [null];
        return parts.Contains(null) ? Hidden : string.Join(", ", parts);
    }

    private static string? MaskUrl(string text)
    {
        int scheme = text.IndexOf("://", StringComparison.Ordinal);
        if (scheme < 0)
        {
            return text.Contains('@', StringComparison.Ordinal) ? null : text;
        }

        // An operator's URL stands behind its address.
        int start = text.LastIndexOf('=', scheme) + 1;
        return Uri.TryCreate(text[start..], UriKind.Absolute, out Uri? url) && url.Host.Length > 0
            ? $"{text[..start]}{url.Scheme}://{url.Authority}{(url.PathAndQuery.Length > 1 ? "/…" : "")}"
            : null;
    }
}
