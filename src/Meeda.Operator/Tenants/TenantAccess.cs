using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Authorization;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace Meeda.Operator.Tenants;

/// <summary>Authorization of routes: one policy for each API key scope, with the scope's name.</summary>
internal static class TenantAccess
{
    /// <summary>The policy, and the scope, of routes that read.</summary>
    public const string Read = "read";

    /// <summary>
    /// The policy, and the scope, of routes that store or renew, or that serve reads and writes by the same method.
    /// </summary>
    public const string Write = "write";

    /// <summary>The claim type for a key's scope.</summary>
    public const string ScopeClaim = "scope";

    private const string ApiKey = "ApiKey";

    /// <summary>
    /// Adds authentication by API key, and the policies. A route without a policy, and a path without a route, require
    /// a scope by the request's method, so that a route is never open by omission.
    /// </summary>
    public static IServiceCollection AddTenantAccess(this IServiceCollection services)
    {
        // Not AddAuthentication: it adds data protection, which would write keys to the user's home directory at start.
        services.AddAuthenticationCore(authentication => authentication.DefaultScheme = ApiKey).AddWebEncoders();
        services.AddRateLimiter(_ => { }); // UseRateLimiter names the limiter
        services.TryAddSingleton(TimeProvider.System);
        new AuthenticationBuilder(services).AddScheme<AuthenticationSchemeOptions, ApiKeyHandler>(ApiKey, null);
        return services.AddAuthorization(authorization =>
        {
            authorization.AddPolicy(Read, policy => policy.RequireClaim(ScopeClaim, Read));
            authorization.AddPolicy(Write, policy => policy.RequireClaim(ScopeClaim, Write));
            authorization.FallbackPolicy = new AuthorizationPolicyBuilder()
                .RequireAssertion(asked =>
                    asked.Resource is HttpContext context && asked.User.HasClaim(ScopeClaim, ScopeOf(context))
                )
                .Build();
        });
    }

    /// <summary>
    /// Admits requests by key, scope and quota. Runs after routing, because routes name their scopes.
    /// </summary>
    public static void UseTenantAccess(this WebApplication app, TenantKeys keys, TimeProvider time)
    {
        app.UseAuthentication();
        app.UseAuthorization();
        app.UseTenantQuotas(keys, time);
    }

    /// <summary>
    /// The scope that a request needs: the one that its route names, otherwise the one of its method.
    /// </summary>
    public static string ScopeOf(HttpContext context) =>
        context.GetEndpoint()?.Metadata.GetMetadata<IAuthorizeData>()?.Policy
        ?? (IsWrite(context.Request) ? Write : Read);

    /// <summary>Whether a request may have a body that is stored.</summary>
    public static bool IsWrite(HttpRequest request) =>
        !HttpMethods.IsGet(request.Method) && !HttpMethods.IsHead(request.Method);
}
