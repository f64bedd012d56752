using System.Data.Common;
using Microsoft.Data.Sqlite;
using SQLitePCL;

namespace Meeda.Hosting.Persistence;

/// <summary>A SQLite file in WAL mode.</summary>
/// <param name="path">The file, created if it does not exist.</param>
/// <param name="survivesPowerCut">
/// Whether a transaction is on the disk when its commit returns (<c>synchronous=FULL</c>); otherwise a power cut may
/// undo the last ones, never the file.
/// </param>
internal sealed class SqliteDatabase(string path, bool survivesPowerCut = true) : Database
{
    // SQLITE_CONFIG_STMTJRNL_SPILL: up to this many bytes, what a statement would undo stays in memory instead of a
    // temporary file. A payload of a usual batch fits; SQLite's own default, 64 KiB, sends each to the disk.
    private const int StatementJournalSpill = 26;
    private const int StatementJournalBytes = 4 << 20;

    static SqliteDatabase()
    {
        Batteries_V2.Init();

        // Refused once SQLite is in use: then the default stays.
        _ = raw.sqlite3_config(StatementJournalSpill, StatementJournalBytes);
    }

    // SQLite has one writer at a time. Waiting here is a queue; waiting inside SQLite is polling.
    private readonly SemaphoreSlim _writing = new(1);

    private readonly string _connectionString = new SqliteConnectionStringBuilder
    {
        DataSource = path,
        ForeignKeys = true,
        DefaultTimeout = 30,
    }.ToString();

    /// <inheritdoc/>
    public override bool IsShared => false;

    /// <inheritdoc/>
    public override async Task<DbConnection> ConnectAsync(CancellationToken cancellationToken)
    {
        var connection = new SqliteConnection(_connectionString);
        try
        {
            await connection.OpenAsync(cancellationToken);
            await connection.ExecuteAsync(
                survivesPowerCut ? "PRAGMA synchronous = FULL" : "PRAGMA synchronous = NORMAL",
                cancellationToken
            );
            return connection;
        }
        catch
        {
            await connection.DisposeAsync();
            throw;
        }
    }

    /// <inheritdoc/>
    public override async Task WriteAsync(
        Func<DbConnection, DbTransaction, Task> work,
        CancellationToken cancellationToken
    )
    {
        await _writing.WaitAsync(cancellationToken);
        try
        {
            await using DbConnection connection = await ConnectAsync(cancellationToken);
            await using DbTransaction transaction = await connection.BeginTransactionAsync(cancellationToken);
            await work(connection, transaction);
            await transaction.CommitAsync(cancellationToken);
        }
        finally
        {
            _writing.Release();
        }
    }

    /// <inheritdoc/>
    public override async Task MigrateAsync(
        string schema,
        IReadOnlyList<string> migrations,
        CancellationToken cancellationToken
    )
    {
        await using (DbConnection connection = await ConnectAsync(cancellationToken))
        {
            await connection.ExecuteAsync("PRAGMA journal_mode = WAL", cancellationToken);
        }

        long before = await VersionAsync(schema, cancellationToken);
        CheckVersion(schema, before, migrations.Count);
        string? copy =
            before > 0 && before < migrations.Count
                ? await CopyBeforeAsync(schema, before, migrations.Count, cancellationToken)
                : null;
        bool isCurrent = false;
        while (!isCurrent)
        {
            await WriteAsync(
                async (connection, transaction) =>
                {
                    long version = await connection.ExecuteScalarAsync<long>(
                        "PRAGMA user_version",
                        null,
                        transaction,
                        cancellationToken
                    );
                    CheckVersion(schema, version, migrations.Count);
                    await CheckHashesAsync(schema, migrations, version, connection, transaction, cancellationToken);
                    isCurrent = version == migrations.Count;
                    if (!isCurrent)
                    {
                        await connection.ExecuteAsync(
                            Dialect(migrations[(int)version], "INTEGER PRIMARY KEY AUTOINCREMENT", "BLOB"),
                            null,
                            transaction,
                            cancellationToken
                        );
                        await connection.ExecuteAsync(
                            $"PRAGMA user_version = {version + 1}",
                            null,
                            transaction,
                            cancellationToken
                        );
                    }
                },
                cancellationToken
            );
        }

        NoteUpgrade(schema, before, migrations.Count, copy);
    }

    /// <inheritdoc/>
    public override async Task<long> VersionAsync(string schema, CancellationToken cancellationToken)
    {
        await using DbConnection connection = await ConnectAsync(cancellationToken);
        return await connection.ExecuteScalarAsync<long>("PRAGMA user_version", cancellationToken);
    }

    /// <inheritdoc/>
    public override async Task<bool> HasTableAsync(string table, CancellationToken cancellationToken)
    {
        await using DbConnection connection = await ConnectAsync(cancellationToken);
        return await connection.ExecuteScalarAsync<long>(
                "SELECT COUNT(*) FROM sqlite_master WHERE type = 'table' AND name = @table",
                new { table },
                cancellationToken
            ) > 0;
    }

    /// <inheritdoc/>
    public override async Task<bool> HasColumnAsync(string table, string column, CancellationToken cancellationToken)
    {
        await using DbConnection connection = await ConnectAsync(cancellationToken);
        return await connection.ExecuteScalarAsync<long>(
                "SELECT COUNT(*) FROM pragma_table_info(@table) WHERE name = @column",
                new { table, column },
                cancellationToken
            ) > 0;
    }

    /// <inheritdoc/>
    public override ValueTask DisposeAsync()
    {
        using (var connection = new SqliteConnection(_connectionString))
        {
            SqliteConnection.ClearPool(connection);
        }

        _writing.Dispose();
        return ValueTask.CompletedTask;
    }

    /// <summary>Copies the file as an older version of Meeda left it, beside it.</summary>
    /// <returns>The copy's path.</returns>
    /// <exception cref="IOException">There is no room for it, or the folder takes no file.</exception>
    private async Task<string> CopyBeforeAsync(
        string schema,
        long version,
        int next,
        CancellationToken cancellationToken
    )
    {
        string copy = $"{path}.schema-{version}";
        try
        {
            await SqliteCopy.MakeAsync(path, copy, cancellationToken);
            return copy;
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException or SqliteException)
        {
            throw new IOException(
                $"the {schema} is to be upgraded from schema version {version} to {next}, and the copy before that "
                    + $"cannot be made, so nothing was changed: {failure.Message.TrimEnd('.')}",
                failure
            );
        }
    }
}
