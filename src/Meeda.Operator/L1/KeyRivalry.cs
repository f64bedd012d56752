using Meeda.L1.Transactions;
using Meeda.Operator.Persistence;
using Meeda.Operator.Restoration;

namespace Meeda.Operator.L1;

/// <summary>
/// Finds out whether another machine sends with the operator's key, by what only one can have done: a nonce that was
/// signed for here and used by something else, or an anchor that no journal has. From then on nothing new is signed
/// for, since two machines that race would anchor and pay twice.
/// </summary>
internal sealed class KeyRivalry(Ledger ledger, TimeProvider time, ILogger logger)
{
    private ulong? _seen;

    /// <summary>Takes note of what happened to a transaction.</summary>
    public void Take(TransactionEvent happened)
    {
        if (happened.Kind == TransactionEventKind.Displaced)
        {
            // The sender calls from within its own work, which must not wait for the ledger.
            _ = NoteLaterAsync($"nonce {happened.Nonce} was used by a transaction that was not signed here");
        }
    }

    /// <summary>Looks at the anchors up to a block that were not followed at the last look.</summary>
    /// <param name="last">The last block that was followed.</param>
    /// <param name="cancellationToken">Ends the work.</param>
    public async Task LookAsync(ulong last, CancellationToken cancellationToken)
    {
        // At the first look, and in a ledger that is being completed, earlier machines' anchors are no surprise.
        if (
            _seen is { } seen
            && last > seen
            && ledger is { Restoration: null, Rival: null }
            && await ledger.FindForeignAnchorAsync(seen, cancellationToken) is var (block, transaction)
        )
        {
            await NoteAsync(
                $"the anchor in block {block}, transaction {transaction}, was not sent from here",
                cancellationToken
            );
        }

        _seen = Math.Max(_seen ?? 0, last);
    }

    private async Task NoteLaterAsync(string problem)
    {
        try
        {
            await NoteAsync(problem, CancellationToken.None);
        }
        catch (System.Data.Common.DbException)
        {
            // Logged already. The ledger that does not take this takes no transaction either.
        }
    }

    private async Task NoteAsync(string problem, CancellationToken cancellationToken)
    {
        logger.AnotherMachine(problem);
        await ledger.NoteRivalAsync(problem, time.GetUtcNow(), cancellationToken);
    }
}
