using System.Data.Common;
using Dapper;
using Microsoft.Data.Sqlite;
using SQLitePCL;

namespace Meeda.Hosting.Persistence;

/// <summary>
/// Dapper's queries, each with its cancellation token. A query that is cancelled stops at the server too, and throws
/// <see cref="OperationCanceledException"/> on both databases.
/// </summary>
internal static class Queries
{
    /// <summary>Executes statements.</summary>
    /// <returns>How many rows they changed.</returns>
    public static Task<int> ExecuteAsync(
        this DbConnection connection,
        string sql,
        CancellationToken cancellationToken
    ) => connection.ExecuteAsync(sql, null, null, cancellationToken);

    /// <inheritdoc cref="ExecuteAsync(DbConnection, string, CancellationToken)"/>
    public static Task<int> ExecuteAsync(
        this DbConnection connection,
        string sql,
        object? parameters,
        DbTransaction? transaction,
        CancellationToken cancellationToken
    ) =>
        RunAsync(
            connection,
            command => SqlMapper.ExecuteAsync(connection, command),
            sql,
            parameters,
            transaction,
            cancellationToken
        );

    /// <summary>Reads one value: the first column of the first row.</summary>
    public static Task<T?> ExecuteScalarAsync<T>(
        this DbConnection connection,
        string sql,
        CancellationToken cancellationToken
    ) => connection.ExecuteScalarAsync<T>(sql, null, null, cancellationToken);

    /// <inheritdoc cref="ExecuteScalarAsync{T}(DbConnection, string, CancellationToken)"/>
    public static Task<T?> ExecuteScalarAsync<T>(
        this DbConnection connection,
        string sql,
        object? parameters,
        CancellationToken cancellationToken
    ) => connection.ExecuteScalarAsync<T>(sql, parameters, null, cancellationToken);

    /// <inheritdoc cref="ExecuteScalarAsync{T}(DbConnection, string, CancellationToken)"/>
    public static Task<T?> ExecuteScalarAsync<T>(
        this DbConnection connection,
        string sql,
        object? parameters,
        DbTransaction? transaction,
        CancellationToken cancellationToken
    ) =>
        RunAsync(
            connection,
            command => SqlMapper.ExecuteScalarAsync<T>(connection, command),
            sql,
            parameters,
            transaction,
            cancellationToken
        );

    /// <summary>Reads all rows.</summary>
    public static Task<IEnumerable<T>> QueryAsync<T>(
        this DbConnection connection,
        string sql,
        CancellationToken cancellationToken
    ) => connection.QueryAsync<T>(sql, null, null, cancellationToken);

    /// <inheritdoc cref="QueryAsync{T}(DbConnection, string, CancellationToken)"/>
    public static Task<IEnumerable<T>> QueryAsync<T>(
        this DbConnection connection,
        string sql,
        object? parameters,
        CancellationToken cancellationToken
    ) => connection.QueryAsync<T>(sql, parameters, null, cancellationToken);

    /// <inheritdoc cref="QueryAsync{T}(DbConnection, string, CancellationToken)"/>
    public static Task<IEnumerable<T>> QueryAsync<T>(
        this DbConnection connection,
        string sql,
        object? parameters,
        DbTransaction? transaction,
        CancellationToken cancellationToken
    ) =>
        RunAsync(
            connection,
            command => SqlMapper.QueryAsync<T>(connection, command),
            sql,
            parameters,
            transaction,
            cancellationToken
        );

    /// <summary>Reads the first row; null where there is none.</summary>
    public static Task<T?> QueryFirstOrDefaultAsync<T>(
        this DbConnection connection,
        string sql,
        CancellationToken cancellationToken
    ) => connection.QueryFirstOrDefaultAsync<T>(sql, null, null, cancellationToken);

    /// <inheritdoc cref="QueryFirstOrDefaultAsync{T}(DbConnection, string, CancellationToken)"/>
    public static Task<T?> QueryFirstOrDefaultAsync<T>(
        this DbConnection connection,
        string sql,
        object? parameters,
        CancellationToken cancellationToken
    ) => connection.QueryFirstOrDefaultAsync<T>(sql, parameters, null, cancellationToken);

    /// <inheritdoc cref="QueryFirstOrDefaultAsync{T}(DbConnection, string, CancellationToken)"/>
    public static Task<T?> QueryFirstOrDefaultAsync<T>(
        this DbConnection connection,
        string sql,
        object? parameters,
        DbTransaction? transaction,
        CancellationToken cancellationToken
    ) =>
        RunAsync(
            connection,
            command => SqlMapper.QueryFirstOrDefaultAsync<T>(connection, command),
            sql,
            parameters,
            transaction,
            cancellationToken
        );

    /// <summary>Reads the only row.</summary>
    public static Task<T> QuerySingleAsync<T>(
        this DbConnection connection,
        string sql,
        CancellationToken cancellationToken
    ) => connection.QuerySingleAsync<T>(sql, null, cancellationToken);

    /// <inheritdoc cref="QuerySingleAsync{T}(DbConnection, string, CancellationToken)"/>
    public static Task<T> QuerySingleAsync<T>(
        this DbConnection connection,
        string sql,
        object? parameters,
        CancellationToken cancellationToken
    ) =>
        RunAsync(
            connection,
            command => SqlMapper.QuerySingleAsync<T>(connection, command),
            sql,
            parameters,
            null,
            cancellationToken
        );

    private static async Task<T> RunAsync<T>(
        DbConnection connection,
        Func<CommandDefinition, Task<T>> run,
        string sql,
        object? parameters,
        DbTransaction? transaction,
        CancellationToken cancellationToken
    )
    {
        // SQLite runs in this process and ignores the token while it does.
        using CancellationTokenRegistration interrupt = connection is SqliteConnection sqlite
            ? cancellationToken.Register(() => raw.sqlite3_interrupt(sqlite.Handle))
            : default;
        try
        {
            return await run(new CommandDefinition(sql, parameters, transaction, cancellationToken: cancellationToken));
        }
        catch (DbException) when (cancellationToken.IsCancellationRequested)
        {
            throw new OperationCanceledException(cancellationToken);
        }
    }
}
