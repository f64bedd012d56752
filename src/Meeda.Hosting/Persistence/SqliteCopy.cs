using System.Data.Common;
using Microsoft.Data.Sqlite;

namespace Meeda.Hosting.Persistence;

/// <summary>Copies of SQLite files that are in use, made by SQLite's online backup.</summary>
internal static class SqliteCopy
{
    /// <summary>
    /// Copies a consistent snapshot of a database while others write to it. The copy is checked, and durable under its
    /// name when this returns; before, nothing is there, or what was.
    /// </summary>
    /// <param name="source">The database's file.</param>
    /// <param name="destination">The copy's file, which is replaced where it exists.</param>
    /// <param name="cancellationToken">Stops before the copy is made.</param>
    /// <exception cref="IOException">The copy cannot be written, or is not whole.</exception>
    /// <exception cref="DbException">The database cannot be read.</exception>
    public static async Task MakeAsync(string source, string destination, CancellationToken cancellationToken)
    {
        string temporary = $"{destination}.{Guid.NewGuid():N}.tmp";
        try
        {
            await using (SqliteConnection from = await OpenAsync(source, SqliteOpenMode.ReadWrite, cancellationToken))
            await using (
                SqliteConnection to = await OpenAsync(temporary, SqliteOpenMode.ReadWriteCreate, cancellationToken)
            )
            {
                await Task.Run(() => from.BackupDatabase(to), cancellationToken);
                // A copy is one file: in WAL mode it would grow others beside it as soon as it is read.
                await to.ExecuteAsync("PRAGMA journal_mode = DELETE", cancellationToken);
            }

            await CheckAsync(temporary, cancellationToken);
            DurableFile.Publish(temporary, destination);
        }
        finally
        {
            File.Delete(temporary);
        }
    }

    /// <summary>Whether a file is a whole database (<c>PRAGMA integrity_check</c>).</summary>
    /// <exception cref="IOException">It is not.</exception>
    public static async Task CheckAsync(string path, CancellationToken cancellationToken)
    {
        string name = Path.GetFileName(path);
        try
        {
            await using SqliteConnection connection = await OpenAsync(path, SqliteOpenMode.ReadOnly, cancellationToken);
            if (
                await connection.ExecuteScalarAsync<string>("PRAGMA integrity_check", cancellationToken) is var said
                && said != "ok"
            )
            {
                throw new IOException($"{name}: it is not a whole database: {said?.ReplaceLineEndings(" ")}");
            }
        }
        catch (SqliteException unreadable)
        {
            throw new IOException($"{name}: it is not a whole database: {unreadable.Message.TrimEnd('.')}", unreadable);
        }
    }

    private static async Task<SqliteConnection> OpenAsync(
        string path,
        SqliteOpenMode mode,
        CancellationToken cancellationToken
    )
    {
        var connection = new SqliteConnection(
            new SqliteConnectionStringBuilder
            {
                DataSource = path,
                Mode = mode,
                Pooling = false,
                DefaultTimeout = 30,
            }.ToString()
        );
        try
        {
            await connection.OpenAsync(cancellationToken);
            return connection;
        }
        catch
        {
            await connection.DisposeAsync();
            throw;
        }
    }
}
