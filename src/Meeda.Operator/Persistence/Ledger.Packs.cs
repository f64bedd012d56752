using System.Data.Common;
using Meeda.Hosting.Persistence;
using Meeda.Kzg.Commitments;
using Meeda.Protocol.Batches;
using Meeda.Storage.Buckets;

namespace Meeda.Operator.Persistence;

/// <content>The index of rows in a bucket's objects. Only the leader writes it, so a paused former leader cannot add
/// entries.</content>
internal sealed partial class Ledger : IPackIndex
{
    /// <summary>
    /// Records the name of an object before it is put, so that it can be cleaned up if the put fails.
    /// </summary>
    /// <returns>Its number.</returns>
    public async Task<long> BeginPackAsync(
        string store,
        string objectName,
        long occupied,
        CancellationToken cancellationToken
    )
    {
        long sequence = 0;
        await WriteAsLeaderAsync(
            async (connection, transaction) =>
                sequence = await connection.ExecuteScalarAsync<long>(
                    "INSERT INTO pack (store, object_name, occupied, state) VALUES (@store, @objectName, "
                        + "@occupied, @state) RETURNING sequence",
                    new
                    {
                        store,
                        objectName,
                        occupied,
                        state = (long)PackState.OnItsWay,
                    },
                    transaction,
                    cancellationToken
                ),
            cancellationToken
        );
        return sequence;
    }

    /// <summary>
    /// Records the rows of a stored object. A row replaces an earlier one with the same number in the same store.
    /// </summary>
    /// <param name="sequence">The object's number.</param>
    /// <param name="store">Its store.</param>
    /// <param name="rows">Its rows in their order, each a blob long.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <exception cref="IOException">The object was abandoned in the meantime.</exception>
    public Task EndPackAsync(
        long sequence,
        string store,
        IReadOnlyList<(BatchId Batch, int Row)> rows,
        CancellationToken cancellationToken
    ) =>
        WriteAsLeaderAsync(
            async (connection, transaction) =>
            {
                int moved = await connection.ExecuteAsync(
                    "UPDATE pack SET state = @stored WHERE sequence = @sequence AND state = @onItsWay",
                    new
                    {
                        sequence,
                        stored = (long)PackState.Stored,
                        onItsWay = (long)PackState.OnItsWay,
                    },
                    transaction,
                    cancellationToken
                );
                if (moved == 0)
                {
                    throw new IOException("the object was abandoned before it was stored");
                }

                await connection.ExecuteAsync(
                    """
                    INSERT INTO packed_row (batch_id, row_number, store, pack, byte_offset) VALUES (@batch, @row, @store, @sequence, @offset)
                    ON CONFLICT (batch_id, row_number, store) DO UPDATE SET pack = excluded.pack, byte_offset = excluded.byte_offset
                    """,
                    rows.Select(
                        (row, i) =>
                            new
                            {
                                batch = row.Batch,
                                row = row.Row,
                                store,
                                sequence,
                                offset = (long)i * Blob.ByteLength,
                            }
                    ),
                    transaction,
                    cancellationToken
                );
            },
            cancellationToken
        );

    /// <summary>The location of a row in a store, or null if it is not there.</summary>
    public async Task<(string ObjectName, long Offset)?> FindPackedRowAsync(
        string store,
        BatchId batch,
        int row,
        CancellationToken cancellationToken
    )
    {
        await using DbConnection connection = await database.ConnectAsync(cancellationToken);
        return await connection.QueryFirstOrDefaultAsync<(string, long)?>(
            """
            SELECT pack.object_name, packed_row.byte_offset FROM packed_row JOIN pack ON pack.sequence = packed_row.pack
            WHERE packed_row.batch_id = @batch AND packed_row.row_number = @row AND packed_row.store = @store
            """,
            new
            {
                batch,
                row,
                store,
            },
            cancellationToken
        );
    }

    /// <summary>Removes the rows of a batch in a store from the index.</summary>
    public Task DeletePackedRowsAsync(string store, BatchId batch, CancellationToken cancellationToken) =>
        WriteAsLeaderAsync(
            (connection, transaction) =>
                connection.ExecuteAsync(
                    "DELETE FROM packed_row WHERE batch_id = @batch AND store = @store",
                    new { batch, store },
                    transaction,
                    cancellationToken
                ),
            cancellationToken
        );

    /// <summary>Objects that are stored but not confirmed, those after a number, oldest first.</summary>
    public Task<IReadOnlyList<StoredPack>> UnconfirmedPacksAsync(
        string store,
        long after,
        int count,
        CancellationToken cancellationToken
    ) => QueryPacksAsync("store = @store AND state = 1 AND sequence > @after", store, after, count, cancellationToken);

    /// <summary>Objects without rows: those still being uploaded and those no longer needed, oldest first.</summary>
    public Task<IReadOnlyList<StoredPack>> EmptyPacksAsync(
        string store,
        long after,
        int count,
        CancellationToken cancellationToken
    ) =>
        QueryPacksAsync(
            "store = @store AND sequence > @after AND NOT EXISTS (SELECT 1 FROM packed_row WHERE packed_row.pack "
                + "= pack.sequence)",
            store,
            after,
            count,
            cancellationToken
        );

    /// <summary>Records that the store has finished replicating an object.</summary>
    public Task MarkPackConfirmedAsync(long sequence, CancellationToken cancellationToken) =>
        WriteAsLeaderAsync(
            (connection, transaction) =>
                connection.ExecuteAsync(
                    "UPDATE pack SET state = @confirmed WHERE sequence = @sequence AND state = @stored",
                    new
                    {
                        sequence,
                        confirmed = (long)PackState.Confirmed,
                        stored = (long)PackState.Stored,
                    },
                    transaction,
                    cancellationToken
                ),
            cancellationToken
        );

    /// <summary>Abandons an object without rows, so that none is added later.</summary>
    /// <returns>Whether it was abandoned.</returns>
    public async Task<bool> GiveUpPackAsync(long sequence, CancellationToken cancellationToken)
    {
        int count = 0;
        await WriteAsLeaderAsync(
            async (connection, transaction) =>
                count = await connection.ExecuteAsync(
                    "UPDATE pack SET state = @givenUp WHERE sequence = @sequence AND NOT EXISTS (SELECT 1 FROM "
                        + "packed_row WHERE packed_row.pack = pack.sequence)",
                    new { sequence, givenUp = (long)PackState.GivenUp },
                    transaction,
                    cancellationToken
                ),
            cancellationToken
        );
        return count > 0;
    }

    /// <summary>Removes an abandoned object from the index once it is deleted.</summary>
    public Task ForgetPackAsync(long sequence, CancellationToken cancellationToken) =>
        WriteAsLeaderAsync(
            (connection, transaction) =>
                connection.ExecuteAsync(
                    "DELETE FROM pack WHERE sequence = @sequence AND state = @givenUp",
                    new { sequence, givenUp = (long)PackState.GivenUp },
                    transaction,
                    cancellationToken
                ),
            cancellationToken
        );

    /// <summary>The cost and the remaining work of packing.</summary>
    public async Task<PackingCosts> PackingCostsAsync(CancellationToken cancellationToken)
    {
        await using DbConnection connection = await database.ConnectAsync(cancellationToken);
        return await connection.QuerySingleAsync<PackingCosts>(
            """
            SELECT (SELECT CAST(COALESCE(SUM(payload_length), 0) AS BIGINT) FROM batch WHERE placed_at IS NULL) AS waiting_bytes,
                   (SELECT CAST(COALESCE(SUM(payload_length), 0) AS BIGINT) FROM batch WHERE deleted_at IS NULL) AS kept_bytes,
                   (SELECT CAST(COALESCE(SUM(occupied), 0) AS BIGINT) FROM pack WHERE state IN (1, 2)) AS occupied_bytes,
                   (SELECT COUNT(*) FROM packed_row) * @blobBytes AS row_bytes,
                   (SELECT COUNT(*) FROM pack WHERE state = 1) AS unconfirmed
            """,
            new { blobBytes = (long)Blob.ByteLength },
            cancellationToken
        );
    }

    private async Task<IReadOnlyList<StoredPack>> QueryPacksAsync(
        string condition,
        string store,
        long after,
        int count,
        CancellationToken cancellationToken
    )
    {
        await using DbConnection connection = await database.ConnectAsync(cancellationToken);
        IEnumerable<StoredPack> packs = await connection.QueryAsync<StoredPack>(
            $"SELECT sequence, object_name FROM pack WHERE {condition} ORDER BY sequence LIMIT @count",
            new
            {
                store,
                after,
                count,
            },
            cancellationToken
        );
        return [.. packs];
    }
}
