using System.Data.Common;
using Meeda.Hosting;
using Meeda.Hosting.Persistence;
using Meeda.Operator.Leadership;

namespace Meeda.Operator.Persistence;

/// <summary>
/// The operator's durable state other than the rows: the accepted batches, the payloads that are not at their providers
/// yet, and the chain index. A write that has returned survives a power failure.
/// </summary>
/// <param name="database">The database; the ledger disposes of it.</param>
/// <param name="lease">The lease, which guards writes that only the leader may make.</param>
internal sealed partial class Ledger(Database database, Lease lease) : IAsyncDisposable
{
    // The maximum number of writers that share a commit, and of those queued for the next.
    private const int MaxInCommit = 64;

    static Ledger() => LedgerColumnTypes.Register();

    internal static readonly string[] Migrations =
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
        """
            -- What is asked often is found by an index, or was counted before, so that no answer takes longer from year to year.
            CREATE INDEX anchor_by_block ON anchor (block_number, anchor_index);
            CREATE INDEX anchor_by_expiry ON anchor (expiry, anchor_index);
            CREATE INDEX anchor_by_blob ON anchor (first_blob);
            ALTER TABLE batch ADD COLUMN first_anchor BIGINT;
            ALTER TABLE batch ADD COLUMN last_anchor BIGINT;
            UPDATE batch
            SET first_anchor = (SELECT MIN(anchor_index) FROM anchored_batch WHERE batch_id = batch.id),
                last_anchor = (SELECT MAX(anchor_index) FROM anchored_batch WHERE batch_id = batch.id);
            CREATE INDEX batch_anchored ON batch (last_anchor, first_anchor) WHERE last_anchor IS NOT NULL;
            CREATE INDEX batch_unanchored ON batch (placed_at) WHERE last_anchor IS NULL;
            -- how many batches have ever had an anchor that stands
            CREATE TABLE batch_count (
                state TEXT PRIMARY KEY,
                count BIGINT NOT NULL
            );
            INSERT INTO batch_count (state, count) SELECT 'anchored', COUNT(*) FROM batch WHERE last_anchor IS NOT NULL;
            """,
        """
            -- whose it is, by the tenant's number; null where nobody needed a key
            ALTER TABLE batch ADD COLUMN tenant BIGINT;
            """,
        """
            -- what refuses everything, and since when by the server's clock in milliseconds; written by the leader, read by all
            CREATE TABLE refusal (
                what  TEXT PRIMARY KEY,
                since BIGINT NOT NULL
            );
            """,
        """
            CREATE TABLE leftover_rows (
                -- a provider that did not delete the rows of a given-up batch
                provider TEXT NOT NULL,
                batch_id {bytes} NOT NULL,
                PRIMARY KEY (provider, batch_id)
            );
            CREATE TABLE write_probe (
                id        BIGINT PRIMARY KEY,
                probed_at BIGINT NOT NULL
            );
            """,
        """
            -- whose ledger this is; one row, written at the first start
            CREATE TABLE binding (
                one              BIGINT PRIMARY KEY CHECK (one = 1),
                chain_id         BIGINT NOT NULL,
                contract         {bytes} NOT NULL,
                account          {bytes} NOT NULL,
                places           TEXT NOT NULL,
                tolerated_losses BIGINT NOT NULL,
                -- L1's head when the ledger began: what was promised before is not known here
                began_at         BIGINT NOT NULL
            );
            ALTER TABLE sent_transaction RENAME TO sent_transaction_of_one_chain;
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
                PRIMARY KEY (sender, chain_id, nonce)
            );
            INSERT INTO sent_transaction
                (sender, nonce, chain_id, recipient, value, data, gas_limit, tip, max_fee, max_blob_fee, wire, hashes, request_keys, blobs, commitments, cell_proofs, confirmed)
            SELECT sender, nonce, chain_id, recipient, value, data, gas_limit, tip, max_fee, max_blob_fee, wire, hashes, request_keys, blobs, commitments, cell_proofs, confirmed
            FROM sent_transaction_of_one_chain;
            DROP TABLE sent_transaction_of_one_chain;
            """,
        IndexOfOperators,
        OperationsOfTheAccount,
        PayerOfABatch,
        OlderThanItsKey,
        TransactionJournal.FeeLimitOfATransaction,
        OrderOfABatch,
    ];

    /// <summary>The schema's name in its database.</summary>
    internal const string SchemaName = "ledger";

    private GroupCommit<(StoredBatch Batch, byte[] Payload, long? AnchorFrom)>? _adding;

    /// <summary>Opens the ledger of a database and brings its schema up to date.</summary>
    /// <exception cref="DbException">The database cannot be opened or written.</exception>
    /// <exception cref="InvalidDataException">A newer version of Meeda wrote it.</exception>
    public static async Task<Ledger> OpenAsync(Database database, Lease lease, CancellationToken cancellationToken)
    {
        await EnsureReleasedAsync(database, cancellationToken);
        await database.MigrateAsync(SchemaName, Migrations, cancellationToken);
        await lease.MigrateAsync(cancellationToken);
        var ledger = new Ledger(database, lease);
        ledger._adding = new(ledger.AddAsync, MaxInCommit);
        await ledger.ReadSealAsync(cancellationToken);
        await ledger.RefreshRestorationAsync(cancellationToken);
        return ledger;
    }

    /// <summary>The schema changes made when the ledger was opened.</summary>
    public IReadOnlyList<SchemaChange> Upgrades => database.Upgrades;

    /// <summary>Commits what is queued, and disposes of the database.</summary>
    public async ValueTask DisposeAsync()
    {
        await _adding!.DisposeAsync();
        await database.DisposeAsync();
    }

    /// <summary>
    /// Rejects a schema from before the first release: it also has version number 1, but lacks a column.
    /// </summary>
    private static async Task EnsureReleasedAsync(Database database, CancellationToken cancellationToken)
    {
        if (
            await database.HasTableAsync("sent_transaction", cancellationToken)
            && !await database.HasColumnAsync("sent_transaction", "request_keys", cancellationToken)
        )
        {
            throw new InvalidDataException(
                "the ledger was written by a program from before the first release, whose schema cannot be "
                    + "upgraded: name a new data folder or database, "
                    + "and the same providers; what is anchored is found again from L1 and its rows"
            );
        }
    }

    /// <summary>Opens a connection for reading.</summary>
    internal Task<DbConnection> ConnectAsync(CancellationToken cancellationToken) =>
        database.ConnectAsync(cancellationToken);

    /// <summary>Runs a write that only the operator with the lease may make.</summary>
    /// <exception cref="LeaseLostException">Another operator holds the lease; nothing was written.</exception>
    internal Task WriteAsLeaderAsync(
        Func<DbConnection, DbTransaction, Task> work,
        CancellationToken cancellationToken
    ) =>
        database.WriteAsync(
            async (connection, transaction) =>
            {
                await lease.EnsureHeldAsync(connection, transaction, cancellationToken);
                await work(connection, transaction);
            },
            cancellationToken
        );
}
