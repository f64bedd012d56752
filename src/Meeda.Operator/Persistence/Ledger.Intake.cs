using System.Data.Common;
using System.Security.Cryptography;
using Meeda.Hosting;
using Meeda.Hosting.Persistence;

namespace Meeda.Operator.Persistence;

/// <summary>What the operators on one database must know alike to judge whether batches are taken.</summary>
internal sealed partial class Ledger
{
    // Milliseconds of the server's clock, as for the lease: the operators' own need not agree.
    private const string ServerNow = "CAST(EXTRACT(EPOCH FROM clock_timestamp()) * 1000 AS BIGINT)";

    /// <summary>
    /// Whether several operators may share this ledger, so that what one of them found out must stand in it.
    /// </summary>
    public bool IsShared => database.IsShared;

    /// <summary>
    /// Notes, as the leader, since when the providers refuse everything: from now, unless it is noted already.
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
    /// Notes, as the leader, that the providers take batches, or that none is left that they could refuse.
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

    /// <summary>How long the leader's providers have been refusing everything; zero while they do not.</summary>
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
    /// Writes and removes that many bytes in one durable transaction: what a put would have to do, without one.
    /// </summary>
    /// <exception cref="DbException">The database does not take them.</exception>
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
