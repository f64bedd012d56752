using System.Buffers.Text;
using System.Data.Common;
using System.Security.Cryptography;
using System.Text;
using Dapper;
using Meeda.Node.Storage;

namespace Meeda.Node.Tenants;

/// <summary>
/// The tenants and the SHA-256 of their keys, in a file beside the ledger or in the database that operators share. A key has 256 random bits, so nothing slower than one hash is needed to keep it
/// from being found. The command line writes while the service reads: a key counts from its next request on.
/// </summary>
internal sealed class TenantKeys : IAsyncDisposable
{
    /// <summary>What keys begin with, so that one that leaked can be recognised.</summary>
    public const string Prefix = "mk_";

    private const int KeyBytes = 32;

    private const string Columns =
        "id AS Id, name AS Name, scopes AS Scopes, quota_bytes AS QuotaBytes, quota_rate AS QuotaRate, quota_concurrency AS QuotaConcurrency, "
        + "used_requests AS UsedRequests, used_bytes AS UsedBytes, created_at AS CreatedAt, revoked_at AS RevokedAt";

    private static readonly string[] Migrations =
    [
        """
        CREATE TABLE tenant (
            id                {sequence},
            name              TEXT NOT NULL UNIQUE,
            key_hash          {bytes} NOT NULL UNIQUE,
            scopes            BIGINT NOT NULL,
            quota_bytes       BIGINT NOT NULL,
            quota_rate        BIGINT NOT NULL,
            quota_concurrency BIGINT NOT NULL,
            used_requests     BIGINT NOT NULL DEFAULT 0,
            used_bytes        BIGINT NOT NULL DEFAULT 0,
            created_at        BIGINT NOT NULL,
            revoked_at        BIGINT
        );
        """,
    ];

    private readonly Database _database;

    private TenantKeys(Database database) => _database = database;

    /// <summary>Opens the tenants of an operator's storage, and makes room for them where there are none.</summary>
    /// <exception cref="DbException">They cannot be opened or written.</exception>
    /// <exception cref="ArgumentException">The database's connection string is none.</exception>
    public static async Task<TenantKeys> OpenAsync(StorageOptions storage, CancellationToken cancellationToken)
    {
        DurableFile.CreateFolder(storage.Folder);

        // A power cut may undo the last moments of counting, never the file: a key is rarer than a request, and made by a person who can look.
        Database database = storage.Database is null
            ? new SqliteDatabase(Path.Combine(storage.Folder, "tenants.sqlite"), survivesPowerCut: false)
            : new PostgresDatabase(storage.Database);
        await database.MigrateAsync("tenants", Migrations, cancellationToken);
        return new TenantKeys(database);
    }

    /// <summary>Lets go of the database.</summary>
    public ValueTask DisposeAsync() => _database.DisposeAsync();

    /// <summary>Makes a tenant with a new key, which is given out this once and kept as a hash only.</summary>
    /// <exception cref="SetupException">The name is taken.</exception>
    public async Task<(Tenant Tenant, string Key)> MakeAsync(string name, TenantScopes scopes, TenantQuota quota, DateTimeOffset now, CancellationToken cancellationToken)
    {
        string key = NewKey();
        TenantRow? row = null;
        await _database.WriteAsync(
            async (connection, transaction) => row = await connection.QuerySingleOrDefaultAsync<TenantRow>(
                $"""
                INSERT INTO tenant (name, key_hash, scopes, quota_bytes, quota_rate, quota_concurrency, created_at)
                VALUES (@name, @hash, @scopes, @bytes, @rate, @concurrency, @now)
                ON CONFLICT (name) DO NOTHING RETURNING {Columns}
                """,
                new
                {
                    name,
                    hash = HashOf(key),
                    scopes = (long)scopes,
                    bytes = quota.Bytes,
                    rate = (long)quota.RequestsPerSecond,
                    concurrency = (long)quota.Concurrency,
                    now = now.ToUnixTimeSeconds(),
                },
                transaction),
            cancellationToken);
        return row is null
            ? throw new SetupException($"name: there is a tenant {name} already, maybe a revoked one; meeda keys rotate {name} gives it a new key")
            : (row.ToTenant(), key);
    }

    /// <summary>
    /// Gives a tenant a new key, a revoked one too. The old key ends with this; name, number, scopes, quota and usage stay.
    /// </summary>
    /// <returns>The key, given out this once; null where there is no tenant of that name.</returns>
    public async Task<string?> RotateAsync(string name, CancellationToken cancellationToken)
    {
        string key = NewKey();
        int count = 0;
        await _database.WriteAsync(
            async (connection, transaction) => count = await connection.ExecuteAsync(
                "UPDATE tenant SET key_hash = @hash, revoked_at = NULL WHERE name = @name", new { name, hash = HashOf(key) }, transaction),
            cancellationToken);
        return count > 0 ? key : null;
    }

    /// <summary>The tenant of a key that is not revoked, or null.</summary>
    public async Task<Tenant?> FindAsync(string key, CancellationToken cancellationToken)
    {
        await using DbConnection connection = await _database.ConnectAsync(cancellationToken);
        TenantRow? row = await connection.QuerySingleOrDefaultAsync<TenantRow>(
            $"SELECT {Columns} FROM tenant WHERE key_hash = @hash AND revoked_at IS NULL", new { hash = HashOf(key) });
        return row?.ToTenant();
    }

    /// <summary>All tenants, the revoked too, oldest first.</summary>
    public async Task<IReadOnlyList<Tenant>> ListAsync(CancellationToken cancellationToken)
    {
        await using DbConnection connection = await _database.ConnectAsync(cancellationToken);
        return [.. (await connection.QueryAsync<TenantRow>($"SELECT {Columns} FROM tenant ORDER BY id")).Select(row => row.ToTenant())];
    }

    /// <summary>Revokes a tenant's key; false where no tenant of that name has one.</summary>
    public async Task<bool> RevokeAsync(string name, DateTimeOffset now, CancellationToken cancellationToken)
    {
        int count = 0;
        await _database.WriteAsync(
            async (connection, transaction) => count = await connection.ExecuteAsync(
                "UPDATE tenant SET revoked_at = @now WHERE name = @name AND revoked_at IS NULL", new { name, now = now.ToUnixTimeSeconds() }, transaction),
            cancellationToken);
        return count > 0;
    }

    /// <summary>Counts a request in, if its bytes are within the tenant's quota: looked at and counted in one step.</summary>
    /// <returns>Whether they are.</returns>
    public async Task<bool> TryUseAsync(Tenant tenant, long bytes, CancellationToken cancellationToken)
    {
        int count = 0;
        await _database.WriteAsync(
            async (connection, transaction) => count = await connection.ExecuteAsync(
                """
                UPDATE tenant SET used_requests = used_requests + 1, used_bytes = used_bytes + @bytes
                WHERE id = @id AND (quota_bytes = 0 OR @bytes = 0 OR used_bytes + @bytes <= quota_bytes)
                """,
                new { id = tenant.Id, bytes },
                transaction),
            cancellationToken);
        return count > 0;
    }

    /// <summary>Whether there is any tenant, revoked ones too: then the service asks everybody for a key.</summary>
    public async Task<bool> AnyAsync(CancellationToken cancellationToken)
    {
        await using DbConnection connection = await _database.ConnectAsync(cancellationToken);
        return await connection.ExecuteScalarAsync<long?>("SELECT id FROM tenant LIMIT 1") is not null;
    }

    private static string NewKey() => Prefix + Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(KeyBytes));

    private static byte[] HashOf(string key) => SHA256.HashData(Encoding.UTF8.GetBytes(key));

    private sealed record TenantRow(
        long Id, string Name, long Scopes, long QuotaBytes, long QuotaRate, long QuotaConcurrency, long UsedRequests, long UsedBytes, long CreatedAt, long? RevokedAt)
    {
        public Tenant ToTenant() => new(
            Id,
            Name,
            (TenantScopes)Scopes,
            new TenantQuota(QuotaBytes, (int)QuotaRate, (int)QuotaConcurrency),
            new TenantUsage(UsedRequests, UsedBytes),
            DateTimeOffset.FromUnixTimeSeconds(CreatedAt),
            RevokedAt is { } revoked ? DateTimeOffset.FromUnixTimeSeconds(revoked) : null);
    }
}
