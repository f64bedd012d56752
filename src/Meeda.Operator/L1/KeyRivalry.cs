using Meeda.Operator.Persistence;
using Meeda.Operator.Restoration;

namespace Meeda.Operator.L1;

/// <summary>
/// Finds out whether another machine sends with the operator's key: an anchor of a batch that was never put here. From
/// then on no put is taken and no anchor is signed for, since two machines that race would anchor and pay twice. Proofs
/// and publications go on: the contract takes each once, and a stake is lost without them. A nonce that something else
/// used is no such sign: a person may have sent ether from a wallet.
/// </summary>
internal sealed class KeyRivalry(Ledger ledger, TimeProvider time, ILogger logger)
{
    private ulong? _seen;

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
            string problem =
                $"the anchor in block {block}, transaction {transaction}, has a batch that was not put here";
            logger.AnotherMachine(problem);
            await ledger.NoteRivalAsync(problem, time.GetUtcNow(), cancellationToken);
        }

        _seen = Math.Max(_seen ?? 0, last);
    }
}
