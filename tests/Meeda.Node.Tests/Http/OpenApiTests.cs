using System.Text.Json;
using System.Text.Json.Nodes;
using Meeda.Operator.Tenants;
using Meeda.Testing;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace Meeda.Node.Tests.Http;

/// <summary>
/// The HTTP API as a document for review: a change of the API changes <c>docs/openapi.json</c> in the same commit. To
/// accept the current API, run the test with MEEDA_APPROVE_API=1.
/// </summary>
public sealed class OpenApiTests(OperatorFixture node) : IClassFixture<OperatorFixture>
{
    private static readonly JsonSerializerOptions Indented = new() { WriteIndented = true, IndentSize = 1 };

    [Fact]
    public async Task OpenApi_OfTheOperator_IsTheApprovedOne()
    {
        JsonNode document = JsonNode.Parse(
            await node.Http.GetStringAsync(new Uri("openapi/v1.json", UriKind.Relative))
        )!;
        document.AsObject().Remove("servers"); // the port of this test
        string actual = document.ToJsonString(Indented) + "\n";
        string approved = Path.Combine(Repository.Root, "docs", "openapi.json");
        if (Environment.GetEnvironmentVariable("MEEDA_APPROVE_API") == "1")
        {
            await File.WriteAllTextAsync(approved, actual);
        }

        Assert.Equal(await File.ReadAllTextAsync(approved), actual);
    }

    /// <summary>The fallback policy would protect a route without a policy by guessing its scope.</summary>
    [Fact]
    public void Routes_OfTheOperator_NameTheScopeTheyNeed_AndOnlyHealthIsOpen()
    {
        RouteEndpoint[] routes =
        [
            .. node.Services.GetRequiredService<EndpointDataSource>().Endpoints.OfType<RouteEndpoint>(),
        ];
        Assert.NotEmpty(routes);
        foreach (RouteEndpoint route in routes)
        {
            string path = route.RoutePattern.RawText!;
            bool isOpen = route.Metadata.GetMetadata<IAllowAnonymous>() is not null;
            Assert.Equal((path, path.StartsWith("/health", StringComparison.Ordinal)), (path, isOpen));
            Assert.True(
                isOpen
                    || route.Metadata.GetMetadata<IAuthorizeData>()?.Policy is TenantAccess.Read or TenantAccess.Write,
                $"{path} names no scope"
            );
        }
    }

    [Fact]
    public async Task OpenApi_EveryRoute_SaysWhatItIsFor()
    {
        using JsonDocument document = JsonDocument.Parse(
            await node.Http.GetStringAsync(new Uri("openapi/v1.json", UriKind.Relative))
        );
        foreach (JsonProperty path in document.RootElement.GetProperty("paths").EnumerateObject())
        {
            foreach (JsonProperty method in path.Value.EnumerateObject())
            {
                Assert.True(method.Value.TryGetProperty("summary", out _), $"{method.Name} {path.Name} has no summary");
            }
        }
    }
}
