using System.Numerics;
using Meeda.Hosting.Persistence;
using Meeda.Operator.Accounts;

namespace Meeda.Operator.Persistence;

/// <content>
/// Account operations that a command requests from the running operator, which owns the account's nonces.
/// </content>
internal sealed partial class Ledger
{
    private const string OperationsOfTheAccount = """
        CREATE TABLE account_operation (
            sequence     {sequence},
            kind         TEXT NOT NULL,
            amount       TEXT NOT NULL,
            requested_at BIGINT NOT NULL,
            started_at   BIGINT,
            finished_at  BIGINT,
            -- the hashes of its transactions, with spaces between
            transactions TEXT NOT NULL DEFAULT '',
            problem      TEXT
        );
        CREATE INDEX account_operation_open ON account_operation (sequence) WHERE finished_at IS NULL;
        """;

    /// <summary>Requests an operation from the running operator.</summary>
    /// <returns>Its number.</returns>
    public async Task<long> RequestOperationAsync(
        AccountOperation operation,
        DateTimeOffset now,
        CancellationToken cancellationToken
    )
    {
        long sequence = 0;
        await database.WriteAsync(
            async (connection, transaction) =>
                sequence = await connection.ExecuteScalarAsync<long>(
                    "INSERT INTO account_operation (kind, amount, requested_at) VALUES (@Kind, @Amount, @now) "
                        + "RETURNING sequence",
                    new
                    {
                        Kind = $"{operation.Kind}",
                        operation.Amount,
                        now = now.ToUnixTimeMilliseconds(),
                    },
                    transaction,
                    cancellationToken
                ),
            cancellationToken
        );
        return sequence;
    }

    /// <summary>Withdraws a request unless an operator has started it.</summary>
    /// <returns>Whether it was withdrawn; false if an operator has started it.</returns>
    public async Task<bool> TakeOperationBackAsync(long sequence, CancellationToken cancellationToken)
    {
        int rows = 0;
        await database.WriteAsync(
            async (connection, transaction) =>
                rows = await connection.ExecuteAsync(
                    "DELETE FROM account_operation WHERE sequence = @sequence AND started_at IS NULL",
                    new { sequence },
                    transaction,
                    cancellationToken
                ),
            cancellationToken
        );
        return rows > 0;
    }

    /// <summary>The outcome of an operation; null until it ends.</summary>
    public async Task<OperationOutcome?> FindOutcomeAsync(long sequence, CancellationToken cancellationToken)
    {
        await using var connection = await ConnectAsync(cancellationToken);
        return (
            await connection.QueryFirstOrDefaultAsync<OutcomeRow>(
                "SELECT transactions, problem FROM account_operation "
                    + "WHERE sequence = @sequence AND finished_at IS NOT NULL",
                new { sequence },
                cancellationToken
            )
        )?.ToOutcome();
    }

    /// <summary>
    /// Starts the oldest request made since <paramref name="since"/>. Older ones, whose commands have ended, are never
    /// executed.
    /// </summary>
    /// <exception cref="Hosting.LeaseLostException">Another operator leads by now.</exception>
    public async Task<PendingOperation?> StartOperationAsync(
        DateTimeOffset since,
        DateTimeOffset now,
        CancellationToken cancellationToken
    )
    {
        OperationRow? row = null;
        await WriteAsLeaderAsync(
            async (connection, transaction) =>
                row = await connection.QueryFirstOrDefaultAsync<OperationRow>(
                    """
                    UPDATE account_operation SET started_at = @now
                    WHERE sequence = (SELECT MIN(sequence) FROM account_operation
                                      WHERE finished_at IS NULL AND started_at IS NULL AND requested_at >= @since)
                    RETURNING sequence, kind, amount
                    """,
                    new { now = now.ToUnixTimeMilliseconds(), since = since.ToUnixTimeMilliseconds() },
                    transaction,
                    cancellationToken
                ),
            cancellationToken
        );
        return row?.ToPending();
    }

    /// <summary>Whether a requested operation has not been started.</summary>
    public async Task<bool> HasOperationAsync(CancellationToken cancellationToken)
    {
        await using var connection = await ConnectAsync(cancellationToken);
        return await connection.ExecuteScalarAsync<bool>(
            "SELECT EXISTS (SELECT 1 FROM account_operation WHERE finished_at IS NULL AND started_at IS NULL)",
            cancellationToken
        );
    }

    /// <summary>Records the outcome of an operation.</summary>
    /// <exception cref="Hosting.LeaseLostException">Another operator leads by now.</exception>
    public Task FinishOperationAsync(
        long sequence,
        OperationOutcome outcome,
        DateTimeOffset now,
        CancellationToken cancellationToken
    ) =>
        WriteAsLeaderAsync(
            (connection, transaction) =>
                connection.ExecuteAsync(
                    "UPDATE account_operation SET finished_at = @now, transactions = @transactions, "
                        + "problem = @Problem WHERE sequence = @sequence",
                    new
                    {
                        sequence,
                        now = now.ToUnixTimeMilliseconds(),
                        transactions = string.Join(' ', outcome.Transactions),
                        outcome.Problem,
                    },
                    transaction,
                    cancellationToken
                ),
            cancellationToken
        );

    /// <summary>
    /// Ends the operations that an operator started and did not finish. They are not restarted, since parts may already
    /// be done; signed transactions are in the journal and continue.
    /// </summary>
    /// <exception cref="Hosting.LeaseLostException">Another operator leads by now.</exception>
    public Task AbandonOperationsAsync(string problem, DateTimeOffset now, CancellationToken cancellationToken) =>
        WriteAsLeaderAsync(
            (connection, transaction) =>
                connection.ExecuteAsync(
                    "UPDATE account_operation SET finished_at = @now, problem = @problem "
                        + "WHERE finished_at IS NULL AND started_at IS NOT NULL",
                    new { now = now.ToUnixTimeMilliseconds(), problem },
                    transaction,
                    cancellationToken
                ),
            cancellationToken
        );

    private sealed record OperationRow(long Sequence, string Kind, BigInteger Amount)
    {
        public PendingOperation ToPending() =>
            new(Sequence, new AccountOperation(Enum.Parse<AccountOperationKind>(Kind), Amount));
    }

    private sealed record OutcomeRow(string Transactions, string? Problem)
    {
        public OperationOutcome ToOutcome() =>
            new(Transactions.Split(' ', StringSplitOptions.RemoveEmptyEntries), Problem);
    }
}
