using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;

namespace Meeda.Node.Nitro;

/// <summary>
/// The token of Ethereum's engine API (execution-apis, "Authentication"): a JWT signed with HS256 whose <c>iat</c> is within 60 s of now.
/// </summary>
internal static class BearerToken
{
    private const long MostSecondsApart = 60;

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
            using JsonDocument head = JsonDocument.Parse(Base64Url.DecodeFromChars(parts[0]));
            using JsonDocument claims = JsonDocument.Parse(Base64Url.DecodeFromChars(parts[1]));
            return head.RootElement.GetProperty("alg").GetString() == "HS256"
                && claims.RootElement.GetProperty("iat").TryGetInt64(out long issued)
                && Math.Abs((double)now.ToUnixTimeSeconds() - issued) <= MostSecondsApart;
        }
        catch (Exception malformed) when (malformed is FormatException or JsonException or KeyNotFoundException or InvalidOperationException)
        {
            return false;
        }
    }
}
