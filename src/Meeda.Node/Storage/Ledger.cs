using System.Data.Common;

namespace Meeda.Node.Storage;

/// <summary>
/// The operator's durable state beside the rows: what was promised, with the payloads that are not at their providers yet, and what of it was seen on L1. A write that
/// returned survives a power cut.
/// </summary>
/// <param name="database">Where it is kept; the ledger lets go of it when it is disposed of.</param>
/// <param name="lease">Who may write what only one operator at a time may.</param>
internal sealed partial class Ledger(Database database, Lease lease) : IAsyncDisposable
{
    // Followed blocks kept for finding the common ancestor after a reorg; deeper ones than this are followed anew from the start.
    private const int KeptBlocks = 512;

    // A group of writers that share a commit, at most; and as many wait for the next.
    private const int MostInCommit = 64;

    private static readonly string[] Migrations =
    [
        """
        CREATE TABLE batch (
            sequence       {sequence},
            id             {bytes} NOT NULL UNIQUE,
            payload_hash   {bytes} NOT NULL UNIQUE,
            payload_length BIGINT NOT NULL,
            commitments    {bytes} NOT NULL,
            stored_at      BIGINT NOT NULL,
            placed_at      BIGINT,
            deleted_at     BIGINT,
            -- 1 while rows of a deleted batch may still be at providers
            uncleared      BIGINT NOT NULL DEFAULT 0,
            -- 1 while an anchor is owed: there is none yet, or none behind anchor renew_after
            waiting        BIGINT NOT NULL,
            renew_after    BIGINT
        );
        CREATE INDEX batch_waiting ON batch (sequence) WHERE waiting = 1;
        CREATE INDEX batch_unplaced ON batch (sequence) WHERE placed_at IS NULL;
        CREATE INDEX batch_uncleared ON batch (sequence) WHERE uncleared = 1;
        CREATE TABLE payload (
            sequence {sequence},
            batch_id {bytes} NOT NULL UNIQUE,
            length   BIGINT NOT NULL,
            content  {bytes} NOT NULL
        );
        CREATE TABLE anchor (
            anchor_index     BIGINT PRIMARY KEY,
            root             {bytes} NOT NULL,
            first_blob       BIGINT NOT NULL,
            blob_count       BIGINT NOT NULL,
            block_number     BIGINT NOT NULL,
            expiry           BIGINT NOT NULL,
            transaction_hash {bytes} NOT NULL,
            commitments      {bytes} NOT NULL
        );
        CREATE TABLE anchored_batch (
            first_blob   BIGINT PRIMARY KEY,
            blob_count   BIGINT NOT NULL,
            anchor_index BIGINT NOT NULL REFERENCES anchor (anchor_index) ON DELETE CASCADE,
            batch_id     {bytes} NOT NULL
        );
        CREATE INDEX anchored_batch_id ON anchored_batch (batch_id);
        CREATE INDEX anchored_batch_anchor ON anchored_batch (anchor_index);
        CREATE TABLE proof (
            epoch            BIGINT PRIMARY KEY,
            block_number     BIGINT NOT NULL,
            transaction_hash {bytes} NOT NULL,
            seed             {bytes} NOT NULL
        );
        CREATE TABLE sent_transaction (
            sender       {bytes} NOT NULL,
            nonce        BIGINT NOT NULL,
            chain_id     BIGINT NOT NULL,
            recipient    {bytes},
            value        TEXT NOT NULL,
            data         {bytes} NOT NULL,
            gas_limit    BIGINT NOT NULL,
            tip          TEXT NOT NULL,
            max_fee      TEXT NOT NULL,
            max_blob_fee TEXT NOT NULL,
            wire         {bytes} NOT NULL,
            hashes       {bytes} NOT NULL,
            request_keys TEXT NOT NULL,
            blobs        {bytes},
            commitments  {bytes},
            cell_proofs  {bytes},
            confirmed    BIGINT NOT NULL,
            PRIMARY KEY (sender, nonce)
        );
        CREATE TABLE followed_block (
            number BIGINT PRIMARY KEY,
            hash   {bytes} NOT NULL
        );
        """,
        """
        CREATE TABLE pack (
            sequence    {sequence},
            store       TEXT NOT NULL,
            object_name TEXT NOT NULL,
            occupied    BIGINT NOT NULL,
            -- 0 on its way, 1 stored, 2 confirmed, 3 given up: rows are added to none but the first
            state       BIGINT NOT NULL
        );
        CREATE INDEX pack_unconfirmed ON pack (store, sequence) WHERE state = 1;
        CREATE TABLE packed_row (
            batch_id    {bytes} NOT NULL,
            row_number  BIGINT NOT NULL,
            store       TEXT NOT NULL,
            pack        BIGINT NOT NULL REFERENCES pack (sequence),
            byte_offset BIGINT NOT NULL,
            PRIMARY KEY (batch_id, row_number, store)
        );
        CREATE INDEX packed_row_pack ON packed_row (pack);
        """,
        """
        -- the L1 block from which on an anchor keeps the promise; null while it is not known how high L1 stood when the promise was made (renew_after is not used any more)
        ALTER TABLE batch ADD COLUMN anchor_from BIGINT;
        -- since when an anchor is owed, or was the last time
        ALTER TABLE batch ADD COLUMN owed_at BIGINT;
        -- 1 while what is stored of it is known not to give it back
        ALTER TABLE batch ADD COLUMN damaged BIGINT NOT NULL DEFAULT 0;
        UPDATE batch SET owed_at = stored_at,
            anchor_from = CASE WHEN waiting = 1 THEN NULL
                ELSE (SELECT MAX(a.block_number) FROM anchored_batch b JOIN anchor a ON a.anchor_index = b.anchor_index WHERE b.batch_id = batch.id) END;
        -- promises of batches that were anchored before: L1 stood at block or higher when one was made, and it is kept by an anchor from anchor_from on
        CREATE TABLE promise (
            sequence    {sequence},
            batch_id    {bytes} NOT NULL,
            block       BIGINT NOT NULL,
            anchor_from BIGINT
        );
        CREATE INDEX promise_batch ON promise (batch_id);
        CREATE INDEX promise_open ON promise (sequence) WHERE anchor_from IS NULL;
        """,
    ];

    private GroupCommit<(StoredBatch Batch, byte[] Payload, long? AnchorFrom)>? _adding;

    /// <summary>Opens the ledger of a database and brings its schema up to date.</summary>
    /// <exception cref="DbException">The database cannot be opened or written.</exception>
    /// <exception cref="InvalidDataException">A newer program wrote it.</exception>
    public static async Task<Ledger> OpenAsync(Database database, Lease lease, CancellationToken cancellationToken)
    {
        await database.MigrateAsync("ledger", Migrations, cancellationToken);
        await lease.MigrateAsync(cancellationToken);
        var ledger = new Ledger(database, lease);
        ledger._adding = new(ledger.AddAsync, MostInCommit);
        return ledger;
    }

    /// <summary>Writes what waits for its commit, and lets go of the database.</summary>
    public async ValueTask DisposeAsync()
    {
        await _adding!.DisposeAsync();
        await database.DisposeAsync();
    }

    /// <summary>Opens a connection for reading.</summary>
    internal Task<DbConnection> ConnectAsync(CancellationToken cancellationToken) => database.ConnectAsync(cancellationToken);

    /// <summary>Writes what only the operator with the lease may write.</summary>
    /// <exception cref="LeaseLostException">Another one has it by now; nothing was written.</exception>
    internal Task WriteAsLeaderAsync(Func<DbConnection, DbTransaction, Task> work, CancellationToken cancellationToken) => database.WriteAsync(
        async (connection, transaction) =>
        {
            await lease.EnsureHeldAsync(connection, transaction);
            await work(connection, transaction);
        },
        cancellationToken);
}
