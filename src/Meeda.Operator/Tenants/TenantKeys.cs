using System.Buffers.Text;
using System.Data.Common;
using System.Security.Cryptography;
using System.Text;
using Meeda.Ethereum;
using Meeda.Hosting;
using Meeda.Hosting.Persistence;
using Meeda.Operator.Persistence;
using Meeda.Storage;

namespace Meeda.Operator.Tenants;

/// <summary>
/// The tenants and the SHA-256 of their keys, in a file beside the ledger or in the database that operators share. A
/// key has 256 random bits, so nothing slower than one hash is needed to keep it
/// from being found. The command line writes while the service reads.
/// <para>
/// Requests are checked against a copy in memory that is at most about a second old. Usage is counted there and written
/// in groups: an unreachable database or a full disk must not block every request, because reads and the failover
/// signal must work in exactly that situation.
/// </para>
/// </summary>
internal sealed partial class TenantKeys : IAsyncDisposable
{
    /// <summary>The prefix of all keys, so that a leaked key can be recognised.</summary>
    public const string Prefix = "mk_";

    private const int KeyBytes = 32;

    // The maximum age of the copy in memory, and so the time for which a revoked key may still work.
    private static readonly TimeSpan MaxAge = TimeSpan.FromSeconds(1);

    // An unknown key may have just been created, but a client with an invalid key must not cause a database query per
    // request.
    private static readonly TimeSpan MinAge = TimeSpan.FromMilliseconds(100);

    // How long a request waits for a newer copy before it is checked against the old one.
    private static readonly TimeSpan MaxWait = TimeSpan.FromMilliseconds(250);

    private readonly Database _database;
    private readonly TimeProvider _time;
    private readonly ITimer _timer;
    private readonly Lock _gate = new();
    private readonly SemaphoreSlim _synchronizing = new(1);

    // Usage since the last write, by tenant; guarded by _gate.
    private readonly Dictionary<long, TenantUsage> _pending = [];
    private TenantSnapshot _copy = new([]);
    private long _askedAt;
    private Task _refresh = Task.CompletedTask;
    private volatile bool _areRequired;

    private TenantKeys(Database database, TimeProvider time)
    {
        _database = database;
        _time = time;
        _timer = time.CreateTimer(_ => WriteUsageSoon(), null, MaxAge, MaxAge);
    }

    /// <summary>What was brought up to date as they were opened.</summary>
    public IReadOnlyList<SchemaChange> Upgrades => _database.Upgrades;

    /// <summary>Opens the tenants' table of an operator's storage, and creates it if it does not exist.</summary>
    /// <exception cref="DbException">They cannot be opened or written.</exception>
    /// <exception cref="ArgumentException">The database's connection string is invalid.</exception>
    public static Task<TenantKeys> OpenAsync(StorageOptions storage, CancellationToken cancellationToken) =>
        OpenAsync(storage, TimeProvider.System, cancellationToken);

    /// <summary>
    /// Opens the tenants' table of an operator's storage, with a clock for the age of the copy in memory.
    /// </summary>
    /// <exception cref="DbException">They cannot be opened or written.</exception>
    /// <exception cref="ArgumentException">The database's connection string is invalid.</exception>
    public static async Task<TenantKeys> OpenAsync(
        StorageOptions storage,
        TimeProvider time,
        CancellationToken cancellationToken
    )
    {
        DurableFile.CreateFolder(storage.Folder);

        // A wallet is told its key once, and a used nonce must stay used.
        Database database = storage.Database is null
            ? new SqliteDatabase(Path.Combine(storage.Folder, "tenants.sqlite"), survivesPowerCut: true)
            : new PostgresDatabase(storage.Database);
        await database.MigrateAsync("tenants", Migrations, cancellationToken);
        var keys = new TenantKeys(database, time);
        await keys.ReadAsync(cancellationToken);
        return keys;
    }

    /// <summary>Writes the usage and closes the database.</summary>
    public async ValueTask DisposeAsync()
    {
        await _timer.DisposeAsync();
        await SynchronizeAsync();
        await _database.DisposeAsync();
        _synchronizing.Dispose();
    }

    /// <summary>Creates a tenant with a new key. The key is returned only here; the table keeps its hash.</summary>
    /// <exception cref="SetupException">The name is taken.</exception>
    public async Task<(Tenant Tenant, string Key)> MakeAsync(
        string name,
        TenantScopes scopes,
        TenantQuota quota,
        DateTimeOffset now,
        CancellationToken cancellationToken
    )
    {
        string key = NewKey();
        TenantRow? row = null;
        await _database.WriteAsync(
            async (connection, transaction) =>
                row = await connection.QueryFirstOrDefaultAsync<TenantRow>(
                    $"""
                    INSERT INTO tenant (name, key_hash, scopes, quota_bytes, quota_rate, quota_concurrency, quota_disk, quota_blobs, quota_renewals, quota_reads, created_at)
                    VALUES (@name, @hash, @scopes, @bytes, @rate, @concurrency, @disk, @blobs, @renewals, @reads, @now)
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
                        disk = quota.Disk,
                        blobs = quota.Blobs,
                        renewals = quota.Renewals,
                        reads = quota.Reads,
                        now = now.ToUnixTimeSeconds(),
                    },
                    transaction,
                    cancellationToken
                ),
            cancellationToken
        );
        await ReadAsync(cancellationToken);
        return row is null
            ? throw new SetupException(
                $"name: there is a tenant {name} already, maybe a revoked one; meeda keys rotate {name} gives it "
                    + "a new key"
            )
            : (row.ToTenant(), key);
    }

    /// <summary>
    /// Gives a tenant a new key, a revoked one too. The old key ends with this; name, number, scopes, quota and usage
    /// stay.
    /// </summary>
    /// <returns>The key, returned only here; null if there is no tenant of that name.</returns>
    public async Task<string?> RotateAsync(string name, CancellationToken cancellationToken)
    {
        string key = NewKey();
        int count = 0;
        await _database.WriteAsync(
            async (connection, transaction) =>
                count = await connection.ExecuteAsync(
                    "UPDATE tenant SET key_hash = @hash, revoked_at = NULL, previous_hash = NULL WHERE name = @name",
                    new { name, hash = HashOf(key) },
                    transaction,
                    cancellationToken
                ),
            cancellationToken
        );
        await ReadAsync(cancellationToken);
        return count > 0 ? key : null;
    }

    /// <summary>
    /// The tenant of a key that is not revoked, or null, by a copy that is at most about a second old while the
    /// database is reachable.
    /// </summary>
    public async Task<Tenant?> FindAsync(string key, CancellationToken cancellationToken)
    {
        string hash = Convert.ToHexString(HashOf(key));
        TenantSnapshot copy = await CopyAsync(MaxAge, cancellationToken);
        if (!copy.Tenants.ContainsKey(hash))
        {
            copy = await CopyAsync(MinAge, cancellationToken);
        }

        return
            copy.Tenants.GetValueOrDefault(hash) is { } found
            && (found.Until is not { } until || _time.GetUtcNow() < until)
            ? found.Tenant
            : null;
    }

    /// <summary>All tenants, including revoked ones, oldest first.</summary>
    /// <exception cref="DbException">The database does not answer.</exception>
    public async Task<IReadOnlyList<Tenant>> ListAsync(CancellationToken cancellationToken)
    {
        if (HasPending())
        {
            await SynchronizeAsync();
        }

        await using DbConnection connection = await _database.ConnectAsync(cancellationToken);
        return
        [
            .. (
                await connection.QueryAsync<TenantRow>($"SELECT {Columns} FROM tenant ORDER BY id", cancellationToken)
            ).Select(row => row.ToTenant()),
        ];
    }

    /// <summary>Names the rollup whose escrow pays for a tenant's batches from now on.</summary>
    /// <param name="name">The tenant's name.</param>
    /// <param name="rollup">The rollup's L1 address; null for none.</param>
    /// <param name="cancellationToken">Ends the waiting.</param>
    /// <returns>Whether there is a tenant of that name.</returns>
    public async Task<bool> SetRollupAsync(string name, Address? rollup, CancellationToken cancellationToken)
    {
        int count = 0;
        await _database.WriteAsync(
            async (connection, transaction) =>
                count = await connection.ExecuteAsync(
                    "UPDATE tenant SET rollup = @rollup WHERE name = @name",
                    new { name, rollup = rollup?.ToString() },
                    transaction,
                    cancellationToken
                ),
            cancellationToken
        );
        await ReadAsync(cancellationToken);
        return count > 0;
    }

    /// <summary>Revokes a tenant's key; false if no tenant of that name has an active key.</summary>
    public async Task<bool> RevokeAsync(string name, DateTimeOffset now, CancellationToken cancellationToken)
    {
        int count = 0;
        await _database.WriteAsync(
            async (connection, transaction) =>
                count = await connection.ExecuteAsync(
                    "UPDATE tenant SET revoked_at = @now WHERE name = @name AND revoked_at IS NULL",
                    new { name, now = now.ToUnixTimeSeconds() },
                    transaction,
                    cancellationToken
                ),
            cancellationToken
        );
        await ReadAsync(cancellationToken);
        return count > 0;
    }

    private static string NewKey() => Prefix + Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(KeyBytes));

    private static bool IsRefusal(Exception failure) => failure is DbException or TimeoutException or IOException;

    private static byte[] HashOf(string key) => SHA256.HashData(Encoding.UTF8.GetBytes(key));
}
