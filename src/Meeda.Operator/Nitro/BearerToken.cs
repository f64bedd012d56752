using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;

namespace Meeda.Operator.Nitro;

/// <summary>
/// The token of Ethereum's engine API (execution-apis, "Authentication"), as Nitro's client makes it and geth's handler (<c>node/jwt_handler.go</c>) checks it: a JWT
/// signed with HS256 and nothing else, whose <c>iat</c> is within 60 s of now. Where it has <c>exp</c> or <c>nbf</c> they count (RFC 7519, 4.1.4 and 4.1.5), with a few
/// seconds for clocks that differ.
/// </summary>
internal static class BearerToken
{
    private const double MostSecondsApart = 60;
    private const double ClockSkewSeconds = 5;

    // A claim that is there twice is read in two ways by two readers.
    private static readonly JsonDocumentOptions Options = new() { AllowDuplicateProperties = false, MaxDepth = 8 };

    /// <summary>Whether an <c>Authorization</c> header carries a token of the secret's holder.</summary>
    /// <param name="header">The header's value, untrusted; null where there is none.</param>
    /// <param name="secret">The shared secret.</param>
    /// <param name="now">The time.</param>
    public static bool IsValid(string? header, byte[] secret, DateTimeOffset now)
    {
        const string scheme = "Bearer ";
        if (header is null || !header.StartsWith(scheme, StringComparison.OrdinalIgnoreCase))
        {
            return false;
        }

        string[] parts = header[scheme.Length..].Trim().Split('.');
        if (parts.Length != 3)
        {
            return false;
        }

        try
        {
            byte[] expected = HMACSHA256.HashData(secret, Encoding.UTF8.GetBytes($"{parts[0]}.{parts[1]}"));
            if (!CryptographicOperations.FixedTimeEquals(expected, Base64Url.DecodeFromChars(parts[2])))
            {
                return false;
            }

            // Signed, so by the secret's holder; still, only this algorithm, and only while it is fresh.
            using JsonDocument head = JsonDocument.Parse(Base64Url.DecodeFromChars(parts[0]), Options);
            using JsonDocument claims = JsonDocument.Parse(Base64Url.DecodeFromChars(parts[1]), Options);
            double seconds = now.ToUnixTimeMilliseconds() / 1000.0;
            return head.RootElement.GetProperty("alg").GetString() == "HS256"
                && !head.RootElement.TryGetProperty("crit", out _) // what it names would have to be understood
                && Seconds(claims.RootElement, "iat") is { } issued && Math.Abs(seconds - issued) <= MostSecondsApart
                && (Seconds(claims.RootElement, "exp") is not { } expiry || seconds < expiry + ClockSkewSeconds)
                && (Seconds(claims.RootElement, "nbf") is not { } start || seconds >= start - ClockSkewSeconds);
        }
        catch (Exception malformed) when (malformed is FormatException or JsonException or KeyNotFoundException or InvalidOperationException)
        {
            return false;
        }
    }

    /// <summary>A claim that is a time: a number of seconds, a fraction too; null where it is not there.</summary>
    /// <exception cref="FormatException">It is no number, or none that a time can be.</exception>
    private static double? Seconds(JsonElement claims, string name) =>
        !claims.TryGetProperty(name, out JsonElement claim) ? null
        : claim.ValueKind == JsonValueKind.Number && claim.TryGetDouble(out double seconds) && double.IsFinite(seconds) ? seconds
        : throw new FormatException();
}
