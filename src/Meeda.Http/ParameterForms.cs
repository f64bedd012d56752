using Meeda.Kzg.Fields;
using Meeda.Protocol.Batches;

namespace Meeda.Http;

/// <summary>
/// What a parameter that the framework binds has to look like. The framework answers what it cannot bind with an empty
/// 400; from this the answer gets the message that names the parameter and what is expected.
/// </summary>
/// <param name="Name">The parameter, in the path or the query.</param>
/// <param name="Expected">The message behind its name.</param>
/// <param name="IsMet">Whether a text is of the form; null is a parameter that is missing.</param>
internal sealed record ParameterForm(string Name, string Expected, Func<string?, bool> IsMet);

/// <summary>The forms of the parameters of Meeda's own routes.</summary>
internal static class ParameterForms
{
    /// <summary>The batch id in the path.</summary>
    public static readonly ParameterForm BatchId = Of<BatchId>("id", "a batch id is 64 hex digits, with or without 0x");

    /// <summary>The point at which a blob is opened.</summary>
    public static readonly ParameterForm Point = Of<Fr>(
        "z",
        "the point is 64 hex digits of a number below the order of BLS12-381's scalar field (?z=0x…)"
    );

    /// <summary>Says what a parameter of an endpoint has to look like.</summary>
    public static TBuilder Expects<TBuilder>(this TBuilder endpoint, ParameterForm form)
        where TBuilder : IEndpointConventionBuilder => endpoint.WithMetadata(form);

    /// <summary>What is wrong with the parameters that were not bound; null where each is as it should be.</summary>
    public static string? ProblemOf(HttpContext context) =>
        context
            .GetEndpoint()
            ?.Metadata.GetOrderedMetadata<ParameterForm>()
            .Where(form => !form.IsMet(TextOf(context.Request, form.Name)))
            .Select(form => $"{form.Name}: {form.Expected}")
            .FirstOrDefault();

    private static string? TextOf(HttpRequest request, string name) =>
        request.RouteValues.TryGetValue(name, out object? value) ? value as string : request.Query[name];

    private static ParameterForm Of<T>(string name, string expected)
        where T : IParsable<T> => new(name, expected, text => T.TryParse(text, null, out _));
}
