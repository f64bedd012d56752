using System.Data.Common;
using Meeda.Chain.Payments;
using Meeda.Hosting;
using Meeda.Hosting.Persistence;
using Meeda.L1.Rpc;
using Meeda.L1.Signing;
using Meeda.L1.Transactions;
using Meeda.Node.Cli.Spending;
using Meeda.Operator.Accounts;
using Meeda.Operator.Leadership;
using Meeda.Operator.Persistence;
using Meeda.Storage;

namespace Meeda.Node.Cli.Accounts;

/// <summary>
/// Sends from the operator key so that nonces never collide: a running operator is asked to send; if none runs, this
/// takes its lock and lease and uses its journal; if no operator has ever started, the key is free.
/// </summary>
/// <param name="settings">The operator's settings.</param>
/// <param name="client">L1.</param>
internal sealed class OperatorRoute(SpendingSettings settings, EthereumClient client)
{
    private static readonly TimeSpan PollInterval = TimeSpan.FromMilliseconds(250);

    private StorageOptions Storage => settings.Storage;

    /// <summary>Executes an operation.</summary>
    /// <returns>The receipts of its transactions.</returns>
    /// <exception cref="SetupException">It failed, wholly or in part; the message says what and why.</exception>
    public async Task<IReadOnlyList<TransactionReceipt>> SendAsync(
        AccountOperation operation,
        IReadOnlyList<PlannedTransaction> plan,
        CancellationToken cancellationToken
    )
    {
        ITransactionSigner signer = settings.Signing.Open(settings.L1);
        if (!await HasLedgerAsync(cancellationToken))
        {
            return await TransactionRoute.SendAloneAsync(
                client,
                signer,
                settings.SenderOptions,
                plan,
                cancellationToken
            );
        }

        OwnerOnly.Apply();
        using FolderLock? folderLock = TryLock();
        (Ledger ledger, Lease lease) = await OpenAsync(cancellationToken);
        await using (ledger)
        {
            bool isRunning = Storage.Database is null
                ? folderLock is null
                : !await lease.TryHoldAsync(cancellationToken);
            return isRunning
                ? await AskAsync(ledger, operation, cancellationToken)
                : await SendAsLeaderAsync(ledger, lease, signer, plan, cancellationToken);
        }
    }

    private Database OpenDatabase() =>
        Storage.Database is null
            ? new SqliteDatabase(Path.Combine(Storage.Folder, "ledger.sqlite"))
            : new PostgresDatabase(Storage.Database);

    private async Task<bool> HasLedgerAsync(CancellationToken cancellationToken)
    {
        if (Storage.Database is null && !File.Exists(Path.Combine(Storage.Folder, "ledger.sqlite")))
        {
            return false;
        }

        try
        {
            await using Database database = OpenDatabase();
            if (!await database.HasTableAsync("sent_transaction", cancellationToken))
            {
                return false;
            }

            // The schema is not upgraded here, since an older operator may be running on it.
            long version = await database.VersionAsync(Ledger.SchemaName, cancellationToken);
            Database.CheckVersion(Ledger.SchemaName, version, Ledger.Migrations.Length);
            return version == Ledger.Migrations.Length
                ? true
                : throw new SetupException(
                    $"ledger: an older version wrote it (schema version {version}, this program's is "
                        + $"{Ledger.Migrations.Length}); start the operator with this version once before"
                );
        }
        catch (Exception unusable)
            when (unusable is IOException or InvalidDataException or ArgumentException or DbException)
        {
            throw Unusable(unusable);
        }
    }

    private static SetupException Unusable(Exception failure) =>
        new($"ledger: it cannot be opened: {failure.Message.TrimEnd('.')}");

    private FolderLock? TryLock()
    {
        try
        {
            return Directory.Exists(Storage.Folder) ? new FolderLock(Storage.Folder, "operator") : null;
        }
        catch (Exception taken) when (taken is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    private async Task<(Ledger Ledger, Lease Lease)> OpenAsync(CancellationToken cancellationToken)
    {
        try
        {
            Database database = OpenDatabase();
            var lease = new Lease(database, Storage.LeaseTerm);
            return (await Ledger.OpenAsync(database, lease, cancellationToken), lease);
        }
        catch (Exception unusable) when (unusable is IOException or InvalidDataException or DbException)
        {
            throw Unusable(unusable);
        }
    }

    /// <summary>Sends with the operator's journal while it holds the lease.</summary>
    private async Task<IReadOnlyList<TransactionReceipt>> SendAsLeaderAsync(
        Ledger ledger,
        Lease lease,
        ITransactionSigner signer,
        IReadOnlyList<PlannedTransaction> plan,
        CancellationToken cancellationToken
    )
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        Task renewal = RenewAsync(lease, stop.Token);
        try
        {
            using var sender = new TransactionSender(
                client,
                signer,
                settings.SenderOptions,
                journal: new TransactionJournal(ledger, signer.Address)
            );
            return await TransactionRoute.SendAsync(sender, plan, cancellationToken);
        }
        catch (LeaseLostException)
        {
            throw new SetupException("operator: one has started meanwhile; run the command again, and it sends this");
        }
        finally
        {
            await stop.CancelAsync();
            await renewal;
            await lease.ReleaseAsync(CancellationToken.None);
        }
    }

    private static async Task RenewAsync(Lease lease, CancellationToken cancellationToken)
    {
        while (!cancellationToken.IsCancellationRequested)
        {
            await Task.Delay(lease.Term / 4, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            if (!cancellationToken.IsCancellationRequested)
            {
                try
                {
                    await lease.TryHoldAsync(cancellationToken);
                }
                catch (Exception failure) when (failure is DbException or OperationCanceledException)
                {
                    // The lease expires without a release, and nothing more is sent.
                }
            }
        }
    }

    /// <summary>Has the running operator send.</summary>
    private async Task<IReadOnlyList<TransactionReceipt>> AskAsync(
        Ledger ledger,
        AccountOperation operation,
        CancellationToken cancellationToken
    )
    {
        await Console.Error.WriteLineAsync("meeda: an operator runs with this key; asking it to send");
        DateTimeOffset asked = TimeProvider.System.GetUtcNow();
        long sequence = await ledger.RequestOperationAsync(operation, asked, cancellationToken);
        bool isTaken = false;
        try
        {
            while (true)
            {
                if (await ledger.FindOutcomeAsync(sequence, cancellationToken) is { } outcome)
                {
                    return outcome.Problem is { } problem
                        ? throw new SetupException($"operator: {problem.TrimEnd('.')}{Before(outcome.Transactions)}")
                        : await TransactionRoute.ReceiptsAsync(client, outcome.Transactions, cancellationToken);
                }

                if (!isTaken && TimeProvider.System.GetUtcNow() - asked > AccountOperationService.StartLimit)
                {
                    if (await ledger.TakeOperationBackAsync(sequence, cancellationToken))
                    {
                        throw new SetupException(
                            "operator: it did not start the request within "
                                + $"{AccountOperationService.StartLimit.TotalSeconds:0} s and was withdrawn; "
                                + "is it an older version?"
                        );
                    }

                    isTaken = true;
                }

                await Task.Delay(PollInterval, cancellationToken);
            }
        }
        catch (OperationCanceledException)
        {
            bool isBack = await ledger.TakeOperationBackAsync(sequence, CancellationToken.None);
            await Console.Error.WriteLineAsync(
                isBack ? "meeda: the request is withdrawn" : "meeda: the operator continues with it"
            );
            throw;
        }
    }

    private static string Before(IReadOnlyList<string> transactions) =>
        transactions.Count == 0 ? "" : $"; done before: {string.Join(", ", transactions)}";
}
