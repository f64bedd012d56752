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

    private const string OrderOfABatch = """
        -- the rollup's order to charge it: maximum, deadline, r, vs; NULL where its standing limit pays
        ALTER TABLE batch ADD COLUMN payer_order {bytes};
        """;

    /// <summary>
    /// The payload bytes that a rollup has not been charged for yet, as of an L1 block: of its batches that wait for
    /// an anchor, and of those whose anchor is in a later block.
    /// </summary>
    /// <param name="payer">The rollup.</param>
    /// <param name="block">The block up to which its escrow is known.</param>
    /// <param name="cancellationToken">Ends the reading.</param>
    public async Task<UnchargedBytes> UnchargedBytesAsync(
        Address payer,
        ulong block,
        CancellationToken cancellationToken
    )
    {
        await using DbConnection connection = await database.ConnectAsync(cancellationToken);
        return await connection.QuerySingleAsync<UnchargedBytes>(
            """
            SELECT CAST(COALESCE(SUM(payload_length), 0) AS BIGINT) AS total,
                CAST(COALESCE(SUM(CASE WHEN payer_order IS NULL THEN payload_length ELSE 0 END), 0) AS BIGINT) AS by_limit
            FROM (
                SELECT payload_length, payer_order FROM batch
                WHERE payer = @payer AND waiting = 1 AND deleted_at IS NULL
                UNION ALL
                SELECT b.payload_length, b.payer_order FROM anchor a
                JOIN anchored_batch ab ON ab.anchor_index = a.anchor_index
                JOIN batch b ON b.id = ab.batch_id
                WHERE a.block_number > @block AND b.payer = @payer AND b.waiting = 0
            ) uncharged
            """,
            new { payer = payer.ToString(), block },
            cancellationToken
        );
    }
}

/// <summary>Payload bytes that are promised and not charged yet.</summary>
/// <param name="Total">All of them.</param>
/// <param name="ByLimit">Those that no order pays for.</param>
internal readonly record struct UnchargedBytes(long Total, long ByLimit)
{
    /// <summary>With another batch.</summary>
    /// <param name="bytes">Its payload bytes.</param>
    /// <param name="isOrdered">Whether an order pays for it.</param>
    public UnchargedBytes Add(long bytes, bool isOrdered) => new(Total + bytes, ByLimit + (isOrdered ? 0 : bytes));

    /// <summary>Both together.</summary>
    public static UnchargedBytes operator +(UnchargedBytes left, UnchargedBytes right) =>
        new(left.Total + right.Total, left.ByLimit + right.ByLimit);

    /// <summary>What is left without the other.</summary>
    public static UnchargedBytes operator -(UnchargedBytes left, UnchargedBytes right) =>
        new(left.Total - right.Total, left.ByLimit - right.ByLimit);
}
