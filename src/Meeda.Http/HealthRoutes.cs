using Microsoft.AspNetCore.Diagnostics.HealthChecks;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace Meeda.Http;

/// <summary>Routes of health, answered by the framework's checks.</summary>
internal static class HealthRoutes
{
    /// <summary>Maps a route that answers 200 as long as the process answers: it asks no check.</summary>
    public static void MapLiveness(this IEndpointRouteBuilder routes, string path, string summary) =>
        routes
            .MapDescribed(
                path,
                summary,
                new HealthCheckOptions { Predicate = _ => false, ResponseWriter = (_, _) => Task.CompletedTask }
            )
            .WithMetadata(new ProducesResponseTypeMetadata(StatusCodes.Status200OK));

    /// <summary>Maps a route that asks all checks: 200 where none is unhealthy, 503 otherwise.</summary>
    /// <typeparam name="T">The answer's body.</typeparam>
    /// <param name="routes">Where to.</param>
    /// <param name="path">The route.</param>
    /// <param name="summary">What it says, for the document.</param>
    /// <param name="body">Makes the body of what the checks found.</param>
    public static void MapReadiness<T>(
        this IEndpointRouteBuilder routes,
        string path,
        string summary,
        Func<HttpContext, HealthReport, T> body
    ) =>
        routes
            .MapDescribed(
                path,
                summary,
                new HealthCheckOptions
                {
                    ResponseWriter = (context, report) => context.Response.WriteAsJsonAsync(body(context, report)),
                }
            )
            .WithMetadata(
                new ProducesResponseTypeMetadata(StatusCodes.Status200OK, typeof(T), ["application/json"]),
                new ProducesResponseTypeMetadata(
                    StatusCodes.Status503ServiceUnavailable,
                    typeof(T),
                    ["application/json"]
                )
            );

    /// <summary>
    /// The framework maps its checks for every method and leaves them out of the OpenAPI document; these are for GET,
    /// and shown.
    /// </summary>
    private static IEndpointConventionBuilder MapDescribed(
        this IEndpointRouteBuilder routes,
        string path,
        string summary,
        HealthCheckOptions options
    ) =>
        routes
            .MapHealthChecks(path, options)
            .WithMetadata(
                new HttpMethodMetadata([HttpMethods.Get]),
                typeof(HealthCheckMiddleware).GetMethod(nameof(HealthCheckMiddleware.InvokeAsync))!
            )
            .WithSummary(summary);
}
