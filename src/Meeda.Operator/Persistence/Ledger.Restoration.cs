using System.Data.Common;
using System.Security.Cryptography;
using Meeda.Ethereum;
using Meeda.Hosting;
using Meeda.Hosting.Persistence;

namespace Meeda.Operator.Persistence;

/// <content>
/// A ledger that is older than the last use of its key, because it comes from a backup, or that another machine
/// competes with.
/// </content>
internal sealed partial class Ledger
{
    private const string OlderThanItsKey = """
        -- what the labels of batches at providers are sealed with; one row
        CREATE TABLE seal (
            one    BIGINT PRIMARY KEY CHECK (one = 1),
            secret {bytes} NOT NULL
        );
        -- a row from the restore on until everything that was done since the backup is known here
        CREATE TABLE restoration (
            one       BIGINT PRIMARY KEY CHECK (one = 1),
            reason    TEXT NOT NULL,
            marked_at BIGINT NOT NULL
        );
        -- below which nonce no transaction of an earlier machine may be left, while that is being seen to
        CREATE TABLE fence (
            sender   {bytes} NOT NULL,
            chain_id BIGINT NOT NULL,
            nonce    BIGINT NOT NULL,
            PRIMARY KEY (sender, chain_id)
        );
        -- a row once another machine has sent with the same key
        CREATE TABLE rival (
            one     BIGINT PRIMARY KEY CHECK (one = 1),
            problem TEXT NOT NULL,
            seen_at BIGINT NOT NULL
        );
        CREATE INDEX pack_name ON pack (store, object_name);
        """;

    private const int SecretBytes = 32;

    private byte[] _seal = [];
    private volatile string? _restoration;
    private volatile string? _rival;

    /// <summary>
    /// Why the ledger may lack what was done with the operator's key, in words; null if it is complete. As of the last
    /// <see cref="RefreshRestorationAsync"/>.
    /// </summary>
    public string? Restoration => _restoration;

    /// <summary>
    /// What another machine did with the same key, in words; null if no such machine is known. While it is set, nothing
    /// new is sent. As of the last <see cref="RefreshRestorationAsync"/>.
    /// </summary>
    public string? Rival => _rival;

    /// <summary>
    /// Marks a ledger as older than the last use of its key: the next start completes it before accepting puts or
    /// sending anything. Operations that commands had requested are dropped.
    /// </summary>
    /// <param name="database">The ledger's database, of this program's schema; no operator may run on it.</param>
    /// <param name="reason">The ledger's origin, in words.</param>
    /// <param name="now">The time.</param>
    /// <param name="cancellationToken">Stops the work; nothing is then marked.</param>
    public static Task MarkRestoredAsync(
        Database database,
        string reason,
        DateTimeOffset now,
        CancellationToken cancellationToken
    ) =>
        database.WriteAsync(
            (connection, transaction) =>
                connection.ExecuteAsync(
                    """
                    INSERT INTO restoration (one, reason, marked_at) VALUES (1, @reason, @at)
                    ON CONFLICT (one) DO UPDATE SET reason = excluded.reason, marked_at = excluded.marked_at;
                    DELETE FROM fence;
                    DELETE FROM rival;
                    UPDATE account_operation SET finished_at = @at, problem = 'the ledger was restored from a backup that was made before this ended'
                    WHERE finished_at IS NULL
                    """,
                    new { reason, at = now.ToUnixTimeMilliseconds() },
                    transaction,
                    cancellationToken
                ),
            cancellationToken
        );

    /// <inheritdoc cref="MarkRestoredAsync(Database, string, DateTimeOffset, CancellationToken)"/>
    public async Task MarkRestoredAsync(string reason, DateTimeOffset now, CancellationToken cancellationToken)
    {
        await MarkRestoredAsync(database, reason, now, cancellationToken);
        await RefreshRestorationAsync(cancellationToken);
    }

    /// <summary>Reads <see cref="Restoration"/> and <see cref="Rival"/> again.</summary>
    public async Task RefreshRestorationAsync(CancellationToken cancellationToken)
    {
        await using DbConnection connection = await database.ConnectAsync(cancellationToken);
        _restoration = await connection.QueryFirstOrDefaultAsync<string>(
            "SELECT reason FROM restoration",
            cancellationToken
        );
        _rival = await connection.QueryFirstOrDefaultAsync<string>("SELECT problem FROM rival", cancellationToken);
    }

    /// <summary>Ends the restoration: the ledger knows everything up to an L1 block.</summary>
    /// <param name="head">The block. Promises made before it may be known only to an earlier machine.</param>
    /// <param name="cancellationToken">Stops the work; the restoration then continues.</param>
    /// <exception cref="LeaseLostException">Another operator leads by now.</exception>
    public async Task EndRestorationAsync(ulong head, CancellationToken cancellationToken)
    {
        await WriteAsLeaderAsync(
            (connection, transaction) =>
                connection.ExecuteAsync(
                    """
                    DELETE FROM restoration;
                    DELETE FROM fence;
                    UPDATE binding SET began_at = @head WHERE began_at < @head
                    """,
                    new { head },
                    transaction,
                    cancellationToken
                ),
            cancellationToken
        );
        await RefreshRestorationAsync(cancellationToken);
    }

    /// <summary>Stores the nonce below which every nonce must be used up, unless one is stored already.</summary>
    /// <returns>The stored nonce.</returns>
    /// <exception cref="LeaseLostException">Another operator leads by now.</exception>
    public async Task<ulong> KeepFenceAsync(
        Address sender,
        ulong chainId,
        ulong nonce,
        CancellationToken cancellationToken
    )
    {
        ulong kept = nonce;
        await WriteAsLeaderAsync(
            async (connection, transaction) =>
            {
                var parameters = new
                {
                    sender,
                    chainId,
                    nonce,
                };
                await connection.ExecuteAsync(
                    "INSERT INTO fence (sender, chain_id, nonce) VALUES (@sender, @chainId, @nonce) "
                        + "ON CONFLICT DO NOTHING",
                    parameters,
                    transaction,
                    cancellationToken
                );
                kept = (ulong)
                    await connection.ExecuteScalarAsync<long>(
                        "SELECT nonce FROM fence WHERE sender = @sender AND chain_id = @chainId",
                        parameters,
                        transaction,
                        cancellationToken
                    );
            },
            cancellationToken
        );
        return kept;
    }

    /// <summary>Records that another machine sends with the same key: from now on nothing new is sent.</summary>
    public async Task NoteRivalAsync(string problem, DateTimeOffset now, CancellationToken cancellationToken)
    {
        await database.WriteAsync(
            (connection, transaction) =>
                connection.ExecuteAsync(
                    "INSERT INTO rival (one, problem, seen_at) VALUES (1, @problem, @at) ON CONFLICT DO NOTHING",
                    new { problem, at = now.ToUnixTimeMilliseconds() },
                    transaction,
                    cancellationToken
                ),
            cancellationToken
        );
        await RefreshRestorationAsync(cancellationToken);
    }

    /// <summary>
    /// An anchor in a block after <paramref name="after"/> with a batch that no operator on this ledger received, or
    /// null. Anchors of known batches are not considered, whichever machine sent them: each batch is anchored once.
    /// </summary>
    public async Task<(ulong Block, Bytes32 Transaction)?> FindForeignAnchorAsync(
        ulong after,
        CancellationToken cancellationToken
    )
    {
        await using DbConnection connection = await database.ConnectAsync(cancellationToken);
        (long Block, byte[] Hash)[] anchors =
        [
            .. await connection.QueryAsync<(long, byte[])>(
                """
                SELECT a.block_number, a.transaction_hash
                FROM anchor a JOIN anchored_batch b ON b.anchor_index = a.anchor_index
                LEFT JOIN batch k ON k.id = b.batch_id
                WHERE a.block_number > @after AND (k.id IS NULL OR k.payload_hash = k.id)
                ORDER BY a.block_number LIMIT 1
                """,
                new { after },
                cancellationToken
            ),
        ];
        return anchors is [var (block, hash)] ? ((ulong)block, Bytes32.FromBytes(hash)) : null;
    }

    /// <summary>Creates the secret at the ledger's first start, and reads it at every start.</summary>
    private async Task ReadSealAsync(CancellationToken cancellationToken)
    {
        const string Read = "SELECT secret FROM seal";
        await using (DbConnection connection = await database.ConnectAsync(cancellationToken))
        {
            _seal = await connection.QueryFirstOrDefaultAsync<byte[]>(Read, cancellationToken) ?? [];
        }

        if (_seal.Length == 0)
        {
            await database.WriteAsync(
                async (connection, transaction) =>
                {
                    await connection.ExecuteAsync(
                        "INSERT INTO seal (one, secret) VALUES (1, @secret) ON CONFLICT DO NOTHING",
                        new { secret = RandomNumberGenerator.GetBytes(SecretBytes) },
                        transaction,
                        cancellationToken
                    );
                    _seal = (
                        await connection.QueryFirstOrDefaultAsync<byte[]>(Read, null, transaction, cancellationToken)
                    )!;
                },
                cancellationToken
            );
        }
    }
}
