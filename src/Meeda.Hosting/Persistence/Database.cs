using System.Data.Common;
using System.Security.Cryptography;
using System.Text;

namespace Meeda.Hosting.Persistence;

/// <summary>
/// The database behind durable state: SQLite for one operator, PostgreSQL for several of them behind a load balancer.
/// All other code uses SQL that both accept, with
/// the types <c>BIGINT</c> and <c>TEXT</c>; in migrations <c>{bytes}</c> stands for the type of bytes, and
/// <c>{sequence}</c> for a key that counts up by itself.
/// </summary>
internal abstract class Database : IAsyncDisposable
{
    private readonly List<SchemaChange> _upgrades = [];

    static Database() => ColumnTypes.Register();

    /// <summary>The schemas that this object brought from an older version to this program's.</summary>
    public IReadOnlyList<SchemaChange> Upgrades => _upgrades;

    /// <summary>Whether more than one process may use it at once, so that they must agree on who anchors.</summary>
    public abstract bool IsShared { get; }

    /// <summary>Opens a connection for reading.</summary>
    /// <exception cref="DbException">The database cannot be reached or opened.</exception>
    public abstract Task<DbConnection> ConnectAsync(CancellationToken cancellationToken);

    /// <summary>
    /// Does a piece of work in one transaction: when this returns, it is durable; when it throws, nothing of it
    /// happened, or the answer was lost.
    /// </summary>
    /// <exception cref="DbException">The database cannot be reached, or refuses.</exception>
    public abstract Task WriteAsync(Func<DbConnection, DbTransaction, Task> work, CancellationToken cancellationToken);

    /// <summary>Brings a schema up to date, once however many processes start together.</summary>
    /// <param name="schema">Its name, under which PostgreSQL keeps its version; an SQLite file has one schema.</param>
    /// <param name="migrations">The migrations from each version to the next.</param>
    /// <param name="cancellationToken">Stops between migrations.</param>
    /// <exception cref="InvalidDataException">A newer program has been here, or one whose migrations were
    /// others.</exception>
    public abstract Task MigrateAsync(
        string schema,
        IReadOnlyList<string> migrations,
        CancellationToken cancellationToken
    );

    /// <summary>The version of a schema; 0 where there is none. Nothing is changed.</summary>
    /// <param name="schema">Its name, as in <see cref="MigrateAsync"/>.</param>
    /// <param name="cancellationToken">Ends the reading.</param>
    public abstract Task<long> VersionAsync(string schema, CancellationToken cancellationToken);

    /// <summary>Lets go of connections and files.</summary>
    public abstract ValueTask DisposeAsync();

    /// <summary>Whether there is a table of that name.</summary>
    public abstract Task<bool> HasTableAsync(string table, CancellationToken cancellationToken);

    /// <summary>Whether a table has a column of that name.</summary>
    public abstract Task<bool> HasColumnAsync(string table, string column, CancellationToken cancellationToken);

    /// <summary>
    /// Compares the migrations that made a schema with those of this program, and notes those that are not noted yet.
    /// One that was edited after it had run would leave a schema
    /// that says its version and is another.
    /// </summary>
    /// <param name="schema">The schema's name.</param>
    /// <param name="migrations">This program's migrations.</param>
    /// <param name="version">How many of them have run.</param>
    /// <param name="connection">The connection.</param>
    /// <param name="transaction">Its transaction.</param>
    /// <param name="cancellationToken">Stops the work.</param>
    /// <exception cref="InvalidDataException">One that ran was another.</exception>
    protected static async Task CheckHashesAsync(
        string schema,
        IReadOnlyList<string> migrations,
        long version,
        DbConnection connection,
        DbTransaction transaction,
        CancellationToken cancellationToken
    )
    {
        await connection.ExecuteAsync(
            "CREATE TABLE IF NOT EXISTS schema_migration (name TEXT NOT NULL, number BIGINT NOT NULL, hash TEXT "
                + "NOT NULL, PRIMARY KEY (name, number))",
            null,
            transaction,
            cancellationToken
        );
        Dictionary<long, string> noted = (
            await connection.QueryAsync<(long Number, string Hash)>(
                "SELECT number, hash FROM schema_migration WHERE name = @schema",
                new { schema },
                transaction,
                cancellationToken
            )
        ).ToDictionary(row => row.Number, row => row.Hash);
        for (int number = 1; number <= Math.Min(version, migrations.Count); number++)
        {
            string hash = Convert.ToHexStringLower(
                SHA256.HashData(Encoding.UTF8.GetBytes(migrations[number - 1].ReplaceLineEndings("\n")))
            );
            if (noted.TryGetValue(number, out string? before) && before != hash)
            {
                throw new InvalidDataException(
                    $"the {schema}'s migration {number} is not the one that this program knows: the schema was "
                        + "made by another program, and is not touched"
                );
            }

            if (before is null)
            {
                await connection.ExecuteAsync(
                    "INSERT INTO schema_migration (name, number, hash) VALUES (@schema, @number, @hash)",
                    new
                    {
                        schema,
                        number,
                        hash,
                    },
                    transaction,
                    cancellationToken
                );
            }
        }
    }

    /// <summary>A migration in a database's own words.</summary>
    protected static string Dialect(string migration, string sequence, string bytes) =>
        migration
            .Replace("{sequence}", sequence, StringComparison.Ordinal)
            .Replace("{bytes}", bytes, StringComparison.Ordinal);

    /// <summary>Refuses a schema that this program does not know.</summary>
    /// <exception cref="InvalidDataException">It is newer.</exception>
    public static void CheckVersion(string schema, long version, int known)
    {
        if (version > known)
        {
            throw new InvalidDataException(
                $"the {schema}'s schema is version {version}, this program knows up to {known}: it was written by "
                    + "a newer one; run that, or restore the copy or backup that was made before the upgrade "
                    + "(docs/guides/backup.md)"
            );
        }
    }

    /// <summary>Takes note of an upgrade; a schema that was made new is none.</summary>
    protected void NoteUpgrade(string schema, long from, long to, string? copy)
    {
        if (from > 0 && from < to)
        {
            _upgrades.Add(new SchemaChange(schema, from, to, copy));
        }
    }
}
