using System.Data.Common;
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

/// <summary>The location of an operator's tenants, and the operator's account according to the settings.</summary>
internal sealed record TenantLocation(StorageOptions Storage, Address? Contract, Address? Account)
{
    /// <summary>The location of the tenants of the configured operator.</summary>
    public static TenantLocation Read(string? folder, string? file)
    {
        var settings = new SettingsReader(
            new Dictionary<string, string?> { [$"{StorageOptions.Section}:{nameof(StorageOptions.Folder)}"] = folder },
            file
        );

        // Only their form is checked: these commands need neither L1 nor the providers.
        using ServiceProvider all = new ServiceCollection()
            .AddSettings<StorageOptions>(settings)
            .AddSettings<L1Options>(settings)
            .AddSettings<SignerOptions>(settings)
            .Validate();
        L1Options l1 = all.Options<L1Options>();
        return new TenantLocation(
            all.Options<StorageOptions>(),
            Address.TryParse(l1.Contract, out Address address) ? address : null,
            AccountOf(all.Options<SignerOptions>(), l1)
        );
    }

    /// <summary>
    /// Opens the tenants of an operator that has started before: a key created elsewhere would have no effect, and the
    /// operator would stay open.
    /// </summary>
    /// <exception cref="SetupException">
    /// There is no operator's ledger, it belongs to another operator, or it cannot be opened.
    /// </exception>
    public async Task<TenantKeys> OpenAsync(CancellationToken cancellationToken)
    {
        OwnerOnly.Apply();
        string folder = Path.GetFullPath(Storage.Folder);
        if (Storage.Database is null && !File.Exists(Path.Combine(folder, "ledger.sqlite")))
        {
            throw new SetupException(
                $"--folder: {folder} holds no operator's ledger; name the operator's data folder (--folder, "
                    + "Meeda__Storage__Folder or --config), and start the operator once before"
            );
        }

        try
        {
            if (Storage.Database is not null && !await HasLedgerAsync(Storage.Database, cancellationToken))
            {
                throw new SetupException(
                    "database: it holds no operator's ledger; name the operator's database "
                        + "(Meeda__Storage__Database or --config), "
                        + "and start the operator once before"
                );
            }

            await EnsureOwnAsync(cancellationToken);
            TenantKeys tenants = await TenantKeys.OpenAsync(Storage, cancellationToken);
            foreach (SchemaChange change in tenants.Upgrades)
            {
                await Console.Error.WriteLineAsync($"meeda: {change.Sentence}");
            }

            return tenants;
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
                $"{(Storage.Database is null ? "--folder" : "database")}: the tenants cannot be opened: "
                    + $"{unusable.Message.TrimEnd('.')}"
            );
        }
    }

    /// <summary>
    /// The configured account, or the signer's; null if neither is named, or this command cannot read the key.
    /// </summary>
    internal static Address? AccountOf(SignerOptions signer, L1Options l1)
    {
        if (Address.TryParse(l1.Account, out Address account))
        {
            return account;
        }

        if (new SignerOptionsValidator(l1).Failures(signer).Any())
        {
            return null;
        }

        try
        {
            return signer.AccountOf(l1);
        }
        catch (SetupException)
        {
            return null; // A user who creates API keys need not be able to read the operator's key.
        }
    }

    /// <summary>
    /// Rejects another operator's tenants: a key created there would be useless at the intended operator.
    /// </summary>
    private async Task EnsureOwnAsync(CancellationToken cancellationToken)
    {
        await using Database database = Storage.Database is null
            ? new SqliteDatabase(Path.Combine(Storage.Folder, "ledger.sqlite"))
            : new PostgresDatabase(Storage.Database);
        if (
            await Ledger.FindBindingAsync(database, cancellationToken) is { } bound
            && bound.DifferenceFrom(
                bound with
                {
                    Contract = Contract ?? bound.Contract,
                    Account = Account ?? bound.Account,
                }
            )
                is { } difference
        )
        {
            throw LedgerOwner.Refusal(
                Storage.Database is null ? $"data folder {Path.GetFullPath(Storage.Folder)}" : "database",
                difference
            );
        }
    }

    private static async Task<bool> HasLedgerAsync(string connectionString, CancellationToken cancellationToken)
    {
        await using var database = new PostgresDatabase(connectionString);
        await using DbConnection connection = await database.ConnectAsync(cancellationToken);
        return await connection.ExecuteScalarAsync<bool>(
                "SELECT to_regclass('schema_version') IS NOT NULL",
                cancellationToken
            )
            && await connection.ExecuteScalarAsync<long?>(
                "SELECT version FROM schema_version WHERE name = 'ledger'",
                cancellationToken
            )
                is not null;
    }
}
