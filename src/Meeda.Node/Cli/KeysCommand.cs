using System.CommandLine;
using System.Data.Common;
using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;
using Dapper;
using Meeda.Chain.L1;
using Meeda.Ethereum;
using Meeda.Hosting;
using Meeda.Hosting.Persistence;
using Meeda.Hosting.Settings;
using Meeda.Operator.L1;
using Meeda.Operator.Persistence;
using Meeda.Operator.Tenants;
using Meeda.Storage;

namespace Meeda.Node.Cli;

/// <summary><c>keys</c>: who may use the operator. Works on the data folder, also while the operator runs.</summary>
internal static class KeysCommand
{
    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web)
    {
        Converters = { new JsonStringEnumConverter(JsonNamingPolicy.CamelCase) },
    };

    /// <summary>The command with its four parts.</summary>
    public static Command Build()
    {
        var folder = new Option<string?>("--folder")
        {
            Description = "the operator's data folder (Meeda__Storage__Folder) [default: .meeda/operator]",
        };
        Option<string?> config = ConfigOption.Build();
        var name = new Argument<string>("name") { Description = "what the tenant is called here" };
        var scopes = new Option<string>("--scopes")
        {
            Description = "read, write, admin, separated by commas",
            DefaultValueFactory = _ => "read,write",
        };
        var bytes = new Option<string>("--bytes")
        {
            Description = "bytes it may send in all, as 5GiB; 0 for any number",
            DefaultValueFactory = _ => "0",
        };
        var rate = new Option<string>("--rate")
        {
            Description = "requests a second; 0 for any number",
            DefaultValueFactory = _ => "0",
        };
        var concurrency = new Option<string>("--concurrency")
        {
            Description = "requests in flight at once",
            DefaultValueFactory = _ => "64",
        };
        var disk = new Option<string>("--disk")
        {
            Description =
                "bytes that its batches may take at the providers at once, parity rows included; 0 for any number",
            DefaultValueFactory = _ => "0",
        };
        var blobs = new Option<string?>("--blobs")
        {
            Description =
                "blobs that may be anchored for it in all, renewals included; 0 for any number [default: 0; with "
                + "--bytes, 16 and one for each 4 KiB]",
        };
        var renewals = new Option<string>("--renewals")
        {
            Description = "renewals in all; 0 for any number",
            DefaultValueFactory = _ => "0",
        };
        var reads = new Option<string>("--reads")
        {
            Description = "bytes of batches it may read in all; 0 for any number",
            DefaultValueFactory = _ => "0",
        };
        var create = new Command("create", "Create a tenant and print its key, which is shown only once")
        {
            name,
            folder,
            config,
            scopes,
            bytes,
            rate,
            concurrency,
            disk,
            blobs,
            renewals,
            reads,
        };
        TenantQuota Quota(ParseResult parsed)
        {
            long sent = Number("--bytes", parsed.GetValue(bytes)!, 0, long.MaxValue, inBytes: true);
            return new TenantQuota(
                sent,
                (int)Number("--rate", parsed.GetValue(rate)!, 0, int.MaxValue, inBytes: false),
                (int)Number("--concurrency", parsed.GetValue(concurrency)!, 1, int.MaxValue, inBytes: false)
            )
            {
                Disk = Number("--disk", parsed.GetValue(disk)!, 0, long.MaxValue, inBytes: true),
                Blobs = parsed.GetValue(blobs) is { } most
                    ? Number("--blobs", most, 0, long.MaxValue, inBytes: false)
                    : BlobsFor(sent),
                Renewals = Number("--renewals", parsed.GetValue(renewals)!, 0, long.MaxValue, inBytes: false),
                Reads = Number("--reads", parsed.GetValue(reads)!, 0, long.MaxValue, inBytes: true),
            };
        }

        create.SetAction(
            (parsed, cancellationToken) =>
                MakeAsync(
                    ReadSettings(parsed.GetValue(folder), parsed.GetValue(config)),
                    parsed.GetValue(name)!,
                    ParseScopes(parsed.GetValue(scopes)!),
                    Quota(parsed),
                    cancellationToken
                )
        );
        var json = new Option<bool>("--json") { Description = "print one line of JSON" };
        var list = new Command("list", "List the tenants and what they used; keys are not known any more")
        {
            folder,
            config,
            json,
        };
        list.SetAction(
            (parsed, cancellationToken) =>
                ListAsync(
                    ReadSettings(parsed.GetValue(folder), parsed.GetValue(config)),
                    parsed.GetValue(json),
                    cancellationToken
                )
        );
        var revoke = new Command("revoke", "Revoke a tenant's key: within about a second it is refused")
        {
            name,
            folder,
            config,
        };
        revoke.SetAction(
            (parsed, cancellationToken) =>
                RevokeAsync(
                    ReadSettings(parsed.GetValue(folder), parsed.GetValue(config)),
                    parsed.GetValue(name)!,
                    cancellationToken
                )
        );
        var rotate = new Command(
            "rotate",
            "Give a tenant a new key; the old one ends, its quota and usage stay. Also for a revoked one"
        )
        {
            name,
            folder,
            config,
        };
        rotate.SetAction(
            (parsed, cancellationToken) =>
                RotateAsync(
                    ReadSettings(parsed.GetValue(folder), parsed.GetValue(config)),
                    parsed.GetValue(name)!,
                    cancellationToken
                )
        );
        return new Command("keys", "Create, list, rotate and revoke the keys of tenants")
        {
            create,
            list,
            rotate,
            revoke,
        };
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

    private static long Number(string option, string text, long least, long most, bool inBytes) =>
        SettingValue.Whole(text.Trim(), least, most, inBytes) is { } number
            ? (long)number
            : throw new SetupException(
                $"quota: {option}: '{text}' is not a whole number from {least} to "
                    + $"{most}{(inBytes ? ", with or without KiB, MiB, GiB or TiB" : "")}"
            );

    /// <summary>
    /// The blobs of a tenant whose bytes are bounded and whose blobs are not named: a batch of one byte takes a whole
    /// blob,
    /// so that bytes alone would bound neither disk nor anchors. Batches of 4 KiB and more use the bytes up first.
    /// </summary>
    internal static long BlobsFor(long bytes) => bytes == 0 ? 0 : 16 + (bytes / 4096);

    /// <summary>Where the operator of this very configuration has its tenants.</summary>
    private static Place ReadSettings(string? folder, string? file)
    {
        var settings = new SettingsReader(
            new Dictionary<string, string?> { [$"{StorageOptions.Section}:{nameof(StorageOptions.Folder)}"] = folder },
            file
        );
        var storage = settings.Get<StorageOptions>();
        var l1 = settings.Get<L1Options>();
        var signer = settings.Get<SignerOptions>();
        settings.ThrowIfWrong([]);
        return new Place(
            storage,
            Address.TryParse(l1.Contract, out Address address) ? address : null,
            AccountOf(signer, l1)
        );
    }

    /// <summary>
    /// The account of the configured signer; null where none is named, or this command may not read its key.
    /// </summary>
    private static Address? AccountOf(SignerOptions signer, L1Options l1)
    {
        if (signer.Problems(l1).Any())
        {
            return null;
        }

        try
        {
            return signer.AccountOf(l1);
        }
        catch (SetupException)
        {
            return null; // Who makes keys need not be able to read the operator's.
        }
    }

    /// <summary>A key in another operator's place would open nothing there where it is meant to.</summary>
    private static async Task EnsureOwnAsync(Place place, CancellationToken cancellationToken)
    {
        StorageOptions storage = place.Storage;
        await using Database database = storage.Database is null
            ? new SqliteDatabase(Path.Combine(storage.Folder, "ledger.sqlite"))
            : new PostgresDatabase(storage.Database);
        if (
            await Ledger.FindBindingAsync(database, cancellationToken) is { } bound
            && bound.DifferenceFrom(
                bound with
                {
                    Contract = place.Contract ?? bound.Contract,
                    Account = place.Account ?? bound.Account,
                }
            )
                is { } difference
        )
        {
            throw LedgerOwner.Refusal(
                storage.Database is null ? $"data folder {Path.GetFullPath(storage.Folder)}" : "database",
                difference
            );
        }
    }

    /// <summary>
    /// The tenants of an operator that has been there: a key in another place would open nothing, and leave the
    /// operator open.
    /// </summary>
    private static async Task<TenantKeys> OpenAsync(Place settings, CancellationToken cancellationToken)
    {
        StorageOptions storage = settings.Storage;
        OwnerOnly.Apply();
        string folder = Path.GetFullPath(storage.Folder);
        if (storage.Database is null && !File.Exists(Path.Combine(folder, "ledger.sqlite")))
        {
            throw new SetupException(
                $"--folder: {folder} holds no operator's ledger; name the operator's data folder (--folder, "
                    + "Meeda__Storage__Folder or --config), and start the operator once before"
            );
        }

        try
        {
            if (storage.Database is not null && !await HasLedgerAsync(storage.Database, cancellationToken))
            {
                throw new SetupException(
                    "database: it holds no operator's ledger; name the operator's database "
                        + "(Meeda__Storage__Database or --config), "
                        + "and start the operator once before"
                );
            }

            await EnsureOwnAsync(settings, cancellationToken);
            return await TenantKeys.OpenAsync(storage, cancellationToken);
        }
        catch (Exception unusable)
            when (unusable
                    is ArgumentException
                        or IOException
                        or UnauthorizedAccessException
                        or InvalidDataException
                        or TimeoutException
                        or DbException
            )
        {
            throw new SetupException(
                $"{(storage.Database is null ? "--folder" : "database")}: the tenants cannot be opened: "
                    + $"{unusable.Message.TrimEnd('.')}"
            );
        }
    }

    private static async Task<bool> HasLedgerAsync(string connectionString, CancellationToken cancellationToken)
    {
        await using var database = new PostgresDatabase(connectionString);
        await using DbConnection connection = await database.ConnectAsync(cancellationToken);
        return await connection.ExecuteScalarAsync<bool>("SELECT to_regclass('schema_version') IS NOT NULL")
            && await connection.ExecuteScalarAsync<long?>("SELECT version FROM schema_version WHERE name = 'ledger'")
                is not null;
    }

    private static async Task<int> MakeAsync(
        Place storage,
        string name,
        TenantScopes scopes,
        TenantQuota quota,
        CancellationToken cancellationToken
    )
    {
        if (scopes == TenantScopes.None)
        {
            throw new SetupException("--scopes: at least one scope is needed");
        }

        await using TenantKeys keys = await OpenAsync(storage, cancellationToken);
        (_, string key) = await keys.MakeAsync(name, scopes, quota, TimeProvider.System.GetUtcNow(), cancellationToken);
        Console.WriteLine(key);
        return ExitCode.Success;
    }

    private static async Task<int> RotateAsync(Place storage, string name, CancellationToken cancellationToken)
    {
        await using TenantKeys keys = await OpenAsync(storage, cancellationToken);
        Console.WriteLine(
            await keys.RotateAsync(name, cancellationToken)
                ?? throw new SetupException($"name: there is no tenant {name}; meeda keys create {name} creates one")
        );
        return ExitCode.Success;
    }

    private static async Task<int> ListAsync(Place storage, bool json, CancellationToken cancellationToken)
    {
        await using TenantKeys keys = await OpenAsync(storage, cancellationToken);
        IReadOnlyList<Tenant> tenants = await keys.ListAsync(cancellationToken);
        if (json)
        {
            Console.WriteLine(JsonSerializer.Serialize(tenants, Json));
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
                        + $" {tenant.Usage.Disk, 16} on disk {tenant.Usage.Blobs, 8} blobs "
                        + $"{tenant.Usage.Renewals, 6} renewals {tenant.Usage.Reads, 16} read"
                )
            );
        }

        return ExitCode.Success;
    }

    private static async Task<int> RevokeAsync(Place storage, string name, CancellationToken cancellationToken)
    {
        await using TenantKeys keys = await OpenAsync(storage, cancellationToken);
        return await keys.RevokeAsync(name, TimeProvider.System.GetUtcNow(), cancellationToken)
            ? ExitCode.Success
            : throw new SetupException($"name: there is no tenant {name} with a valid key");
    }

    /// <summary>Where an operator has its tenants, and whose the settings say that it is.</summary>
    private sealed record Place(StorageOptions Storage, Address? Contract, Address? Account);
}
