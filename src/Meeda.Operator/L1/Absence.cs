using Meeda.Chain.Contract;
using Meeda.Http;
using Meeda.L1.Rpc;
using Meeda.Operator.Persistence;

namespace Meeda.Operator.L1;

/// <summary>
/// Decides whether a batch that is not in the ledger was never anchored by this operator. An OP Stack node that
/// receives "not found" discards the batch permanently, so the operator returns it only if it has read L1 to its head,
/// from before its first anchor on.
/// </summary>
internal sealed class Absence(L1Follower follower, Ledger ledger, SystemContract system, OperatorAccount account)
{
    private volatile bool _isFromTheStart;

    /// <summary>The error to answer with where the ledger does not know what was asked for.</summary>
    /// <param name="absent">The message where it is proven that there is no such thing.</param>
    /// <param name="cancellationToken">Ends the asking.</param>
    /// <returns><see cref="DaError.NotFound"/> where that is proven, <see cref="DaError.Unavailable"/>
    /// otherwise.</returns>
    public Task<DaException> OfAsync(string absent, CancellationToken cancellationToken) =>
        OfAsync(ErrorCode.BatchNotFound, absent, cancellationToken);

    /// <summary>The error to answer with where the ledger does not know what was asked for.</summary>
    /// <param name="code">What it is where it is proven that there is no such thing.</param>
    /// <param name="absent">The message there.</param>
    /// <param name="cancellationToken">Ends the asking.</param>
    public async Task<DaException> OfAsync(ErrorCode code, string absent, CancellationToken cancellationToken) =>
        await WhyNotAsync(cancellationToken) is { } reason
            ? new DaException(
                ErrorCode.AbsenceUnknown,
                $"{absent.Split(':')[0]}: it is not in the ledger, and whether this operator anchored it is not "
                    + $"known: {reason}"
            )
            : new DaException(code, absent);

    private async Task<string?> WhyNotAsync(CancellationToken cancellationToken)
    {
        if (ledger.Restoration is not null)
        {
            return "the ledger may be older than what was promised, and is being completed";
        }

        if (!follower.IsCaughtUp || follower.Tip is null)
        {
            return "L1 is not followed to its head";
        }

        if (_isFromTheStart)
        {
            return null;
        }

        // Anchors are numbered from 0: if the ledger has the first, or the contract has none, no anchor is missing.
        if (await ledger.FirstAnchorAsync(cancellationToken) is not { Index: 0 })
        {
            try
            {
                await system.Anchors.GetAnchorAsync(account.Address, 0, cancellationToken);
                return "L1 was followed from a block behind this operator's first anchor (Meeda__L1__FromBlock)";
            }
            catch (JsonRpcException)
            {
                // The contract keeps no anchor of this operator.
            }
            catch (L1UnreachableException)
            {
                return "L1 does not answer";
            }
        }

        _isFromTheStart = true;
        return null;
    }
}
