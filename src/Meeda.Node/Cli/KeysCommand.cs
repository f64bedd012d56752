using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;
using Meeda.Node.Storage;
using Meeda.Node.Tenants;

namespace Meeda.Node.Cli;

/// <summary><c>keys</c>: who may use the operator. Works on the data folder, also while the operator runs.</summary>
internal static class KeysCommand
{
    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web) { Converters = { new JsonStringEnumConverter(JsonNamingPolicy.CamelCase) } };

    /// <summary>The command with its three parts.</summary>
    public static Command Build()
    {
        var folder = new Option<string>("--folder") { Description = "the operator's data folder", DefaultValueFactory = _ => new StorageOptions().Folder };
        var name = new Argument<string>("name") { Description = "what the tenant is called here" };
        var scopes = new Option<string>("--scopes") { Description = "read, write, admin, separated by commas", DefaultValueFactory = _ => "read,write" };
        var bytes = new Option<long>("--bytes") { Description = "bytes it may send in all; 0 for any number" };
        var rate = new Option<int>("--rate") { Description = "requests a second; 0 for any number" };
        var concurrency = new Option<int>("--concurrency") { Description = "requests in flight at once", DefaultValueFactory = _ => 64 };
        var make = new Command("make", "Make a tenant; prints its key, which is shown this once") { name, folder, scopes, bytes, rate, concurrency };
        make.SetAction((parsed, cancellationToken) => MakeAsync(
            parsed.GetValue(folder)!,
            parsed.GetValue(name)!,
            ParseScopes(parsed.GetValue(scopes)!),
            new TenantQuota(parsed.GetValue(bytes), parsed.GetValue(rate), parsed.GetValue(concurrency)),
            cancellationToken));
        var json = new Option<bool>("--json") { Description = "print one line of JSON" };
        var list = new Command("list", "List the tenants and what they used; keys are not known any more") { folder, json };
        list.SetAction((parsed, cancellationToken) => ListAsync(parsed.GetValue(folder)!, parsed.GetValue(json), cancellationToken));
        var revoke = new Command("revoke", "Revoke a tenant's key: within about a second it is refused") { name, folder };
        revoke.SetAction((parsed, cancellationToken) => RevokeAsync(parsed.GetValue(folder)!, parsed.GetValue(name)!, cancellationToken));
        return new Command("keys", "Make, list and revoke the keys of tenants") { make, list, revoke };
    }

    /// <summary>Reads scopes as the option has them.</summary>
    /// <exception cref="SetupException">A word is none of the three.</exception>
    internal static TenantScopes ParseScopes(string text)
    {
        TenantScopes scopes = TenantScopes.None;
        foreach (string word in text.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))
        {
            scopes |= word switch
            {
                "read" => TenantScopes.Read,
                "write" => TenantScopes.Write,
                "admin" => TenantScopes.Admin,
                _ => throw new SetupException($"--scopes: {word} is none of read, write, admin"),
            };
        }

        return scopes;
    }

    /// <summary>The tenants below a folder, or in the database that the operator's own setting names.</summary>
    private static async Task<TenantKeys> OpenAsync(string folder, CancellationToken cancellationToken)
    {
        string? database = new ConfigurationBuilder().AddEnvironmentVariables().Build()[$"{StorageOptions.Section}:{nameof(StorageOptions.Database)}"];
        try
        {
            return await TenantKeys.OpenAsync(new StorageOptions { Folder = folder, Database = database }, cancellationToken);
        }
        catch (Exception unusable) when (unusable is ArgumentException or IOException or UnauthorizedAccessException or System.Data.Common.DbException)
        {
            throw new SetupException($"{(database is null ? "--folder" : "database")}: the tenants cannot be opened: {unusable.Message.TrimEnd('.')}");
        }
    }

    private static async Task<int> MakeAsync(string folder, string name, TenantScopes scopes, TenantQuota quota, CancellationToken cancellationToken)
    {
        if (quota is { Bytes: < 0 } or { RequestsPerSecond: < 0 } or { Concurrency: < 1 } || scopes == TenantScopes.None)
        {
            throw new SetupException("quota: bytes and rate are 0 or more, concurrency 1 or more, and at least one scope is needed");
        }

        await using TenantKeys keys = await OpenAsync(folder, cancellationToken);
        (_, string key) = await keys.MakeAsync(name, scopes, quota, TimeProvider.System.GetUtcNow(), cancellationToken);
        Console.WriteLine(key);
        return ExitCode.Success;
    }

    private static async Task<int> ListAsync(string folder, bool json, CancellationToken cancellationToken)
    {
        await using TenantKeys keys = await OpenAsync(folder, cancellationToken);
        IReadOnlyList<Tenant> tenants = await keys.ListAsync(cancellationToken);
        if (json)
        {
            Console.WriteLine(JsonSerializer.Serialize(tenants, Json));
            return ExitCode.Success;
        }

        foreach (Tenant tenant in tenants)
        {
            string state = tenant.RevokedAt is { } revoked ? string.Create(CultureInfo.InvariantCulture, $"revoked {revoked:yyyy-MM-dd}") : "valid";
            Console.WriteLine(string.Create(
                CultureInfo.InvariantCulture,
                $"{tenant.Id,4}  {tenant.Name,-24} {state,-18} {tenant.Scopes,-12} {tenant.Usage.Requests,12} requests {tenant.Usage.Bytes,16} bytes"));
        }

        return ExitCode.Success;
    }

    private static async Task<int> RevokeAsync(string folder, string name, CancellationToken cancellationToken)
    {
        await using TenantKeys keys = await OpenAsync(folder, cancellationToken);
        return await keys.RevokeAsync(name, TimeProvider.System.GetUtcNow(), cancellationToken)
            ? ExitCode.Success
            : throw new SetupException($"name: there is no tenant {name} with a valid key");
    }
}
