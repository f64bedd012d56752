using System.Security.Claims;
using System.Text.Encodings.Web;
using Meeda.Http;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Authorization;
using Microsoft.Extensions.Options;

namespace Meeda.Operator.Tenants;

/// <summary>
/// Authenticates requests by API key, and answers those that have none (401) or one that lacks a scope (403). The key
/// comes in the header <c>Authorization: Bearer</c>, or from clients that cannot send one in the base URL,
/// <c>/t/&lt;key&gt;</c>, which <see cref="TenantKeyPathFilter"/> takes off the path: what is routed, logged, measured
/// or answered never holds a key.
/// </summary>
internal sealed class ApiKeyHandler(
    IOptionsMonitor<AuthenticationSchemeOptions> options,
    ILoggerFactory loggers,
    UrlEncoder encoder,
    TenantKeys keys
) : AuthenticationHandler<AuthenticationSchemeOptions>(options, loggers, encoder)
{
    private const string Bearer = "Bearer ";

    /// <inheritdoc/>
    protected override async Task<AuthenticateResult> HandleAuthenticateAsync()
    {
        // A probe of liveness must not wait for the tenants' database.
        if (Context.GetEndpoint()?.Metadata.GetMetadata<IAllowAnonymous>() is not null)
        {
            return AuthenticateResult.NoResult();
        }

        if (!await keys.AreRequiredAsync(Context.RequestAborted))
        {
            return Success(TenantScopes.Admin); // without tenants, everyone may do everything
        }

        string? key = Context.Features.Get<UrlKey>()?.Key ?? HeaderKey(Request);
        if (key is null)
        {
            return AuthenticateResult.NoResult();
        }

        if (await keys.FindAsync(key, Context.RequestAborted) is not { } tenant)
        {
            return AuthenticateResult.Fail("The API key is unknown or revoked.");
        }

        Context.Features.Set(tenant);
        Context.Features.Set(new KnownClient(tenant.CountedAs));
        return Success(tenant.Scopes);
    }

    /// <inheritdoc/>
    protected override async Task HandleChallengeAsync(AuthenticationProperties properties)
    {
        AuthenticateResult result = await HandleAuthenticateOnceSafeAsync();
        Response.Headers.WWWAuthenticate = "Bearer"; // RFC 9110, section 15.5.2
        await Context.AnswerErrorAsync(
            result.Failure is null ? ErrorCode.KeyMissing : ErrorCode.KeyInvalid,
            "key: missing or invalid; send it as Authorization: Bearer <key>, or put /t/<key> before the path"
        );
    }

    /// <inheritdoc/>
    protected override async Task HandleForbiddenAsync(AuthenticationProperties properties)
    {
        string scope = TenantAccess.ScopeOf(Context);
        await Context.AnswerErrorAsync(ErrorCode.ScopeMissing, $"key: it lacks the scope {scope}");
    }

    private AuthenticateResult Success(TenantScopes scopes)
    {
        var identity = new ClaimsIdentity(Scheme.Name);
        bool isAdmin = scopes.HasFlag(TenantScopes.Admin);
        if (isAdmin || scopes.HasFlag(TenantScopes.Read))
        {
            identity.AddClaim(new Claim(TenantAccess.ScopeClaim, TenantAccess.Read));
        }

        if (isAdmin || scopes.HasFlag(TenantScopes.Write))
        {
            identity.AddClaim(new Claim(TenantAccess.ScopeClaim, TenantAccess.Write));
        }

        return AuthenticateResult.Success(new AuthenticationTicket(new ClaimsPrincipal(identity), Scheme.Name));
    }

    private static string? HeaderKey(HttpRequest request) =>
        request.Headers.Authorization.ToString() is var header
        && header.StartsWith(Bearer + TenantKeys.Prefix, StringComparison.OrdinalIgnoreCase)
            ? header[Bearer.Length..].Trim()
            : null;
}
