using System.Data.Common;
using System.Numerics;
using Meeda.Ethereum;
using Meeda.Hosting;
using Meeda.Hosting.Persistence;
using Meeda.L1.Transactions;

namespace Meeda.Operator.Persistence;

/// <summary>
/// An account's journal in the ledger's database. Only the operator with the lease writes to it, and a transaction is
/// sent only after it was written. An operator that lost the lease while it was paused therefore sends nothing.
/// </summary>
internal sealed class TransactionJournal(Ledger ledger, Address sender) : ITransactionJournal
{
    /// <summary>A migration of the ledger.</summary>
    internal const string FeeLimitOfATransaction = """
        -- what the request may pay at most, where it has a limit of its own: wei for each gas and each blob gas, as a/b
        ALTER TABLE sent_transaction ADD COLUMN fee_limit TEXT;
        """;

    /// <inheritdoc/>
    public async Task<IReadOnlyList<JournaledTransaction>> ReadAsync(CancellationToken cancellationToken)
    {
        await using DbConnection connection = await ledger.ConnectAsync(cancellationToken);
        IEnumerable<Row> rows = await connection.QueryAsync<Row>(
            """
            SELECT nonce, chain_id, recipient, value, data, gas_limit, tip, max_fee, max_blob_fee, wire, hashes,
                   request_keys, blobs, commitments, cell_proofs, confirmed, fee_limit
            FROM sent_transaction WHERE sender = @sender ORDER BY nonce
            """,
            new { sender },
            cancellationToken
        );
        return [.. rows.Select(row => row.ToTransaction())];
    }

    /// <inheritdoc/>
    /// <exception cref="LeaseLostException">Another operator leads by now.</exception>
    /// <exception cref="IOException">
    /// Another machine sends with the same key: only requests with a deadline are signed.
    /// </exception>
    public Task WriteAsync(JournaledTransaction transaction, CancellationToken cancellationToken) =>
        ledger.WriteAsLeaderAsync(
            async (connection, write) =>
            {
                await EnsureAloneAsync(transaction, connection, write, cancellationToken);
                await connection.ExecuteAsync(
                    """
                    DELETE FROM sent_transaction WHERE sender = @sender AND chain_id = @ChainId AND nonce = @Nonce;
                    INSERT INTO sent_transaction
                        (sender, nonce, chain_id, recipient, value, data, gas_limit, tip, max_fee, max_blob_fee, wire, hashes, request_keys, blobs, commitments, cell_proofs, confirmed, fee_limit)
                    VALUES (@sender, @Nonce, @ChainId, @To, @Value, @Data, @GasLimit, @Tip, @MaxFee, @MaxBlobFee, @Wire, @Hashes, @RequestKeys, @Blobs, @Commitments, @CellProofs, @Confirmed, @FeeLimit)
                    """,
                    new
                    {
                        sender,
                        transaction.Nonce,
                        transaction.ChainId,
                        transaction.Request.To,
                        transaction.Request.Value,
                        transaction.Request.Data,
                        transaction.GasLimit,
                        transaction.Tip,
                        MaxFee = transaction.MaxFeePerGas,
                        MaxBlobFee = transaction.MaxFeePerBlobGas,
                        transaction.Wire,
                        Hashes = transaction.Hashes.SelectMany(hash => hash.ToArray()).ToArray(),
                        RequestKeys = string.Join('\n', transaction.Request.Keys),
                        Blobs = Joined(transaction.Request.Blobs?.Blobs),
                        Commitments = Joined(transaction.Request.Blobs?.Commitments),
                        CellProofs = Joined(transaction.Request.Blobs?.CellProofs),
                        Confirmed = transaction.IsConfirmed ? 1L : 0L,
                        FeeLimit = transaction.Request.FeeLimit?.ToString(),
                    },
                    write,
                    cancellationToken
                );
            },
            cancellationToken
        );

    /// <inheritdoc/>
    /// <exception cref="LeaseLostException">Another operator leads by now.</exception>
    public Task RemoveAsync(ulong chainId, ulong nonce, CancellationToken cancellationToken) =>
        ledger.WriteAsLeaderAsync(
            (connection, write) =>
                connection.ExecuteAsync(
                    "DELETE FROM sent_transaction WHERE sender = @sender AND chain_id = @chainId AND nonce = @nonce",
                    new
                    {
                        sender,
                        chainId,
                        nonce,
                    },
                    write,
                    cancellationToken
                ),
            cancellationToken
        );

    /// <summary>
    /// Rejects new transactions while another machine uses the key. Everything is written here before it is sent, so
    /// this keeps the two from racing.
    /// </summary>
    private async Task EnsureAloneAsync(
        JournaledTransaction transaction,
        DbConnection connection,
        DbTransaction write,
        CancellationToken cancellationToken
    )
    {
        if (
            transaction is { IsConfirmed: false, Request.HasDeadline: false }
            && await connection.QueryFirstOrDefaultAsync<string>(
                // Raising the fees of a nonce that is already signed for is allowed: it adds no new effect.
                "SELECT problem FROM rival WHERE NOT EXISTS (SELECT 1 FROM sent_transaction "
                    + "WHERE sender = @sender AND chain_id = @ChainId AND nonce = @Nonce)",
                new
                {
                    sender,
                    transaction.ChainId,
                    transaction.Nonce,
                },
                write,
                cancellationToken
            )
                is { } problem
        )
        {
            throw new IOException($"nothing is sent: {problem}");
        }
    }

    /// <summary>Recognises proofs and publications by their keys: both have a deadline, also after a restart.</summary>
    private static bool HasDeadline(string keys) =>
        keys.StartsWith(Proofs.Prover.KeyPrefix, StringComparison.Ordinal)
        || keys.StartsWith(Proofs.BlobPublisher.KeyPrefix, StringComparison.Ordinal);

    private static byte[]? Joined(IReadOnlyList<byte[]>? parts) => parts?.SelectMany(part => part).ToArray();

    private sealed record Row(
        ulong Nonce,
        ulong ChainId,
        Address? Recipient,
        BigInteger Value,
        byte[] Data,
        ulong GasLimit,
        BigInteger Tip,
        BigInteger MaxFee,
        BigInteger MaxBlobFee,
        byte[] Wire,
        byte[] Hashes,
        string RequestKeys,
        byte[]? Blobs,
        byte[]? Commitments,
        byte[]? CellProofs,
        long Confirmed,
        string? FeeLimit
    )
    {
        public JournaledTransaction ToTransaction() =>
            new(
                ChainId,
                Nonce,
                new TransactionRequest(
                    Recipient,
                    Data,
                    Value,
                    Blobs is null
                        ? null
                        : new BlobSidecar(
                            [.. Blobs.Chunk(BlobSidecar.BlobLength)],
                            [.. Commitments!.Chunk(BlobSidecar.PointLength)],
                            [.. CellProofs!.Chunk(BlobSidecar.PointLength)]
                        )
                )
                {
                    Keys = RequestKeys.Split('\n', StringSplitOptions.RemoveEmptyEntries),
                    HasDeadline = HasDeadline(RequestKeys),
                    FeeLimit = FeeLimit is null ? null : Meeda.L1.Transactions.FeeLimit.Parse(FeeLimit),
                },
                GasLimit,
                Tip,
                MaxFee,
                MaxBlobFee,
                Wire,
                [.. Hashes.Chunk(Bytes32.Length).Select(hash => Bytes32.FromBytes(hash))],
                Confirmed != 0
            );
    }
}
