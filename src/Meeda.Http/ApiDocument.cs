using System.Globalization;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Microsoft.AspNetCore.OpenApi;
using Microsoft.OpenApi;
using Scalar.AspNetCore;

namespace Meeda.Http;

/// <summary>
/// The OpenAPI document of a service, at <c>/openapi/v1.json</c>, made from the endpoints, the comments of their
/// bodies and the examples; and its reference page, at
/// <c>/docs</c>.
/// </summary>
internal static partial class ApiDocument
{
    // The page's policy, which the browser enforces: nothing is loaded from, or sent to, another host.
    private const string PagePolicy =
        "default-src 'self'; script-src 'self' 'unsafe-inline'; style-src 'self' 'unsafe-inline'; img-src 'self' "
        + "data:; font-src 'self' data:";

    private const string ApiKey = "apiKey";

    private static readonly (string Status, string When)[] TenantStatuses =
    [
        ("401", "There are tenants, and the request has no valid key"),
        ("403", "The key's scopes do not allow this"),
        ("429", "A quota is used up, or too much is in flight; Retry-After says when to try again"),
    ];

    /// <summary>
    /// Makes the document of a service. The service's own assembly calls <c>AddOpenApi</c>: the framework takes the
    /// comments of the assembly that does, and of those that it references.
    /// </summary>
    /// <param name="options">The document's options.</param>
    /// <param name="title">What it is the API of.</param>
    /// <param name="hasTenants">Whether requests may need a tenant's key.</param>
    public static void Describe(this OpenApiOptions options, string title, bool hasTenants) =>
        options.AddDocumentTransformer(
            (document, _, _) =>
            {
                foreach (IOpenApiSchema schema in document.Components?.Schemas?.Values ?? [])
                {
                    Unwrap(schema);
                }

                document.Servers?.Clear(); // They would name the host that the first request asked for.
                if (hasTenants)
                {
                    document.AddComponent(ApiKey, ApiKeyScheme());
                }

                document.Info.Title = title;
                document.Info.Version = "1";
                document.Info.Description =
                    "docs/http-api.md says when each status is given and what to do about it. The body of an "
                    + "error is problem details (RFC 9457), or one message where a rollup's protocol or the "
                    + "first version wants it so; both name the field and the limit. Raw bytes are shown in examples "
                    + "as hex digits.";
                foreach ((string path, IOpenApiPathItem item) in document.Paths)
                {
                    foreach ((HttpMethod method, OpenApiOperation operation) in item.Operations ?? [])
                    {
                        if (hasTenants && !path.StartsWith("/health", StringComparison.Ordinal))
                        {
                            AddTenants(document, operation);
                        }

                        if (
                            ApiExample.All.FirstOrDefault(each => each.Operation == $"{method.Method} {path}") is
                            { } example
                        )
                        {
                            Illustrate(operation, example);
                        }
                    }
                }

                return Task.CompletedTask;
            }
        );

    /// <summary>Takes the line breaks of the source out of descriptions.</summary>
    private static void Unwrap(IOpenApiSchema schema)
    {
        schema.Description = schema.Description is { } text ? LineBreak().Replace(text, " ") : null;
        foreach (IOpenApiSchema property in schema.Properties?.Values ?? [])
        {
            property.Description = property.Description is { } words ? LineBreak().Replace(words, " ") : null;
        }
    }

    [GeneratedRegex(@"\s*\n\s*")]
    private static partial Regex LineBreak();

    /// <summary>
    /// Maps the document and the page. The page's script comes from this process; no other host is asked for
    /// anything.
    /// </summary>
    public static void MapApiDocument(this IEndpointRouteBuilder routes)
    {
        routes.MapOpenApi().Add(MakeOnce);
        routes
            .MapScalarApiReference(
                "/docs",
                page =>
                    page.DisableDefaultFonts()
                        .DisableAgent()
                        .DisableMcp()
                        .DisableTelemetry()
                        .HideDeveloperTools()
                        .HideClientButton()
            )
            .ExcludeFromDescription()
            .Add(endpoint =>
            {
                RequestDelegate answer = endpoint.RequestDelegate!;
                endpoint.RequestDelegate = context =>
                {
                    context.Response.Headers.ContentSecurityPolicy = PagePolicy;
                    return answer(context);
                };
            });
    }

    /// <summary>
    /// Lets the first request make the document, and gives it to all others: it depends on nothing that a client
    /// says.
    /// </summary>
    private static void MakeOnce(EndpointBuilder endpoint)
    {
        RequestDelegate make = endpoint.RequestDelegate!;
        var turn = new SemaphoreSlim(1);
        (byte[] Bytes, string? Type)? made = null;
        endpoint.RequestDelegate = async context =>
        {
            if (made is null)
            {
                await turn.WaitAsync(context.RequestAborted);
                try
                {
                    made ??= await CatchAsync(context, make);
                }
                finally
                {
                    turn.Release();
                }
            }

            (byte[] bytes, context.Response.ContentType) = made.Value;
            context.Response.ContentLength = bytes.Length;
            await context.Response.Body.WriteAsync(bytes, context.RequestAborted);
        };
    }

    private static async Task<(byte[] Bytes, string? Type)> CatchAsync(HttpContext context, RequestDelegate make)
    {
        Stream answer = context.Response.Body;
        using var caught = new MemoryStream();
        context.Response.Body = caught;
        try
        {
            await make(context);
            return (caught.ToArray(), context.Response.ContentType);
        }
        finally
        {
            context.Response.Body = answer;
        }
    }

    private static OpenApiSecurityScheme ApiKeyScheme() =>
        new()
        {
            Type = SecuritySchemeType.Http,
            Scheme = "bearer",
            Description =
                "A tenant's API key, needed once the operator has made one. Clients that cannot send a header put "
                + "/t/<key> before the path",
        };

    private static void AddTenants(OpenApiDocument document, OpenApiOperation operation)
    {
        operation.Security =
        [
            new OpenApiSecurityRequirement { [new OpenApiSecuritySchemeReference(ApiKey, document)] = [] },
        ];
        foreach ((string status, string when) in TenantStatuses)
        {
            operation.Responses?.TryAdd(status, new OpenApiResponse { Description = when });
        }
    }

    private static void Illustrate(OpenApiOperation operation, ApiExample example)
    {
        foreach (OpenApiParameter parameter in operation.Parameters?.OfType<OpenApiParameter>() ?? [])
        {
            parameter.Example =
                parameter.Name is { } name && example.Parameters?.GetValueOrDefault(name) is { } value
                    ? JsonValue.Create(value)
                    : null;
        }

        Illustrate(operation.RequestBody?.Content, example.Request);
        if (
            operation.Responses?.TryGetValue(
                example.Status.ToString(CultureInfo.InvariantCulture),
                out IOpenApiResponse? response
            ) == true
        )
        {
            Illustrate(response.Content, example.Answer);
        }
    }

    private static void Illustrate(IDictionary<string, OpenApiMediaType>? content, JsonNode? body)
    {
        foreach (OpenApiMediaType type in content?.Values ?? [])
        {
            type.Example = body?.DeepClone();
        }
    }
}
