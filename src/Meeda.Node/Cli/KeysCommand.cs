using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using Meeda.Ethereum;
using Meeda.Hosting;
using Meeda.Node.Cli.Configuration;
using Meeda.Node.Cli.Spending;
using Meeda.Operator.Tenants;

namespace Meeda.Node.Cli;

/// <summary>
/// <c>keys</c>: manages the tenants' API keys. Works on the data folder, also while the operator runs.
/// </summary>
internal static class KeysCommand
{
    private static readonly Option<string?> Folder = new("--folder")
    {
        Description = "the operator's data folder (Meeda__Storage__Folder) [default: .meeda/operator]",
    };

    private static readonly Argument<string> Name = new("name") { Description = "the tenant's name" };

    private static readonly Option<string?> Config = ConfigOption.Build();

    /// <summary>The command with its parts.</summary>
    public static Command Build() =>
        new("keys", "Create, list, rotate and revoke the keys of tenants")
        {
            BuildCreate(),
            BuildList(),
            BuildRotate(),
            BuildRevoke(),
            BuildRollup(),
        };

    private static TenantLocation LocationOf(ParseResult parsed) =>
        TenantLocation.Read(parsed.GetValue(Folder), parsed.GetValue(Config));

    private static Command BuildCreate()
    {
        var scopes = new Option<string>("--scopes")
        {
            Description = "read, write, admin, separated by commas",
            DefaultValueFactory = _ => "read,write",
        };
        var rollup = new Option<string?>("--rollup")
        {
            Description = "the rollup whose escrow pays for the tenant's batches, its L1 address",
        };
        var quota = new QuotaOptions();
        var create = new Command("create", "Create a tenant and print its key, which is shown only once")
        {
            Name,
            Folder,
            Config,
            scopes,
            rollup,
        };
        quota.AddTo(create);
        create.SetAction(
            (parsed, cancellationToken) =>
                MakeAsync(
                    LocationOf(parsed),
                    parsed.GetValue(Name)!,
                    ParseScopes(parsed.GetValue(scopes)!),
                    quota.Read(parsed),
                    parsed.GetValue(rollup) is { } payer ? SpendingOptions.ParseAddress("--rollup", payer) : null,
                    cancellationToken
                )
        );
        return create;
    }

    private static Command BuildList()
    {
        var json = new Option<bool>("--json") { Description = "print one line of JSON" };
        var list = new Command("list", "List the tenants and their usage; keys cannot be shown again")
        {
            Folder,
            Config,
            json,
        };
        list.SetAction(
            (parsed, cancellationToken) => ListAsync(LocationOf(parsed), parsed.GetValue(json), cancellationToken)
        );
        return list;
    }

    private static Command BuildRotate()
    {
        var rotate = new Command(
            "rotate",
            "Give a tenant a new key, also after a revocation; the old key ends, quota and usage stay"
        )
        {
            Name,
            Folder,
            Config,
        };
        rotate.SetAction(
            (parsed, cancellationToken) => RotateAsync(LocationOf(parsed), parsed.GetValue(Name)!, cancellationToken)
        );
        return rotate;
    }

    private static Command BuildRevoke()
    {
        var revoke = new Command("revoke", "Revoke a tenant's key; it is rejected within about a second")
        {
            Name,
            Folder,
            Config,
        };
        revoke.SetAction(
            (parsed, cancellationToken) => RevokeAsync(LocationOf(parsed), parsed.GetValue(Name)!, cancellationToken)
        );
        return revoke;
    }

    private static Command BuildRollup()
    {
        var address = new Argument<string>("ADDRESS") { Description = "the rollup's L1 address, or none" };
        var rollup = new Command("rollup", "Set the rollup whose escrow pays for a tenant's batches from now on")
        {
            Name,
            address,
            Folder,
            Config,
        };
        rollup.SetAction(
            async (parsed, cancellationToken) =>
            {
                string text = parsed.GetValue(address)!;
                Address? payer = text == "none" ? null : SpendingOptions.ParseAddress("ADDRESS", text);
                await using TenantKeys keys = await LocationOf(parsed).OpenAsync(cancellationToken);
                return await keys.SetRollupAsync(parsed.GetValue(Name)!, payer, cancellationToken)
                    ? ExitCode.Success
                    : throw new SetupException($"name: there is no tenant {parsed.GetValue(Name)}");
            }
        );
        return rollup;
    }

    /// <summary>Parses the scopes of the option.</summary>
    /// <exception cref="SetupException">A word is not one of the three scopes.</exception>
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
                _ => throw new SetupException($"--scopes: {word} is not one of read, write, admin"),
            };
        }

        return scopes;
    }

    private static async Task<int> MakeAsync(
        TenantLocation location,
        string name,
        TenantScopes scopes,
        TenantQuota quota,
        Address? rollup,
        CancellationToken cancellationToken
    )
    {
        if (scopes == TenantScopes.None)
        {
            throw new SetupException("--scopes: at least one scope is needed");
        }

        await using TenantKeys keys = await location.OpenAsync(cancellationToken);
        (_, string key) = await keys.MakeAsync(name, scopes, quota, TimeProvider.System.GetUtcNow(), cancellationToken);
        if (rollup is not null)
        {
            await keys.SetRollupAsync(name, rollup, cancellationToken);
        }

        Console.WriteLine(key);
        return ExitCode.Success;
    }

    private static async Task<int> RotateAsync(
        TenantLocation location,
        string name,
        CancellationToken cancellationToken
    )
    {
        await using TenantKeys keys = await location.OpenAsync(cancellationToken);
        Console.WriteLine(
            await keys.RotateAsync(name, cancellationToken)
                ?? throw new SetupException($"name: there is no tenant {name}; meeda keys create {name} creates one")
        );
        return ExitCode.Success;
    }

    private static async Task<int> ListAsync(TenantLocation location, bool json, CancellationToken cancellationToken)
    {
        await using TenantKeys keys = await location.OpenAsync(cancellationToken);
        IReadOnlyList<Tenant> tenants = await keys.ListAsync(cancellationToken);
        if (json)
        {
            Console.WriteLine(JsonSerializer.Serialize(tenants, CliJson.Default.IReadOnlyListTenant));
            return ExitCode.Success;
        }

        foreach (Tenant tenant in tenants)
        {
            string state = tenant.RevokedAt is { } revoked
                ? string.Create(CultureInfo.InvariantCulture, $"revoked {revoked:yyyy-MM-dd}")
                : "valid";
            Console.WriteLine(
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"{tenant.Id, 4}  {tenant.Name, -24} {state, -18} {tenant.Scopes, -12} "
                        + $"{tenant.Usage.Requests, 12} requests {tenant.Usage.Bytes, 16} bytes"
                        + $"{(tenant.Rollup is { } rollup ? $" paid by {rollup}" : "")}"
                        + $" {tenant.Usage.Disk, 16} on disk {tenant.Usage.Blobs, 8} blobs "
                        + $"{tenant.Usage.Renewals, 6} renewals {tenant.Usage.Reads, 16} read"
                )
            );
        }

        return ExitCode.Success;
    }

    private static async Task<int> RevokeAsync(
        TenantLocation location,
        string name,
        CancellationToken cancellationToken
    )
    {
        await using TenantKeys keys = await location.OpenAsync(cancellationToken);
        return await keys.RevokeAsync(name, TimeProvider.System.GetUtcNow(), cancellationToken)
            ? ExitCode.Success
            : throw new SetupException($"name: there is no tenant {name} with a valid key");
    }
}
