using System.Reflection;
using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;
using Meeda.Chain.Verification;
using Meeda.Client;
using Meeda.Http;
using Meeda.Node.Cli;
using Meeda.Operator.Http;
using Meeda.Operator.Tenants;
using Microsoft.AspNetCore.Http.Json;
using Microsoft.AspNetCore.Http.Metadata;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using Xunit;

namespace Meeda.Node.Tests.Http;

/// <summary>Bodies are written and read by generated code, not by reflection.</summary>
public sealed class JsonTests(OperatorFixture node) : IClassFixture<OperatorFixture>
{
    private static readonly JsonSerializerContext[] Contexts = [HttpJson.Default, OperatorJson.Default];

    public static TheoryData<string> ClientBodies => [.. BodiesOf(typeof(StatusBody).Assembly)];

    public static TheoryData<string> ServiceBodies =>
        [.. BodiesOf(typeof(ProblemBody).Assembly), .. BodiesOf(typeof(ReadinessBody).Assembly)];

    [Theory]
    [MemberData(nameof(ClientBodies))]
    public void Body_OfTheClient_IsReadAndWrittenWithoutReflection(string name)
    {
        Type type = typeof(StatusBody).Assembly.GetType(name, throwOnError: true)!;
        Assert.NotNull(TypeInfoOf(typeof(StatusBody).Assembly, "Meeda.Client.ClientJson", type));
        Assert.Contains(Contexts, context => context.GetTypeInfo(type) is not null);
    }

    [Theory]
    [MemberData(nameof(ServiceBodies))]
    public void Body_OfAService_IsWrittenWithoutReflection(string name)
    {
        Type type =
            typeof(ProblemBody).Assembly.GetType(name)
            ?? typeof(ReadinessBody).Assembly.GetType(name, throwOnError: true)!;
        Assert.Contains(Contexts, context => context.GetTypeInfo(type) is not null);
    }

    /// <summary>A new route with a new body must be added here, too.</summary>
    [Fact]
    public void Route_EveryBodyThatItAnswersWith_HasGeneratedCodeInTheRunningService()
    {
        JsonSerializerOptions options = node
            .Services.GetRequiredService<IOptions<JsonOptions>>()
            .Value.SerializerOptions;
        Assert.Equal(2, options.TypeInfoResolverChain.Take(2).OfType<JsonSerializerContext>().Count());
        Type[] answered =
        [
            .. node
                .Services.GetRequiredService<EndpointDataSource>()
                .Endpoints.SelectMany(endpoint => endpoint.Metadata.OfType<IProducesResponseTypeMetadata>())
                .Select(answer => answer.Type)
                .OfType<Type>()
                .Where(type => type.Namespace?.StartsWith("Meeda", StringComparison.Ordinal) == true)
                .Distinct(),
        ];
        Assert.True(answered.Length > 10, string.Join(' ', answered.Select(type => type.Name)));
        Assert.All(answered, type => Assert.Contains(Contexts, context => context.GetTypeInfo(type) is not null));
    }

    /// <summary>The commands' JSON is the same as when reflection wrote it.</summary>
    [Fact]
    public void Command_ItsOutput_IsThatOfReflection()
    {
        var web = new JsonSerializerOptions(JsonSerializerDefaults.Web)
        {
            Converters = { new JsonStringEnumConverter(JsonNamingPolicy.CamelCase) },
        };
        IReadOnlyList<Tenant> tenants =
        [
            new(
                1,
                "name <&> é",
                TenantScopes.Read | TenantScopes.Write,
                new TenantQuota(1, 2, 3) { Disk = 4 },
                new TenantUsage(5, 6) { Reads = 7 },
                DateTimeOffset.UnixEpoch,
                null
            ),
        ];
        var put = new PutOutput("0x01", "0x02", 3, 4, 5.5);
        var verified = new VerifyOutput(null, "0x01", false, [new Check("it's", true)], ["that"]);
        Assert.Equal(
            (string[])
                [
                    JsonSerializer.Serialize(tenants, web),
                    """{"commitment":"0x01","batchId":"0x02","bytes":3,"blobs":4,"milliseconds":5.5}""",
                    """{"batchId":null,"operator":"0x01","holds":false,"checks":[{"what":"it\u0027s","holds":true}],"unproven":["that"]}""",
                ],
            (string[])
                [
                    JsonSerializer.Serialize(tenants, CliJson.Default.IReadOnlyListTenant),
                    JsonSerializer.Serialize(put, CliJson.Default.PutOutput),
                    JsonSerializer.Serialize(verified, CliJson.Default.VerifyOutput),
                ]
        );
        Assert.Contains("\"scopes\":\"read, write\"", JsonSerializer.Serialize(tenants, web), StringComparison.Ordinal);
    }

    private static IEnumerable<string> BodiesOf(Assembly assembly) =>
        assembly
            .GetTypes()
            .Where(type =>
                type is { IsPublic: true, IsAbstract: false } && type.Name.EndsWith("Body", StringComparison.Ordinal)
            )
            .Select(type => type.FullName!);

    private static JsonTypeInfo? TypeInfoOf(Assembly assembly, string context, Type type) =>
        (
            (JsonSerializerContext)
                assembly
                    .GetType(context, throwOnError: true)!
                    .GetProperty("Default", BindingFlags.Public | BindingFlags.Static)!
                    .GetValue(null)!
        ).GetTypeInfo(type);
}
