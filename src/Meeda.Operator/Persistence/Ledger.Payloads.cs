using System.Data.Common;
using Meeda.Ethereum;
using Meeda.Hosting.Persistence;
using Meeda.Protocol.Batches;

namespace Meeda.Operator.Persistence;

/// <content>The payloads in the ledger, and the hashes by which clients request them.</content>
internal sealed partial class Ledger
{
    /// <summary>The payload of a batch if the ledger holds it; null if its rows are at the providers.</summary>
    public async Task<byte[]?> FindPayloadAsync(BatchId id, CancellationToken cancellationToken)
    {
        await using DbConnection connection = await database.ConnectAsync(cancellationToken);
        return await connection.QueryFirstOrDefaultAsync<byte[]>(
            "SELECT content FROM payload WHERE batch_id = @id",
            new { id },
            cancellationToken
        );
    }

    /// <summary>
    /// Deletes the oldest payloads of placed batches until at most that many bytes of payloads are held; keeps those
    /// with rows in an unconfirmed pack.
    /// </summary>
    /// <returns>The number of payloads deleted.</returns>
    public async Task<int> TrimPayloadsAsync(long bytes, CancellationToken cancellationToken)
    {
        int count = 0;
        await WriteAsLeaderAsync(
            async (connection, transaction) =>
                count = await connection.ExecuteAsync(
                    """
                    DELETE FROM payload WHERE sequence IN (
                        SELECT held.sequence
                        FROM (SELECT sequence, batch_id, SUM(length) OVER (ORDER BY sequence DESC) AS total FROM payload) AS held
                        JOIN batch ON batch.id = held.batch_id
                        WHERE held.total > @bytes AND batch.placed_at IS NOT NULL AND batch.damaged = 0
                        AND NOT EXISTS (SELECT 1 FROM packed_row JOIN pack ON pack.sequence = packed_row.pack WHERE packed_row.batch_id = batch.id AND pack.state = @stored))
                    """,
                    new { bytes, stored = (long)PackState.Stored },
                    transaction,
                    cancellationToken
                ),
            cancellationToken
        );
        return count;
    }

    /// <summary>
    /// Records the Keccak-256 of a payload that was unknown, because the batch was restored from L1.
    /// </summary>
    public Task SetPayloadHashAsync(BatchId id, Bytes32 payloadHash, CancellationToken cancellationToken) =>
        database.WriteAsync(
            (connection, transaction) =>
                connection.ExecuteAsync(
                    "UPDATE batch SET payload_hash = @payloadHash WHERE id = @id AND payload_hash = id",
                    new { id, payloadHash },
                    transaction,
                    cancellationToken
                ),
            cancellationToken
        );

    /// <summary>Whether a kept batch is known only from L1, so that the Keccak-256 of its payload is unknown.</summary>
    public async Task<bool> HasUnknownPayloadsAsync(CancellationToken cancellationToken)
    {
        await using DbConnection connection = await database.ConnectAsync(cancellationToken);
        return await connection.ExecuteScalarAsync<long>(
                "SELECT CASE WHEN EXISTS (SELECT 1 FROM batch WHERE payload_hash = id AND deleted_at IS NULL) "
                    + "THEN 1 ELSE 0 END",
                cancellationToken
            ) != 0;
    }
}
