using System.Data.Common;
using Meeda.Hosting.Persistence;

namespace Meeda.Chain.Index;

/// <content>The tables, and the writes to them within the caller's transaction.</content>
internal sealed partial class ChainIndex
{
    // After a reorganisation deeper than these blocks no common ancestor is left, and L1 is read from the start again.
    private const int KeptBlocks = 512;

    /// <summary>
    /// Creates the tables, in the portable SQL of <see cref="Hosting.Persistence.Database"/>. The operator's migrations
    /// include it, so it must never be edited.
    /// </summary>
    public const string Schema = """
        CREATE TABLE anchor (
            operator         {bytes} NOT NULL,
            anchor_index     BIGINT NOT NULL,
            root             {bytes} NOT NULL,
            first_blob       BIGINT NOT NULL,
            blob_count       BIGINT NOT NULL,
            block_number     BIGINT NOT NULL,
            expiry           BIGINT NOT NULL,
            transaction_hash {bytes} NOT NULL,
            commitments      {bytes} NOT NULL,
            PRIMARY KEY (operator, anchor_index)
        );
        CREATE TABLE anchored_batch (
            operator     {bytes} NOT NULL,
            first_blob   BIGINT NOT NULL,
            blob_count   BIGINT NOT NULL,
            anchor_index BIGINT NOT NULL,
            batch_id     {bytes} NOT NULL,
            PRIMARY KEY (operator, first_blob),
            FOREIGN KEY (operator, anchor_index) REFERENCES anchor (operator, anchor_index)
                ON DELETE CASCADE ON UPDATE CASCADE
        );
        CREATE TABLE proof (
            operator         {bytes} NOT NULL,
            epoch            BIGINT NOT NULL,
            block_number     BIGINT NOT NULL,
            transaction_hash {bytes} NOT NULL,
            seed             {bytes} NOT NULL,
            PRIMARY KEY (operator, epoch)
        );
        CREATE TABLE demand (
            id             BIGINT PRIMARY KEY,
            operator       {bytes} NOT NULL,
            position       BIGINT NOT NULL,
            demander       {bytes} NOT NULL,
            versioned_hash {bytes} NOT NULL,
            deadline       BIGINT NOT NULL,
            block_number   BIGINT NOT NULL
        );
        CREATE TABLE followed_block (
            number BIGINT PRIMARY KEY,
            hash   {bytes} NOT NULL
        );
        CREATE INDEX anchor_block ON anchor (block_number, anchor_index);
        CREATE INDEX anchor_by_block ON anchor (operator, block_number, anchor_index);
        CREATE INDEX anchor_by_expiry ON anchor (operator, expiry, anchor_index);
        CREATE INDEX anchor_by_blob ON anchor (operator, first_blob);
        CREATE INDEX anchored_batch_id ON anchored_batch (batch_id);
        CREATE INDEX anchored_batch_anchor ON anchored_batch (operator, anchor_index);
        CREATE INDEX proof_block ON proof (block_number);
        """;

    /// <summary>Adds the events of a range of blocks, and the new tip.</summary>
    public static async Task AddAsync(
        BlockPoint tip,
        ChainEvents events,
        DbConnection connection,
        DbTransaction transaction,
        CancellationToken cancellationToken
    )
    {
        await ExecuteAsync(
            """
            INSERT INTO anchor (operator, anchor_index, root, first_blob, blob_count, block_number, expiry, transaction_hash, commitments)
            VALUES (@Operator, @Index, @Root, @FirstBlob, @BlobCount, @BlockNumber, @Expiry, @TransactionHash, @Commitments)
            """,
            events.Anchors.Select(Values)
        );
        await ExecuteAsync(
            """
            INSERT INTO anchored_batch (operator, first_blob, blob_count, anchor_index, batch_id)
            VALUES (@Operator, @FirstBlob, @BlobCount, @AnchorIndex, @BatchId)
            """,
            events.Anchors.SelectMany(each => each.Seen.Batches.Select(batch => Values(each, batch)))
        );

        // A repeated event is in another block than before, which makes the notes about the earlier one void.
        await ExecuteAsync(
            """
            DELETE FROM proof WHERE operator = @Operator AND epoch = @Epoch;
            INSERT INTO proof (operator, epoch, block_number, transaction_hash, seed)
            VALUES (@Operator, @Epoch, @BlockNumber, @TransactionHash, @Seed)
            """,
            events.Proofs.Select(each => Values(each.Operator, each.Proof))
        );
        await ExecuteAsync(
            """
            DELETE FROM demand WHERE id = @Id;
            INSERT INTO demand (id, operator, position, demander, versioned_hash, deadline, block_number)
            VALUES (@Id, @Operator, @Position, @Demander, @VersionedHash, @Deadline, @BlockNumber)
            """,
            events.Demands.Select(Values)
        );
        await ExecuteAsync(
            """
            DELETE FROM followed_block WHERE number = @Number OR number <= @Number - @KeptBlocks;
            INSERT INTO followed_block (number, hash) VALUES (@Number, @Hash)
            """,
            new
            {
                Number = (long)tip.Number,
                Hash = tip.Hash.ToArray(),
                KeptBlocks = (long)KeptBlocks,
            }
        );

        Task ExecuteAsync(string sql, object parameters) =>
            connection.ExecuteAsync(sql, parameters, transaction, cancellationToken);
    }

    /// <summary>Removes the events of all blocks after <paramref name="lastGood"/>; -1 removes everything.</summary>
    public static Task RollBackAsync(
        long lastGood,
        DbConnection connection,
        DbTransaction transaction,
        CancellationToken cancellationToken
    ) =>
        connection.ExecuteAsync(
            """
            DELETE FROM anchor WHERE block_number > @lastGood;
            DELETE FROM proof WHERE block_number > @lastGood;
            DELETE FROM demand WHERE block_number > @lastGood;
            DELETE FROM followed_block WHERE number > @lastGood;
            """,
            new { lastGood },
            transaction,
            cancellationToken
        );

    private static object Values(OperatorAnchor each) =>
        new
        {
            Operator = each.Operator.ToArray(),
            Index = (long)each.Seen.Anchor.Index,
            Root = each.Seen.Anchor.Root.ToArray(),
            FirstBlob = (long)each.Seen.Anchor.FirstBlob,
            BlobCount = (long)each.Seen.Anchor.BlobCount,
            BlockNumber = (long)each.Seen.Anchor.BlockNumber,
            Expiry = (long)each.Seen.Anchor.Expiry,
            TransactionHash = each.Seen.TransactionHash.ToArray(),
            each.Seen.Commitments,
        };

    private static object Values(OperatorAnchor each, AnchoredBatch batch) =>
        new
        {
            Operator = each.Operator.ToArray(),
            FirstBlob = (long)batch.FirstBlob,
            BlobCount = (long)batch.BlobCount,
            AnchorIndex = (long)batch.AnchorIndex,
            BatchId = batch.Batch.Value.ToArray(),
        };

    private static object Values(Ethereum.Address operatorAddress, ProofEvent proof) =>
        new
        {
            Operator = operatorAddress.ToArray(),
            Epoch = (long)proof.Epoch,
            BlockNumber = (long)proof.BlockNumber,
            TransactionHash = proof.TransactionHash.ToArray(),
            Seed = proof.Seed.ToArray(),
        };

    private static object Values(DemandEvent demand) =>
        new
        {
            Id = (long)demand.Id,
            Operator = demand.Operator.ToArray(),
            Position = (long)demand.Position,
            Demander = demand.Demander.ToArray(),
            VersionedHash = demand.VersionedHash.ToArray(),
            Deadline = (long)demand.Deadline,
            BlockNumber = (long)demand.BlockNumber,
        };
}
