using System.Data.Common;
using Meeda.Hosting;
using Meeda.Hosting.Persistence;

namespace Meeda.Operator.Leadership;

/// <summary>
/// The lease that makes one of several operators on a database the leader, which follows L1, anchors and proves. The
/// leader renews it long before it expires, by the database's clock. Every write that only the leader may do checks the
/// lease's token in the same transaction (Kleppmann, "How to do distributed locking": fencing). A leader that was
/// paused and wakes up late therefore writes nothing more, and because each transaction is journaled before it is sent,
/// it sends nothing new. An operator with a database of its own always leads.
/// </summary>
internal class Lease(Database database, TimeSpan term)
{
    private static readonly string[] Migrations =
    [
        """
            CREATE TABLE lease (
                name       TEXT PRIMARY KEY,
                token      BIGINT NOT NULL,
                holder     TEXT NOT NULL,
                expires_at BIGINT NOT NULL
            );
            """,
    ];

    private const string Name = "operator";

    // Milliseconds of the server's clock: the operators' own need not agree.
    private const string Now = "CAST(EXTRACT(EPOCH FROM clock_timestamp()) * 1000 AS BIGINT)";

    private readonly string _holder = Guid.NewGuid().ToString("N");

    // The token of the lease while this process assumes that it holds the lease; 0 otherwise. A database that is not
    // shared needs no lease.
    private long _token = database.IsShared ? 0 : 1;

    /// <summary>The lifetime of a lease that is not renewed.</summary>
    public TimeSpan Term => term;

    /// <summary>Whether this process held the lease when it last checked.</summary>
    public virtual bool IsHeld => Volatile.Read(ref _token) != 0;

    /// <summary>Creates the lease's table.</summary>
    public Task MigrateAsync(CancellationToken cancellationToken) =>
        database.IsShared ? database.MigrateAsync("lease", Migrations, cancellationToken) : Task.CompletedTask;

    /// <summary>Acquires the lease if no other operator holds it, or renews it.</summary>
    /// <returns>Whether this process holds it now.</returns>
    /// <exception cref="DbException">The database does not answer; the lease stays valid until it expires.</exception>
    public virtual async Task<bool> TryHoldAsync(CancellationToken cancellationToken)
    {
        if (!database.IsShared)
        {
            return true;
        }

        // A new holder gets a new token, also where this process held the lease before a pause: work that it began
        // under the old token must not continue.
        long? token = null;
        await database.WriteAsync(
            async (connection, transaction) =>
                token = await connection.ExecuteScalarAsync<long?>(
                    $"""
                    INSERT INTO lease (name, token, holder, expires_at) VALUES (@Name, 1, @_holder, {Now} + @term)
                    ON CONFLICT (name) DO UPDATE
                    SET token = CASE WHEN lease.holder = @_holder AND lease.expires_at > {Now} THEN lease.token ELSE lease.token + 1 END,
                        holder = excluded.holder, expires_at = excluded.expires_at
                    WHERE lease.holder = @_holder OR lease.expires_at <= {Now}
                    RETURNING token
                    """,
                    new
                    {
                        Name,
                        _holder,
                        term = (long)term.TotalMilliseconds,
                    },
                    transaction,
                    cancellationToken
                ),
            cancellationToken
        );
        Volatile.Write(ref _token, token ?? 0);
        return token is not null;
    }

    /// <summary>Treats the lease as lost until it is acquired again.</summary>
    public virtual void Drop()
    {
        if (database.IsShared)
        {
            Volatile.Write(ref _token, 0);
        }
    }

    /// <summary>Releases the lease, so that another operator need not wait until it expires.</summary>
    public async Task ReleaseAsync(CancellationToken cancellationToken)
    {
        if (database.IsShared && IsHeld)
        {
            Drop();
            await database.WriteAsync(
                (connection, transaction) =>
                    connection.ExecuteAsync(
                        "UPDATE lease SET expires_at = 0 WHERE name = @Name AND holder = @_holder",
                        new { Name, _holder },
                        transaction,
                        cancellationToken
                    ),
                cancellationToken
            );
        }
    }

    /// <summary>
    /// Checks that this process still holds the lease, and keeps other processes from acquiring it until the
    /// transaction ends.
    /// </summary>
    /// <exception cref="LeaseLostException">Another operator holds it, or it has expired.</exception>
    public virtual async Task EnsureHeldAsync(
        DbConnection connection,
        DbTransaction transaction,
        CancellationToken cancellationToken
    )
    {
        if (!database.IsShared)
        {
            return;
        }

        long token = Volatile.Read(ref _token);
        if (
            token == 0
            || await connection.ExecuteScalarAsync<long?>(
                "SELECT token FROM lease WHERE name = @Name AND token = @token FOR SHARE",
                new { Name, token },
                transaction,
                cancellationToken
            )
                is null
        )
        {
            throw new LeaseLostException();
        }
    }
}
