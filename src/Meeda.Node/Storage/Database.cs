using System.Data.Common;

namespace Meeda.Node.Storage;

/// <summary>
/// The database behind durable state: SQLite for one operator, PostgreSQL for several of them behind a load balancer. Everything else speaks SQL that both take, with
/// the types <c>BIGINT</c> and <c>TEXT</c>; in migrations <c>{bytes}</c> stands for the type of bytes, and <c>{sequence}</c> for a key that counts up by itself.
/// </summary>
internal abstract class Database : IAsyncDisposable
{
    /// <summary>Whether more than one process may use it at once, so that they must agree on who anchors.</summary>
    public abstract bool IsShared { get; }

    /// <summary>Opens a connection for reading.</summary>
    /// <exception cref="DbException">The database cannot be reached or opened.</exception>
    public abstract Task<DbConnection> ConnectAsync(CancellationToken cancellationToken);

    /// <summary>Does a piece of work in one transaction: when this returns, it is durable; when it throws, nothing of it happened, or the answer was lost.</summary>
    /// <exception cref="DbException">The database cannot be reached, or refuses.</exception>
    public abstract Task WriteAsync(Func<DbConnection, DbTransaction, Task> work, CancellationToken cancellationToken);

    /// <summary>Brings a schema up to date, once however many processes start together.</summary>
    /// <param name="schema">Its name: each has versions of its own.</param>
    /// <param name="migrations">What leads from each version to the next.</param>
    /// <param name="cancellationToken">Stops between migrations.</param>
    /// <exception cref="InvalidDataException">A newer program has been here.</exception>
    public abstract Task MigrateAsync(string schema, IReadOnlyList<string> migrations, CancellationToken cancellationToken);

    /// <summary>Lets go of connections and files.</summary>
    public abstract ValueTask DisposeAsync();

    /// <summary>A migration in a database's own words.</summary>
    protected static string Dialect(string migration, string sequence, string bytes) =>
        migration.Replace("{sequence}", sequence, StringComparison.Ordinal).Replace("{bytes}", bytes, StringComparison.Ordinal);

    /// <summary>Refuses a schema that this program does not know.</summary>
    protected static void CheckVersion(string schema, long version, int known)
    {
        if (version > known)
        {
            throw new InvalidDataException($"the {schema}'s schema is version {version}, this program knows up to {known}: it was written by a newer one");
        }
    }
}
