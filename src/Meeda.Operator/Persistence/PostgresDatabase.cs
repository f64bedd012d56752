using System.Data.Common;
using System.Globalization;
using Meeda.Hosting.Persistence;
using Npgsql;

namespace Meeda.Operator.Persistence;

/// <summary>
/// A PostgreSQL database that several operators can share. Commits wait for the server's disk, whatever the server's
/// default is.
/// </summary>
internal sealed class PostgresDatabase : Database
{
    // The process that migrates holds this lock, so that replicas which start together migrate once. The number has no
    // meaning.
    private const long MigrationLock = 0x4d45454441;

    // A process suspended within a transaction would keep its locks, including the lease's, and no other operator could
    // take over. The server ends such a transaction, and the process's later writes fail. No transaction here waits for
    // anything but the server.
    private static readonly TimeSpan MaxPause = TimeSpan.FromSeconds(5);

    private const int MaxTries = 3;

    private readonly NpgsqlDataSource _source;

    /// <summary>Takes a connection string; the first use connects.</summary>
    /// <exception cref="ArgumentException">The connection string is invalid. It may hold a password, so the message
    /// does not repeat it.</exception>
    public PostgresDatabase(string connectionString)
    {
        try
        {
            string options = string.Create(
                CultureInfo.InvariantCulture,
                $"-c synchronous_commit=on -c idle_in_transaction_session_timeout={MaxPause.TotalMilliseconds:0}"
            );
            _source = NpgsqlDataSource.Create(
                new NpgsqlConnectionStringBuilder(connectionString) { Options = options, IncludeErrorDetail = false }
            );
        }
        catch (Exception malformed) when (malformed is ArgumentException or KeyNotFoundException or FormatException)
        {
            throw new ArgumentException(
                "it is not a PostgreSQL connection string, such as Host=db;Database=meeda;Username=meeda"
            );
        }
    }

    /// <inheritdoc/>
    public override bool IsShared => true;

    /// <inheritdoc/>
    public override async Task<DbConnection> ConnectAsync(CancellationToken cancellationToken) =>
        await _source.OpenConnectionAsync(cancellationToken);

    /// <inheritdoc/>
    public override async Task WriteAsync(
        Func<DbConnection, DbTransaction, Task> work,
        CancellationToken cancellationToken
    )
    {
        for (int tries = 1; ; tries++)
        {
            try
            {
                await using DbConnection connection = await ConnectAsync(cancellationToken);
                await using DbTransaction transaction = await connection.BeginTransactionAsync(cancellationToken);
                await work(connection, transaction);
                await transaction.CommitAsync(cancellationToken);
                return;
            }
            catch (PostgresException deadlock)
                when (deadlock.SqlState == PostgresErrorCodes.DeadlockDetected && tries < MaxTries)
            {
                // The server rolled this transaction back to resolve a deadlock.
            }
        }
    }

    /// <inheritdoc/>
    public override async Task MigrateAsync(
        string schema,
        IReadOnlyList<string> migrations,
        CancellationToken cancellationToken
    )
    {
        long before = 0;
        await WriteAsync(
            async (connection, transaction) =>
            {
                await LockSchemasAsync(connection, transaction, cancellationToken);
                long version =
                    await connection.ExecuteScalarAsync<long?>(
                        "SELECT version FROM schema_version WHERE name = @schema",
                        new { schema },
                        transaction,
                        cancellationToken
                    ) ?? 0;
                before = version;
                CheckVersion(schema, version, migrations.Count);
                await CheckHashesAsync(schema, migrations, version, connection, transaction, cancellationToken);
                foreach (string migration in migrations.Skip((int)version))
                {
                    await connection.ExecuteAsync(
                        Dialect(migration, "BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY", "BYTEA"),
                        null,
                        transaction,
                        cancellationToken
                    );
                }

                await CheckHashesAsync(
                    schema,
                    migrations,
                    migrations.Count,
                    connection,
                    transaction,
                    cancellationToken
                );
                await connection.ExecuteAsync(
                    "INSERT INTO schema_version (name, version) VALUES (@schema, @version) ON CONFLICT (name) DO "
                        + "UPDATE SET version = excluded.version",
                    new { schema, version = migrations.Count },
                    transaction,
                    cancellationToken
                );
            },
            cancellationToken
        );
        NoteUpgrade(schema, before, migrations.Count, copy: null);
    }

    private static async Task LockSchemasAsync(
        DbConnection connection,
        DbTransaction transaction,
        CancellationToken cancellationToken
    )
    {
        await connection.ExecuteAsync(
            "SELECT pg_advisory_xact_lock(@MigrationLock)",
            new { MigrationLock },
            transaction,
            cancellationToken
        );
        await connection.ExecuteAsync(
            "CREATE TABLE IF NOT EXISTS schema_version (name TEXT PRIMARY KEY, version BIGINT NOT NULL)",
            null,
            transaction,
            cancellationToken
        );
    }

    /// <inheritdoc/>
    public override async Task<long> VersionAsync(string schema, CancellationToken cancellationToken)
    {
        if (!await HasTableAsync("schema_version", cancellationToken))
        {
            return 0;
        }

        await using DbConnection connection = await ConnectAsync(cancellationToken);
        return await connection.ExecuteScalarAsync<long?>(
                "SELECT version FROM schema_version WHERE name = @schema",
                new { schema },
                cancellationToken
            ) ?? 0;
    }

    /// <inheritdoc/>
    public override async Task<bool> HasTableAsync(string table, CancellationToken cancellationToken)
    {
        await using DbConnection connection = await ConnectAsync(cancellationToken);
        return await connection.ExecuteScalarAsync<bool>(
            "SELECT to_regclass(@table) IS NOT NULL",
            new { table },
            cancellationToken
        );
    }

    /// <inheritdoc/>
    public override async Task<bool> HasColumnAsync(string table, string column, CancellationToken cancellationToken)
    {
        await using DbConnection connection = await ConnectAsync(cancellationToken);
        return await connection.ExecuteScalarAsync<long>(
                "SELECT COUNT(*) FROM pg_attribute WHERE attrelid = to_regclass(@table) AND attname = @column AND "
                    + "NOT attisdropped",
                new { table, column },
                cancellationToken
            ) > 0;
    }

    /// <inheritdoc/>
    public override ValueTask DisposeAsync() => _source.DisposeAsync();
}
