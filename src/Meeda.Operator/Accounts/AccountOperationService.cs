using Meeda.Chain.Contract;
using Meeda.Chain.Payments;
using Meeda.Hosting;
using Meeda.L1.Transactions;
using Meeda.Operator.Leadership;
using Meeda.Operator.Persistence;

namespace Meeda.Operator.Accounts;

/// <summary>
/// Carries out what commands ask of the running operator: it alone sends from its key, so that no nonce is used twice.
/// A request is a kind and an amount and never calldata, so that who can write to the ledger can send nothing else.
/// </summary>
internal sealed class AccountOperationService(
    Ledger ledger,
    AccountPlans plans,
    TransactionSender sender,
    LeaderElection leadership,
    TimeProvider time,
    ILogger<AccountOperationService> logger
) : PeriodicLeaderService("Operations on the account", PollInterval, leadership, time, logger)
{
    /// <summary>How long a command waits for the operator to start its request; what is older is not carried
    /// out.</summary>
    internal static readonly TimeSpan StartLimit = TimeSpan.FromMinutes(1);

    private const string Stopped =
        "the operator stopped, or its ledger failed, while it was under way; meeda operator status says what L1 took";

    private static readonly TimeSpan PollInterval = TimeSpan.FromSeconds(1);

    // Whether a round began an operation and failed before its end was kept.
    private bool _isUnderWay;

    /// <inheritdoc/>
    protected override Task OnLeadingAsync(CancellationToken stoppingToken) =>
        ledger.AbandonOperationsAsync(Stopped, Time.GetUtcNow(), stoppingToken);

    /// <inheritdoc/>
    protected override async Task RunOnceAsync(CancellationToken stoppingToken)
    {
        if (_isUnderWay)
        {
            await ledger.AbandonOperationsAsync(Stopped, Time.GetUtcNow(), stoppingToken);
            _isUnderWay = false;
        }

        while (await ledger.HasOperationAsync(stoppingToken))
        {
            DateTimeOffset now = Time.GetUtcNow();
            if (await ledger.StartOperationAsync(now - StartLimit, now, stoppingToken) is not { } pending)
            {
                return;
            }

            _isUnderWay = true;
            OperationOutcome outcome = await ExecuteAsync(pending, stoppingToken);
            await ledger.FinishOperationAsync(pending.Sequence, outcome, Time.GetUtcNow(), stoppingToken);
            _isUnderWay = false;
        }
    }

    private async Task<OperationOutcome> ExecuteAsync(PendingOperation pending, CancellationToken stoppingToken)
    {
        var transactions = new List<string>();
        try
        {
            foreach (PlannedTransaction planned in await plans.PlanAsync(pending.Operation, stoppingToken))
            {
                TransactionReceipt receipt = await sender.SendAsync(planned.Request, stoppingToken);
                transactions.Add(receipt.TransactionHash.ToString());
                logger.OperationSent(planned.What, receipt.TransactionHash.ToString());
            }

            return new OperationOutcome(transactions, null);
        }
        catch (Exception failure) when (failure is SetupException || RevertReason.Explains(failure))
        {
            logger.OperationFailed(pending.Operation.Kind.ToString(), RevertReason.Of(failure));
            return new OperationOutcome(transactions, RevertReason.Of(failure));
        }
    }
}
