using System.Text.Json;
using System.Text.Json.Serialization;
using Meeda.Chain.Verification;
using Meeda.Client;
using Meeda.Hosting.Settings;
using Meeda.Node.Cli.Accounts;
using Meeda.Node.Cli.Backups;
using Meeda.Node.Cli.Bounties;
using Meeda.Node.Cli.Deployment;
using Meeda.Node.Cli.Escrow;
using Meeda.Node.Cli.Spending;
using Meeda.Operator.Tenants;

namespace Meeda.Node.Cli;

/// <summary>What <c>put --json</c> prints.</summary>
internal sealed record PutOutput(string Commitment, string BatchId, int Bytes, int Blobs, double Milliseconds);

/// <summary>What <c>verify --json</c> prints.</summary>
internal sealed record VerifyOutput(
    string? BatchId,
    string? Operator,
    bool Holds,
    IReadOnlyList<Check> Checks,
    IReadOnlyList<string> Unproven
);

/// <summary>The JSON that commands print, without reflection.</summary>
[JsonSourceGenerationOptions(JsonSerializerDefaults.Web, Converters = [typeof(ScopesConverter)])]
[JsonSerializable(typeof(AccountStatus))]
[JsonSerializable(typeof(BackupManifest))]
[JsonSerializable(typeof(BatchBody))]
[JsonSerializable(typeof(BountyOutput))]
[JsonSerializable(typeof(DeploymentFile))]
[JsonSerializable(typeof(EscrowOutput))]
[JsonSerializable(typeof(IReadOnlyList<Tenant>))]
[JsonSerializable(typeof(OrderOutput))]
[JsonSerializable(typeof(PutOutput))]
[JsonSerializable(typeof(RestoreOutput))]
[JsonSerializable(typeof(SettingDescription[]))]
[JsonSerializable(typeof(SetupOutput))]
[JsonSerializable(typeof(SignInKey))]
[JsonSerializable(typeof(SignInOffer))]
[JsonSerializable(typeof(SpendingOutput))]
[JsonSerializable(typeof(StatusBody))]
[JsonSerializable(typeof(VerifyOutput))]
internal sealed partial class CliJson : JsonSerializerContext
{
    /// <summary>Scopes as words, as <c>--scopes</c> takes them.</summary>
    internal sealed class ScopesConverter() : JsonStringEnumConverter<TenantScopes>(JsonNamingPolicy.CamelCase);
}
