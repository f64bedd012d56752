using System.Buffers.Text;
using System.Collections.Frozen;
using System.Data.Common;
using System.Security.Cryptography;
using System.Text;
using Dapper;
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
/// Requests are judged by a copy in memory that is at most about a second old, and their usage is counted there and
/// written in groups: a database that does not
/// answer, or a disk that is full, must not turn every request away, since reads and the failover signal have to get
/// through just then.
/// </para>
/// </summary>
internal sealed class TenantKeys : IAsyncDisposable
{
    /// <summary>What keys begin with, so that one that leaked can be recognised.</summary>
    public const string Prefix = "mk_";

    private const int KeyBytes = 32;

    private const string Columns =
        "id AS Id, name AS Name, key_hash AS KeyHash, scopes AS Scopes, quota_bytes AS QuotaBytes, quota_rate AS "
        + "QuotaRate, quota_concurrency AS QuotaConcurrency, "
        + "quota_disk AS QuotaDisk, quota_blobs AS QuotaBlobs, quota_renewals AS QuotaRenewals, quota_reads AS "
        + "QuotaReads, used_requests AS UsedRequests, used_bytes AS UsedBytes, "
        + "used_disk AS UsedDisk, used_blobs AS UsedBlobs, used_renewals AS UsedRenewals, used_reads AS "
        + "UsedReads, created_at AS CreatedAt, revoked_at AS RevokedAt";

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
        """
            ALTER TABLE tenant ADD COLUMN quota_disk BIGINT NOT NULL DEFAULT 0;
            ALTER TABLE tenant ADD COLUMN quota_blobs BIGINT NOT NULL DEFAULT 0;
            ALTER TABLE tenant ADD COLUMN quota_renewals BIGINT NOT NULL DEFAULT 0;
            ALTER TABLE tenant ADD COLUMN quota_reads BIGINT NOT NULL DEFAULT 0;
            ALTER TABLE tenant ADD COLUMN used_disk BIGINT NOT NULL DEFAULT 0;
            ALTER TABLE tenant ADD COLUMN used_blobs BIGINT NOT NULL DEFAULT 0;
            ALTER TABLE tenant ADD COLUMN used_renewals BIGINT NOT NULL DEFAULT 0;
            ALTER TABLE tenant ADD COLUMN used_reads BIGINT NOT NULL DEFAULT 0;
            """,
    ];

    // How old the copy in memory may be: that long a revoked key may go on working.
    private static readonly TimeSpan MaxAge = TimeSpan.FromSeconds(1);

    // A key that is not known may have just been made; but a client with a wrong one must not have the database asked
    // for each of its requests.
    private static readonly TimeSpan MinAge = TimeSpan.FromMilliseconds(100);

    // How long a request waits for a newer copy before it is judged by the old one.
    private static readonly TimeSpan MaxWait = TimeSpan.FromMilliseconds(250);

    private readonly Database _database;
    private readonly TimeProvider _time;
    private readonly ITimer _timer;
    private readonly Lock _gate = new();
    private readonly SemaphoreSlim _synchronizing = new(1);

    // What was used since it was last written, by tenant; guarded by _gate.
    private readonly Dictionary<long, TenantUsage> _pending = [];
    private Copy _copy = new([]);
    private long _askedAt;
    private Task _refresh = Task.CompletedTask;

    private TenantKeys(Database database, TimeProvider time)
    {
        _database = database;
        _time = time;
        _timer = time.CreateTimer(_ => WriteUsageSoon(), null, MaxAge, MaxAge);
    }

    /// <summary>Opens the tenants of an operator's storage, and makes room for them where there are none.</summary>
    /// <exception cref="DbException">They cannot be opened or written.</exception>
    /// <exception cref="ArgumentException">The database's connection string is invalid.</exception>
    public static Task<TenantKeys> OpenAsync(StorageOptions storage, CancellationToken cancellationToken) =>
        OpenAsync(storage, TimeProvider.System, cancellationToken);

    /// <summary>
    /// Opens the tenants of an operator's storage, with a clock that says how old the copy in memory is.
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

        // A power cut may undo the last moments of counting, never the file: a key is rarer than a request, and made
        // by a person who can look.
        Database database = storage.Database is null
            ? new SqliteDatabase(Path.Combine(storage.Folder, "tenants.sqlite"), survivesPowerCut: false)
            : new PostgresDatabase(storage.Database);
        await database.MigrateAsync("tenants", Migrations, cancellationToken);
        var keys = new TenantKeys(database, time);
        await keys.ReadAsync(cancellationToken);
        return keys;
    }

    /// <summary>Writes what was used and lets go of the database.</summary>
    public async ValueTask DisposeAsync()
    {
        await _timer.DisposeAsync();
        await SynchronizeAsync();
        await _database.DisposeAsync();
        _synchronizing.Dispose();
    }

    /// <summary>Makes a tenant with a new key, which is given out this once and kept as a hash only.</summary>
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
                row = await connection.QuerySingleOrDefaultAsync<TenantRow>(
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
                    transaction
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
    /// <returns>The key, given out this once; null where there is no tenant of that name.</returns>
    public async Task<string?> RotateAsync(string name, CancellationToken cancellationToken)
    {
        string key = NewKey();
        int count = 0;
        await _database.WriteAsync(
            async (connection, transaction) =>
                count = await connection.ExecuteAsync(
                    "UPDATE tenant SET key_hash = @hash, revoked_at = NULL WHERE name = @name",
                    new { name, hash = HashOf(key) },
                    transaction
                ),
            cancellationToken
        );
        await ReadAsync(cancellationToken);
        return count > 0 ? key : null;
    }

    /// <summary>
    /// The tenant of a key that is not revoked, or null, by a copy that is about a second old at most while the
    /// database answers.
    /// </summary>
    public async Task<Tenant?> FindAsync(string key, CancellationToken cancellationToken)
    {
        string hash = Convert.ToHexString(HashOf(key));
        Copy copy = await CopyAsync(MaxAge, cancellationToken);
        if (!copy.Tenants.ContainsKey(hash))
        {
            copy = await CopyAsync(MinAge, cancellationToken);
        }

        return copy.Tenants.GetValueOrDefault(hash);
    }

    /// <summary>All tenants, the revoked too, oldest first.</summary>
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
            .. (await connection.QueryAsync<TenantRow>($"SELECT {Columns} FROM tenant ORDER BY id")).Select(row =>
                row.ToTenant()
            ),
        ];
    }

    /// <summary>Revokes a tenant's key; false where no tenant of that name has one.</summary>
    public async Task<bool> RevokeAsync(string name, DateTimeOffset now, CancellationToken cancellationToken)
    {
        int count = 0;
        await _database.WriteAsync(
            async (connection, transaction) =>
                count = await connection.ExecuteAsync(
                    "UPDATE tenant SET revoked_at = @now WHERE name = @name AND revoked_at IS NULL",
                    new { name, now = now.ToUnixTimeSeconds() },
                    transaction
                ),
            cancellationToken
        );
        await ReadAsync(cancellationToken);
        return count > 0;
    }

    /// <summary>
    /// Counts a request in, if its bytes are within the tenant's quota. What other operators on the same database
    /// counted is known a second later. Never waits, never fails.
    /// </summary>
    /// <returns>Whether they are.</returns>
    public bool TryUse(Tenant tenant, long bytes) => TryUse(tenant, new TenantUsage(1, bytes), out _);

    /// <summary>Counts what a tenant uses, if it is within its quota. Never waits, never fails.</summary>
    /// <param name="tenant">Who.</param>
    /// <param name="usage">What it uses.</param>
    /// <param name="exceeded">What of its quota would be exceeded.</param>
    /// <returns>Whether it is within.</returns>
    public bool TryUse(Tenant tenant, TenantUsage usage, out string? exceeded)
    {
        lock (_gate)
        {
            TenantUsage pending = _pending.GetValueOrDefault(tenant.Id) ?? TenantUsage.None;
            TenantUsage written = _copy.Usage.GetValueOrDefault(tenant.Id) ?? tenant.Usage;
            exceeded = tenant.Quota.Exceeded(written.Plus(pending), usage);
            if (exceeded is null)
            {
                _pending[tenant.Id] = pending.Plus(usage);
            }

            return exceeded is null;
        }
    }

    /// <summary>Takes back what was counted: it was not used after all, or is used no more.</summary>
    public void GiveBack(long tenantId, TenantUsage usage)
    {
        lock (_gate)
        {
            _pending[tenantId] = (_pending.GetValueOrDefault(tenantId) ?? TenantUsage.None).Plus(usage, factor: -1);
        }
    }

    /// <summary>Whether there is any tenant, revoked ones too: then the service asks everyone for a key.</summary>
    public async Task<bool> AnyAsync(CancellationToken cancellationToken) =>
        (await CopyAsync(MaxAge, cancellationToken)).IsAny;

    private bool HasPending()
    {
        lock (_gate)
        {
            return _pending.Count > 0;
        }
    }

    private static string NewKey() => Prefix + Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(KeyBytes));

    private void WriteUsageSoon()
    {
        if (HasPending())
        {
            _ = RefreshAsync(MaxAge);
        }
    }

    /// <summary>The copy, renewed first where it is older; where the database takes its time, the old one.</summary>
    private async ValueTask<Copy> CopyAsync(TimeSpan maxAge, CancellationToken cancellationToken)
    {
        if (_time.GetElapsedTime(Interlocked.Read(ref _askedAt)) >= maxAge)
        {
            Task refresh = RefreshAsync(maxAge);
            try
            {
                await refresh.WaitAsync(MaxWait, _time, cancellationToken);
            }
            catch (TimeoutException)
            {
                // It goes on by itself, for the requests that come after this one; those of the next second do not
                // wait for it.
                Interlocked.Exchange(ref _askedAt, _time.GetTimestamp());
            }
        }

        return Volatile.Read(ref _copy);
    }

    /// <summary>Renews the copy where it is older than that; requests that want it together share the work.</summary>
    private Task RefreshAsync(TimeSpan maxAge)
    {
        lock (_gate)
        {
            // The copy counts as old until the new one is there: a request that comes meanwhile waits for it, too.
            if (_refresh.IsCompleted && _time.GetElapsedTime(_askedAt) >= maxAge)
            {
                _refresh = Task.Run(SynchronizeAsync);
            }

            return _refresh;
        }
    }

    /// <summary>
    /// Writes what was used and reads all tenants again. Where the database refuses, what is known stays as it is, and
    /// what was used waits.
    /// </summary>
    private async Task SynchronizeAsync()
    {
        await _synchronizing.WaitAsync();
        try
        {
            KeyValuePair<long, TenantUsage>[] written;
            lock (_gate)
            {
                written = [.. _pending];
            }

            try
            {
                if (written.Length > 0)
                {
                    await _database.WriteAsync(
                        (connection, transaction) =>
                            connection.ExecuteAsync(
                                """
                                UPDATE tenant SET used_requests = used_requests + @requests, used_bytes = used_bytes + @bytes, used_disk = used_disk + @disk, used_blobs = used_blobs + @blobs,
                                                  used_renewals = used_renewals + @renewals, used_reads = used_reads + @reads
                                WHERE id = @id
                                """,
                                written.Select(each => new
                                {
                                    id = each.Key,
                                    requests = each.Value.Requests,
                                    bytes = each.Value.Bytes,
                                    disk = each.Value.Disk,
                                    blobs = each.Value.Blobs,
                                    renewals = each.Value.Renewals,
                                    reads = each.Value.Reads,
                                }),
                                transaction
                            ),
                        CancellationToken.None
                    );
                }
            }
            catch (Exception refused) when (IsRefusal(refused))
            {
                written = [];
            }

            await ReadHeldAsync(written, CancellationToken.None);
        }
        catch (Exception refused) when (IsRefusal(refused))
        {
            // The next poll is a second away.
        }
        finally
        {
            _synchronizing.Release();
        }
    }

    private async Task ReadAsync(CancellationToken cancellationToken)
    {
        await _synchronizing.WaitAsync(cancellationToken);
        try
        {
            await ReadHeldAsync([], cancellationToken);
        }
        finally
        {
            _synchronizing.Release();
        }
    }

    /// <summary>
    /// Reads all tenants; what was written before counts as used from the moment that it is seen there, and not
    /// twice.
    /// </summary>
    private async Task ReadHeldAsync(
        IReadOnlyList<KeyValuePair<long, TenantUsage>> written,
        CancellationToken cancellationToken
    )
    {
        long asked = _time.GetTimestamp();
        Copy? copy = null;
        try
        {
            await using DbConnection connection = await _database.ConnectAsync(cancellationToken);
            copy = new Copy([.. await connection.QueryAsync<TenantRow>($"SELECT {Columns} FROM tenant")]);
        }
        finally
        {
            lock (_gate)
            {
                foreach ((long id, TenantUsage usage) in written)
                {
                    TenantUsage left = _pending[id].Plus(usage, factor: -1);
                    if (left != TenantUsage.None)
                    {
                        _pending[id] = left;
                    }
                    else
                    {
                        _pending.Remove(id);
                    }
                }

                // Without a new copy, the old one learns what was written.
                Volatile.Write(ref _copy, copy ?? _copy.With(written));
                _askedAt = asked;
            }
        }
    }

    private static bool IsRefusal(Exception failure) => failure is DbException or TimeoutException or IOException;

    private static byte[] HashOf(string key) => SHA256.HashData(Encoding.UTF8.GetBytes(key));

    /// <summary>The tenants as they were read last. Never changed.</summary>
    private sealed class Copy
    {
        public Copy(IReadOnlyList<TenantRow> rows)
        {
            IsAny = rows.Count > 0;
            Tenants = rows.Where(row => row.RevokedAt is null)
                .ToFrozenDictionary(row => Convert.ToHexString(row.KeyHash), row => row.ToTenant());
            Usage = rows.ToFrozenDictionary(row => row.Id, row => row.ToUsage());
        }

        private Copy(Copy before, FrozenDictionary<long, TenantUsage> usage)
        {
            IsAny = before.IsAny;
            Tenants = before.Tenants;
            Usage = usage;
        }

        /// <summary>Whether there is any, revoked ones too.</summary>
        public bool IsAny { get; }

        /// <summary>Those that are not revoked, by the hash of their key.</summary>
        public FrozenDictionary<string, Tenant> Tenants { get; }

        /// <summary>What each had used.</summary>
        public FrozenDictionary<long, TenantUsage> Usage { get; }

        /// <summary>The same with usage that was written since.</summary>
        public Copy With(IReadOnlyList<KeyValuePair<long, TenantUsage>> written)
        {
            Dictionary<long, TenantUsage> usage = Usage.ToDictionary();
            foreach ((long id, TenantUsage more) in written)
            {
                usage[id] = (usage.GetValueOrDefault(id) ?? TenantUsage.None).Plus(more);
            }

            return new Copy(this, usage.ToFrozenDictionary());
        }
    }

    private sealed record TenantRow
    {
        public long Id { get; init; }

        public string Name { get; init; } = "";

        public byte[] KeyHash { get; init; } = [];

        public long Scopes { get; init; }

        public long QuotaBytes { get; init; }

        public long QuotaRate { get; init; }

        public long QuotaConcurrency { get; init; }

        public long QuotaDisk { get; init; }

        public long QuotaBlobs { get; init; }

        public long QuotaRenewals { get; init; }

        public long QuotaReads { get; init; }

        public long UsedRequests { get; init; }

        public long UsedBytes { get; init; }

        public long UsedDisk { get; init; }

        public long UsedBlobs { get; init; }

        public long UsedRenewals { get; init; }

        public long UsedReads { get; init; }

        public long CreatedAt { get; init; }

        public long? RevokedAt { get; init; }

        public TenantUsage ToUsage() =>
            new(UsedRequests, UsedBytes)
            {
                Disk = UsedDisk,
                Blobs = UsedBlobs,
                Renewals = UsedRenewals,
                Reads = UsedReads,
            };

        public Tenant ToTenant() =>
            new(
                Id,
                Name,
                (TenantScopes)Scopes,
                new TenantQuota(QuotaBytes, (int)QuotaRate, (int)QuotaConcurrency)
                {
                    Disk = QuotaDisk,
                    Blobs = QuotaBlobs,
                    Renewals = QuotaRenewals,
                    Reads = QuotaReads,
                },
                ToUsage(),
                DateTimeOffset.FromUnixTimeSeconds(CreatedAt),
                RevokedAt is { } revoked ? DateTimeOffset.FromUnixTimeSeconds(revoked) : null
            );
    }
}
