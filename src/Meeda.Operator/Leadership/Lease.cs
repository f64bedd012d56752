using System.Data.Common;
using Meeda.Hosting;
using Meeda.Hosting.Persistence;

namespace Meeda.Operator.Leadership;

/// <summary>
/// Which of several operators on one database follows L1, anchors and proves: the one with the lease. It is renewed
/// long before it runs out, by the database's clock,
/// and everything that only the leader may write is written in a transaction that checks the lease's token
/// (Kleppmann, "How to do distributed locking": fencing). A
/// leader that was paused and wakes up late writes nothing more, and since a transaction is journaled before it is
/// sent, it sends nothing new. An operator that has its
/// database to itself leads always.
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

    // The lease's token while this process assumes that it holds it; 0 otherwise. A database that is not shared needs
    // none.
    private long _token = database.IsShared ? 0 : 1;

    /// <summary>How long a lease lasts that is not renewed.</summary>
    public TimeSpan Term => term;

    /// <summary>Whether this process held the lease when it last checked.</summary>
    public virtual bool IsHeld => Volatile.Read(ref _token) != 0;

    /// <summary>Makes the lease's table.</summary>
    public Task MigrateAsync(CancellationToken cancellationToken) =>
        database.IsShared ? database.MigrateAsync("lease", Migrations, cancellationToken) : Task.CompletedTask;

    /// <summary>Takes the lease where no one has it, or renews it.</summary>
    /// <returns>Whether this process has it now.</returns>
    /// <exception cref="DbException">The database does not answer; the lease runs on until its end.</exception>
    public virtual async Task<bool> TryHoldAsync(CancellationToken cancellationToken)
    {
        if (!database.IsShared)
        {
            return true;
        }

        // A new holder gets a new token, also where it is this process again after a pause: what it began before must
        // not go on.
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

    /// <summary>Takes the lease for lost, until it is taken again.</summary>
    public virtual void Drop()
    {
        if (database.IsShared)
        {
            Volatile.Write(ref _token, 0);
        }
    }

    /// <summary>Gives the lease up, so that another operator need not wait for its end.</summary>
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
    /// Goes on only where this process still holds the lease, and keeps other processes from taking it until the
    /// transaction is over.
    /// </summary>
    /// <exception cref="LeaseLostException">Another one has it, or this one's has run out.</exception>
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
