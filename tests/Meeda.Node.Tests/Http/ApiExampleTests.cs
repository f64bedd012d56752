using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;
using Meeda.Chain.Index;
using Meeda.Client;
using Meeda.Ethereum;
using Meeda.Http;
using Meeda.Operator.L1;
using Meeda.Operator.Persistence;
using Meeda.Protocol.Anchors;
using Meeda.Protocol.Batches;
using Meeda.Testing;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace Meeda.Node.Tests.Http;

/// <summary>
/// The examples of the OpenAPI document, issued against a running operator: status and shape of each response are as
/// the document shows them, raw bytes exactly. With MEEDA_APPROVE_API=1 the answers in <c>examples.json</c> are
/// rewritten (build once more before <see cref="OpenApiTests"/> writes the document).
/// </summary>
public sealed class ApiExampleTests(OperatorFixture node) : IClassFixture<OperatorFixture>
{
    // Responses computed from the contract's parameters, which need an L1: here the example's shape is compared with
    // the body's type, and the end-to-end tests request them from an operator with a chain.
    private static readonly Dictionary<string, Type> NeedL1 = new()
    {
        ["GET /batches/{id}/history"] = typeof(HistoryBody),
        ["GET /epochs/{epoch}"] = typeof(EpochBody),
        ["GET /getProofInfo"] = typeof(Operator.Http.Legacy.ProofInfoBody),
        ["GET /da/getProofInfo"] = typeof(Operator.Http.Legacy.ProofInfoBody),
    };

    private static readonly JsonSerializerOptions Strict = new(JsonSerializerOptions.Web)
    {
        UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
        RespectRequiredConstructorParameters = true,
        RespectNullableAnnotations = true,
    };

    private static readonly JsonSerializerOptions Written = new(JsonSerializerOptions.Web)
    {
        WriteIndented = true,
        IndentSize = 1,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    };

    [Fact]
    public async Task Examples_IssuedAgainstAnOperator_AreAnsweredAsShown()
    {
        bool approve = Environment.GetEnvironmentVariable("MEEDA_APPROVE_API") == "1";
        var issued = new List<ApiExample>();
        bool anchored = false;
        foreach (ApiExample example in ApiExample.All)
        {
            if (NeedL1.TryGetValue(example.Operation, out Type? body))
            {
                Assert.NotNull(example.Answer.Deserialize(body, Strict));
                issued.Add(example);
                continue;
            }

            if (!anchored && example.Operation.Contains("/batches/", StringComparison.Ordinal))
            {
                await AnchorAsync(example.Parameters!["id"]);
                anchored = true;
            }

            (HttpStatusCode status, JsonNode? answer) = await IssueAsync(example);
            Assert.True((int)status == example.Status, $"{example.Operation}: {(int)status} {answer?.ToJsonString()}");
            issued.Add(example with { Answer = answer });
            if (!approve)
            {
                Assert.True(
                    Shape(example.Answer) == Shape(answer),
                    $"{example.Operation}: the example is {Shape(example.Answer)}, the answer {Shape(answer)}"
                );
            }
        }

        if (approve)
        {
            await File.WriteAllTextAsync(
                Path.Combine(Repository.Root, "src", "Meeda.Http", "examples.json"),
                JsonSerializer.Serialize(issued, Written) + "\n"
            );
        }
    }

    [Fact]
    public async Task Document_OfEveryOperation_HasSummaryErrorStatusAndExample()
    {
        JsonNode document = JsonNode.Parse(
            await node.Http.GetStringAsync(new Uri("openapi/v1.json", UriKind.Relative))
        )!;
        string[] operations =
        [
            .. document["paths"]!
                .AsObject()
                .SelectMany(path =>
                    path.Value!.AsObject().Select(method => $"{method.Key.ToUpperInvariant()} {path.Key}")
                )
                .Order(StringComparer.Ordinal),
        ];
        Assert.Equal(operations, ApiExample.All.Select(example => example.Operation).Order(StringComparer.Ordinal));
        foreach (ApiExample example in ApiExample.All)
        {
            string[] parts = example.Operation.Split(' ');
            JsonObject operation = document["paths"]![parts[1]]![parts[0].ToLowerInvariant()]!.AsObject();
            Assert.False(string.IsNullOrEmpty((string?)operation["summary"]), $"{example.Operation} has no summary");
            JsonObject responses = operation["responses"]!.AsObject();
            Assert.True(
                example.Operation is "GET /health" or "GET /health/live"
                    || responses.Any(response => response.Key[0] is '4' or '5'),
                $"{example.Operation} tells no error status"
            );
            JsonObject answered = responses[$"{example.Status}"]!.AsObject();
            Assert.True(
                example.Answer is null
                    || answered["content"]!.AsObject().All(type => type.Value!["example"] is not null),
                $"{example.Operation} has no example of its answer"
            );
            Assert.True(
                operation["requestBody"] is null == example.Request is null,
                $"{example.Operation}: body and example of a body go together"
            );
            Assert.True(
                example.Request is null
                    || operation["requestBody"]!["content"]!.AsObject().All(type => type.Value!["example"] is not null),
                $"{example.Operation} has no example of its body"
            );
            Assert.All(operation["parameters"]?.AsArray() ?? [], parameter => Assert.NotNull(parameter!["example"]));
        }
    }

    [Fact]
    public async Task Docs_ThePage_LoadsNothingFromAnotherHost()
    {
        using HttpResponseMessage response = await node.Http.GetAsync(new Uri("docs/", UriKind.Relative));
        string page = await response.Content.ReadAsStringAsync();
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.StartsWith(
            "default-src 'self';",
            string.Concat(response.Headers.GetValues("Content-Security-Policy")),
            StringComparison.Ordinal
        );
        Assert.DoesNotContain("https://", page, StringComparison.Ordinal);
        string[] scripts =
        [
            .. page.Split("src=\"").Skip(1).Select(rest => rest[..rest.IndexOf('"', StringComparison.Ordinal)]),
        ];
        Assert.NotEmpty(scripts);
        foreach (string script in scripts)
        {
            Assert.Equal(
                HttpStatusCode.OK,
                (await node.GetAsync(new Uri(new Uri(node.Address, "docs/"), script).AbsolutePath)).Status
            );
        }
    }

    /// <summary>Property names and kinds of values, arrays by their first element; raw bytes (hex) unchanged.</summary>
    private static string Shape(JsonNode? node) =>
        node switch
        {
            null => "null",
            JsonObject named => "{"
                + string.Join(
                    ",",
                    named.Select(each =>
                        $"{each.Key}:{(each.Value is JsonObject or JsonArray ? Shape(each.Value) : "value")}"
                    )
                )
                + "}",
            JsonArray list => list.Count == 0
                ? "[]"
                : $"[{(list[0] is JsonObject or JsonArray ? Shape(list[0]) : "value")}]",
            _ => node.ToJsonString(),
        };

    private async Task<(HttpStatusCode Status, JsonNode? Answer)> IssueAsync(ApiExample example)
    {
        string[] parts = example.Operation.Split(' ');
        string path = parts[1];
        var query = new List<string>();
        foreach ((string name, string value) in example.Parameters ?? [])
        {
            if (path.Contains($"{{{name}}}", StringComparison.Ordinal))
            {
                path = path.Replace($"{{{name}}}", value, StringComparison.Ordinal);
            }
            else
            {
                query.Add($"{name}={Uri.EscapeDataString(value)}");
            }
        }

        using var request = new HttpRequestMessage(
            new HttpMethod(parts[0]),
            new Uri($"{path}?{string.Join('&', query)}", UriKind.Relative)
        );
        if (example.Request is { } body)
        {
            bool raw = body.GetValueKind() == JsonValueKind.String;
            request.Content = new ByteArrayContent(
                raw ? Convert.FromHexString((string)body!) : Encoding.UTF8.GetBytes(body.ToJsonString())
            );
            request.Content.Headers.ContentType = new MediaTypeHeaderValue(
                raw ? "application/octet-stream" : "application/json"
            );
        }

        using HttpResponseMessage response = await node.Http.SendAsync(request);
        byte[] bytes = await response.Content.ReadAsByteArrayAsync();
        JsonNode? answer =
            bytes.Length == 0 ? null
            : response.Content.Headers.ContentType?.MediaType == "application/json" ? JsonNode.Parse(bytes)
            : JsonValue.Create(Convert.ToHexStringLower(bytes));
        return (response.StatusCode, answer);
    }

    /// <summary>Writes to the ledger what the follower would have read from L1: an anchor with the one batch.</summary>
    private async Task AnchorAsync(string id)
    {
        var ledger = node.Services.GetRequiredService<Ledger>();
        await node.PlacedAsync();
        StoredBatch batch = (await ledger.FindBatchAsync(new BatchId(Bytes32.Parse(id)), CancellationToken.None))!;
        Bytes32 block = Keccak256.Hash("block"u8);
        await ledger.AdvanceAsync(
            new BlockPoint(120, block),
            [
                new AnchorEvent(
                    new Anchor(0, Keccak256.Hash("root"u8), 0, (uint)batch.BlobCount, 100, 100_000),
                    Keccak256.Hash("transaction"u8),
                    batch.Commitments,
                    [new AnchoredBatch(batch.Id, 0, 0, (uint)batch.BlobCount)]
                ),
            ],
            [],
            CancellationToken.None,
            node.Services.GetRequiredService<OperatorAccount>().Address
        );
    }
}
