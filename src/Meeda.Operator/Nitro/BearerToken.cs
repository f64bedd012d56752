using System.Text.Json;
using Microsoft.IdentityModel.JsonWebTokens;
using Microsoft.IdentityModel.Tokens;

namespace Meeda.Operator.Nitro;

/// <summary>
/// The token of Ethereum's engine API (execution-apis, "Authentication"), as Nitro's client makes it and geth's
/// handler (<c>node/jwt_handler.go</c>) checks it: a JWT
/// signed with HS256 and nothing else, whose <c>iat</c> is within 60 s of now. <c>exp</c> and <c>nbf</c> are enforced
/// if present (RFC 7519, 4.1.4 and 4.1.5), with a few
/// seconds for clocks that differ.
/// </summary>
internal static class BearerToken
{
    private const string Scheme = "Bearer ";
    private const double MaxSecondsApart = 60;
    private const double ClockSkewSeconds = 5;

    private static readonly JsonDocumentOptions Strict = new() { AllowDuplicateProperties = false, MaxDepth = 8 };

    private static readonly JsonWebTokenHandler Handler = new() { MaximumTokenSizeInBytes = 8 * 1024 };

    /// <summary>Whether an <c>Authorization</c> header carries a token of the secret's holder.</summary>
    /// <param name="header">The header's value, untrusted; null where there is none.</param>
    /// <param name="secret">The shared secret, 32 bytes.</param>
    /// <param name="now">The time.</param>
    public static async Task<bool> IsValidAsync(string? header, byte[] secret, DateTimeOffset now)
    {
        if (header is null || !header.StartsWith(Scheme, StringComparison.OrdinalIgnoreCase))
        {
            return false;
        }

        var rules = new TokenValidationParameters
        {
            IssuerSigningKey = new SymmetricSecurityKey(secret),
            ValidAlgorithms = [SecurityAlgorithms.HmacSha256],
            ValidateIssuer = false,
            ValidateAudience = false,
            LifetimeValidator = (_, _, token, _) => token is JsonWebToken jwt && IsTimely(jwt, now),
        };
        return (await Handler.ValidateTokenAsync(header[Scheme.Length..].Trim(), rules)).IsValid;
    }

    /// <summary>
    /// Whether a signed token is valid at this time and uses no extension that this service does not know.
    /// </summary>
    private static bool IsTimely(JsonWebToken token, DateTimeOffset now)
    {
        // Parsed here: the library accepts a number in quotes, and the last of two claims with the same name.
        using JsonDocument claims = JsonDocument.Parse(Base64UrlEncoder.DecodeBytes(token.EncodedPayload), Strict);
        double seconds = now.ToUnixTimeMilliseconds() / 1000.0;
        return !token.TryGetHeaderValue("crit", out object _)
            && TryReadTime(claims.RootElement, "iat", out double? issued)
            && issued is { } at
            && Math.Abs(seconds - at) <= MaxSecondsApart
            && TryReadTime(claims.RootElement, "exp", out double? expiry)
            && (expiry is null || seconds < expiry + ClockSkewSeconds)
            && TryReadTime(claims.RootElement, "nbf", out double? start)
            && (start is null || seconds >= start - ClockSkewSeconds);
    }

    /// <summary>Reads a time claim in seconds, possibly fractional; null if it is absent.</summary>
    /// <returns>False if it is not a number or is out of range.</returns>
    private static bool TryReadTime(JsonElement claims, string name, out double? seconds)
    {
        seconds = null;
        if (!claims.TryGetProperty(name, out JsonElement claim))
        {
            return true;
        }

        if (
            claim.ValueKind != JsonValueKind.Number
            || !claim.TryGetDouble(out double number)
            || !double.IsFinite(number)
        )
        {
            return false;
        }

        seconds = number;
        return true;
    }
}
