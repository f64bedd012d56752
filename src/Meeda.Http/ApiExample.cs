using System.Text.Json;
using System.Text.Json.Nodes;

namespace Meeda.Http;

/// <summary>
/// One request with the answer that it had. <c>examples.json</c> holds one for each operation; the tests issue each
/// against a running operator and compare status
/// and shape, so that what a reader copies works.
/// </summary>
/// <param name="Operation">Method and route, as the OpenAPI document has them: <c>GET /batches/{id}</c>.</param>
/// <param name="Parameters">Values of the path's and the query's parameters; null for none.</param>
/// <param name="Request">The body: JSON, or a string of hex digits for raw bytes; null for none.</param>
/// <param name="Status">The answer's status.</param>
/// <param name="Answer">The answer's body: JSON, or a string of hex digits for raw bytes; null for none.</param>
internal sealed record ApiExample(
    string Operation,
    Dictionary<string, string>? Parameters,
    JsonNode? Request,
    int Status,
    JsonNode? Answer
)
{
    private const string Resource = "examples.json";

    /// <summary>Every example, in an order in which they can be issued.</summary>
    public static IReadOnlyList<ApiExample> All { get; } = Read();

    private static ApiExample[] Read()
    {
        using Stream stream =
            typeof(ApiExample).Assembly.GetManifestResourceStream(Resource)
            ?? throw new InvalidOperationException($"{Resource} is not embedded");
        return JsonSerializer.Deserialize(stream, HttpJson.Default.ApiExampleArray)
            ?? throw new InvalidOperationException($"{Resource} is empty");
    }
}
