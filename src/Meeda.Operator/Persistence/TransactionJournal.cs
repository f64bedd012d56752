using System.Data.Common;
using System.Globalization;
using System.Numerics;
using Dapper;
using Meeda.Ethereum;
using Meeda.Hosting;
using Meeda.L1.Transactions;

namespace Meeda.Operator.Persistence;

/// <summary>
/// An account's journal in the ledger's database. Only the operator with the lease writes to it, and nothing is sent
/// that was not written: so one that was paused and
/// has lost the lease meanwhile sends nothing.
/// </summary>
internal sealed class TransactionJournal(Ledger ledger, Address sender) : ITransactionJournal
{
    private readonly byte[] _sender = sender.ToArray();

    /// <inheritdoc/>
    public async Task<IReadOnlyList<JournaledTransaction>> ReadAsync(CancellationToken cancellationToken)
    {
        await using DbConnection connection = await ledger.ConnectAsync(cancellationToken);
        IEnumerable<Row> rows = await connection.QueryAsync<Row>(
            """
            SELECT nonce AS Nonce, chain_id AS ChainId, recipient AS Recipient, value AS Value, data AS Data, gas_limit AS GasLimit, tip AS Tip, max_fee AS MaxFee,
                   max_blob_fee AS MaxBlobFee, wire AS Wire, hashes AS Hashes, request_keys AS RequestKeys, blobs AS Blobs, commitments AS Commitments, cell_proofs AS CellProofs, confirmed AS Confirmed
            FROM sent_transaction WHERE sender = @_sender ORDER BY nonce
            """,
            new { _sender }
        );
        return [.. rows.Select(row => row.ToTransaction())];
    }

    /// <inheritdoc/>
    /// <exception cref="LeaseLostException">Another operator leads by now.</exception>
    public Task WriteAsync(JournaledTransaction transaction, CancellationToken cancellationToken) =>
        ledger.WriteAsLeaderAsync(
            (connection, write) =>
                connection.ExecuteAsync(
                    """
                    DELETE FROM sent_transaction WHERE sender = @_sender AND chain_id = @ChainId AND nonce = @Nonce;
                    INSERT INTO sent_transaction
                        (sender, nonce, chain_id, recipient, value, data, gas_limit, tip, max_fee, max_blob_fee, wire, hashes, request_keys, blobs, commitments, cell_proofs, confirmed)
                    VALUES (@_sender, @Nonce, @ChainId, @To, @Value, @Data, @GasLimit, @Tip, @MaxFee, @MaxBlobFee, @Wire, @Hashes, @RequestKeys, @Blobs, @Commitments, @CellProofs, @Confirmed)
                    """,
                    new
                    {
                        _sender,
                        Nonce = (long)transaction.Nonce,
                        ChainId = (long)transaction.ChainId,
                        To = transaction.Request.To?.ToArray(),
                        Value = Text(transaction.Request.Value),
                        transaction.Request.Data,
                        GasLimit = (long)transaction.GasLimit,
                        Tip = Text(transaction.Tip),
                        MaxFee = Text(transaction.MaxFeePerGas),
                        MaxBlobFee = Text(transaction.MaxFeePerBlobGas),
                        transaction.Wire,
                        Hashes = transaction.Hashes.SelectMany(hash => hash.ToArray()).ToArray(),
                        RequestKeys = string.Join('\n', transaction.Request.Keys),
                        Blobs = Joined(transaction.Request.Blobs?.Blobs),
                        Commitments = Joined(transaction.Request.Blobs?.Commitments),
                        CellProofs = Joined(transaction.Request.Blobs?.CellProofs),
                        Confirmed = transaction.IsConfirmed ? 1L : 0L,
                    },
                    write
                ),
            cancellationToken
        );

    /// <inheritdoc/>
    /// <exception cref="LeaseLostException">Another operator leads by now.</exception>
    public Task RemoveAsync(ulong chainId, ulong nonce, CancellationToken cancellationToken) =>
        ledger.WriteAsLeaderAsync(
            (connection, write) =>
                connection.ExecuteAsync(
                    "DELETE FROM sent_transaction WHERE sender = @_sender AND chain_id = @chainId AND nonce = @nonce",
                    new
                    {
                        _sender,
                        chainId = (long)chainId,
                        nonce = (long)nonce,
                    },
                    write
                ),
            cancellationToken
        );

    private static byte[]? Joined(IReadOnlyList<byte[]>? parts) => parts?.SelectMany(part => part).ToArray();

    private static string Text(BigInteger value) => value.ToString(CultureInfo.InvariantCulture);

    private sealed record Row(
        long Nonce,
        long ChainId,
        byte[]? Recipient,
        string Value,
        byte[] Data,
        long GasLimit,
        string Tip,
        string MaxFee,
        string MaxBlobFee,
        byte[] Wire,
        byte[] Hashes,
        string RequestKeys,
        byte[]? Blobs,
        byte[]? Commitments,
        byte[]? CellProofs,
        long Confirmed
    )
    {
        public JournaledTransaction ToTransaction() =>
            new(
                (ulong)ChainId,
                (ulong)Nonce,
                new TransactionRequest(
                    Recipient is null ? null : Address.FromBytes(Recipient),
                    Data,
                    Number(Value),
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
                },
                (ulong)GasLimit,
                Number(Tip),
                Number(MaxFee),
                Number(MaxBlobFee),
                Wire,
                [.. Hashes.Chunk(Bytes32.Length).Select(hash => Bytes32.FromBytes(hash))],
                Confirmed != 0
            );

        private static BigInteger Number(string text) => BigInteger.Parse(text, CultureInfo.InvariantCulture);
    }
}
