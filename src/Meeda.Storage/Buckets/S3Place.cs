namespace Meeda.Storage.Buckets;

/// <summary>A bucket of an S3 server, or the part of it below a prefix.</summary>
/// <param name="Endpoint">Where the server listens: scheme, host and port. It never holds credentials.</param>
/// <param name="Bucket">The bucket's name.</param>
/// <param name="Prefix">The prefix of all object names: empty, or ending in a slash.</param>
internal sealed record S3Place(Uri Endpoint, string Bucket, string Prefix)
{
    private const string Scheme = "s3+";

    /// <summary>The bucket's name in logs.</summary>
    public string Name => $"s3:{Endpoint.Authority}/{Bucket}/{Prefix}".TrimEnd('/');

    /// <summary>Whether a place denotes an S3 server, even if it is malformed.</summary>
    public static bool IsMeant(string place) => place.StartsWith(Scheme, StringComparison.Ordinal);

    /// <summary>
    /// Parses <c>s3+https://host[:port]/bucket[/prefix]</c> or <c>s3+http</c>; null if it is another kind of place or
    /// malformed. A place with a user or a query is rejected, because credentials do not belong in it.
    /// </summary>
    public static S3Place? Read(string place)
    {
        if (
            !IsMeant(place)
            || !Uri.TryCreate(place[Scheme.Length..], UriKind.Absolute, out Uri? url)
            || url.Scheme is not ("http" or "https")
            || url.Host.Length == 0
            || url.UserInfo.Length > 0
            || place.Any(letter => letter is '?' or '#' or '%' or '@' or '\\' || char.IsWhiteSpace(letter))
            || place.Split('/').Any(part => part is "." or "..")
        )
        {
            return null;
        }

        string[] parts = url.AbsolutePath.Trim('/').Split('/');
        if (!IsBucketName(parts[0]) || parts.Any(part => part.Length == 0))
        {
            return null;
        }

        return new S3Place(
            new Uri(url.GetLeftPart(UriPartial.Authority)),
            parts[0],
            string.Concat(parts[1..].Select(part => $"{part}/"))
        );
    }

    // Amazon S3's rules for new buckets, which every server accepts: 3 to 63 of a-z, 0-9, '-' and '.', with a letter or
    // digit at both ends.
    private static bool IsBucketName(string name) =>
        name.Length is >= 3 and <= 63
        && name.All(letter => char.IsAsciiLetterLower(letter) || char.IsAsciiDigit(letter) || letter is '-' or '.')
        && char.IsAsciiLetterOrDigit(name[0])
        && char.IsAsciiLetterOrDigit(name[^1]);
}
