using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Authorization;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace Meeda.Operator.Tenants;

/// <summary>Who may use which route: a policy for each scope of an API key, named as the scope is.</summary>
internal static class TenantAccess
{
    /// <summary>The policy, and the scope, of routes that read.</summary>
    public const string Read = "read";

    /// <summary>The policy, and the scope, of routes that store, renew, or answer both by one method.</summary>
    public const string Write = "write";

    /// <summary>The type of the claim that a key has a scope.</summary>
    public const string ScopeClaim = "scope";

    private const string ApiKey = "ApiKey";

    /// <summary>
    /// Adds authentication by API key, and the policies. What names no policy, and what is no route, asks for a scope
    /// too, by its method: a route that forgets its policy is not open.
    /// </summary>
    public static IServiceCollection AddTenantAccess(this IServiceCollection services)
    {
        // Not AddAuthentication: it brings data protection along, which would write keys to the user's home at start.
        services.AddAuthenticationCore(authentication => authentication.DefaultScheme = ApiKey).AddWebEncoders();
        services.AddRateLimiter(_ => { }); // what it limits by is named where it is used
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
    /// Lets requests through by key, scope and quota; behind routing, since routes name their scopes.
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
