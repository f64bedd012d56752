using System.Data.Common;
using System.Security.Cryptography;
using Meeda.Hosting;
using Meeda.Hosting.Persistence;

namespace Meeda.Operator.Persistence;

/// <summary>State that the operators on one database share to decide whether to accept batches.</summary>
internal sealed partial class Ledger
{
    // Milliseconds of the server's clock, as for the lease: the operators' own clocks may differ.
    private const string ServerNow = "CAST(EXTRACT(EPOCH FROM clock_timestamp()) * 1000 AS BIGINT)";

    /// <summary>
    /// Whether several operators may share this ledger, so that they must exchange state through it.
    /// </summary>
    public bool IsShared => database.IsShared;

    /// <summary>
    /// Records, as the leader, that the providers reject all batches from now on, unless an earlier time is recorded.
    /// </summary>
    /// <exception cref="LeaseLostException">Another operator leads.</exception>
    public Task NoteRefusalAsync(CancellationToken cancellationToken) =>
        WriteAsLeaderAsync(
            (connection, transaction) =>
                connection.ExecuteAsync(
                    $"INSERT INTO refusal (what, since) VALUES ('providers', {ServerNow}) ON CONFLICT (what) DO "
                        + "NOTHING",
                    null,
                    transaction,
                    cancellationToken
                ),
            cancellationToken
        );

    /// <summary>
    /// Records, as the leader, that the providers accept batches, or that no batch is waiting for them.
    /// </summary>
    /// <exception cref="LeaseLostException">Another operator leads.</exception>
    public Task NoteAcceptanceAsync(CancellationToken cancellationToken) =>
        WriteAsLeaderAsync(
            (connection, transaction) =>
                connection.ExecuteAsync(
                    "DELETE FROM refusal WHERE what = 'providers'",
                    null,
                    transaction,
                    cancellationToken
                ),
            cancellationToken
        );

    /// <summary>How long the leader's providers have rejected all batches; zero if they accept some.</summary>
    public async Task<TimeSpan> RefusedForAsync(CancellationToken cancellationToken)
    {
        await using DbConnection connection = await database.ConnectAsync(cancellationToken);
        long? milliseconds = await connection.ExecuteScalarAsync<long?>(
            $"SELECT {ServerNow} - since FROM refusal WHERE what = 'providers'",
            cancellationToken
        );
        return TimeSpan.FromMilliseconds(Math.Max(0, milliseconds ?? 0));
    }

    /// <summary>
    /// Writes and removes that many bytes in one durable transaction, to check that a put would succeed.
    /// </summary>
    /// <exception cref="DbException">The database rejects the write.</exception>
    public Task ProbeAsync(int bytes, CancellationToken cancellationToken) =>
        database.WriteAsync(
            async (connection, transaction) =>
            {
                var probe = new
                {
                    id = RandomNumberGenerator.GetBytes(32),
                    length = 0L,
                    content = new byte[bytes],
                };
                await connection.ExecuteAsync(
                    "INSERT INTO payload (batch_id, length, content) VALUES (@id, @length, @content)",
                    probe,
                    transaction,
                    cancellationToken
                );
                await connection.ExecuteAsync(
                    "DELETE FROM payload WHERE batch_id = @id",
                    probe,
                    transaction,
                    cancellationToken
                );
            },
            cancellationToken
        );
}
