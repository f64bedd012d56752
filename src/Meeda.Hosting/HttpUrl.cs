using System.Diagnostics.CodeAnalysis;

namespace Meeda.Hosting;

/// <summary>URLs that people type.</summary>
internal static class HttpUrl
{
    /// <summary>
    /// Reads one absolute http or https URL. A list is invalid, although a URL parser accepts it as a host name.
    /// </summary>
    public static bool TryParse(string? text, [NotNullWhen(true)] out Uri? url)
    {
        string trimmed = text?.Trim() ?? "";
        bool isOne =
            Uri.TryCreate(trimmed, UriKind.Absolute, out url)
            && url.Scheme is "http" or "https"
            && !trimmed.Any(letter => letter is ',' or ';' or '"' or '\'' || char.IsWhiteSpace(letter))
            && url!.Fragment.Length == 0;
        url = isOne ? url : null;
        return isOne;
    }
}
