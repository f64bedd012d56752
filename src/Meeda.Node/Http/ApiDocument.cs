namespace Meeda.Node.Http;

/// <summary>The OpenAPI document of a service, at <c>/openapi/v1.json</c>: made from the endpoints and the comments of their bodies.</summary>
internal static class ApiDocument
{
    /// <summary>Adds the document.</summary>
    /// <param name="services">The service's services.</param>
    /// <param name="title">What it is the API of.</param>
    public static void AddApiDocument(this IServiceCollection services, string title) => services.AddOpenApi(options => options.AddDocumentTransformer((document, _, _) =>
    {
        document.Info.Title = title;
        document.Info.Version = "1";
        document.Info.Description = "docs/http-api.md says when each status is given and what to do about it. Every error's body is one sentence that names the field and the limit.";
        return Task.CompletedTask;
    }));
}
