using System.Data.Common;
using Meeda.Ethereum;
using Meeda.Hosting.Persistence;

namespace Meeda.Operator.Persistence;

/// <content>What rollups pay for.</content>
internal sealed partial class Ledger
{
    private const string PayerOfABatch = """
        -- the rollup that pays for the anchor that is owed, or was the last time: its address, as 0x…
        ALTER TABLE batch ADD COLUMN payer TEXT;
        CREATE INDEX batch_payer ON batch (payer) WHERE payer IS NOT NULL AND waiting = 1;
        """;

    /// <summary>
    /// The payload bytes that a rollup has not been charged for yet, as of an L1 block: of its batches that wait for
    /// an anchor, and of those whose anchor is in a later block.
    /// </summary>
    /// <param name="payer">The rollup.</param>
    /// <param name="block">The block up to which its escrow is known.</param>
    /// <param name="cancellationToken">Ends the reading.</param>
    public async Task<long> UnchargedBytesAsync(Address payer, ulong block, CancellationToken cancellationToken)
    {
        await using DbConnection connection = await database.ConnectAsync(cancellationToken);
        return await connection.ExecuteScalarAsync<long>(
            """
            SELECT CAST(COALESCE((SELECT SUM(payload_length) FROM batch
                     WHERE payer = @payer AND waiting = 1 AND deleted_at IS NULL), 0)
                 + COALESCE((SELECT SUM(b.payload_length) FROM anchor a
                     JOIN anchored_batch ab ON ab.anchor_index = a.anchor_index
                     JOIN batch b ON b.id = ab.batch_id
                     WHERE a.block_number > @block AND b.payer = @payer AND b.waiting = 0), 0) AS BIGINT)
            """,
            new { payer = payer.ToString(), block },
            cancellationToken
        );
    }
}
