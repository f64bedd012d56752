using Meeda.Http;
using Meeda.Operator.Persistence;
using Meeda.Protocol.Batches;

namespace Meeda.Operator.Batches;

/// <summary>
/// Decides whether a commitment had already expired when a rollup included it in an L1 block. The decision is a pure
/// function of the commitment, of L1 up to that block and of this operator's promises by then, all from one read of the
/// ledger, so every server of this operator decides alike. The commitment had expired if the batch had been anchored,
/// its last anchor at that block had expired, and no later promise of another term covered the block. The operator then
/// no longer had to serve the data, and a node that syncs later could not get it.
/// </summary>
/// <param name="ledger">The ledger, with the promises and the events of L1.</param>
internal sealed class InclusionCheck(Ledger ledger)
{
    /// <summary>Checks an inclusion.</summary>
    /// <param name="id">The batch.</param>
    /// <param name="inclusionBlock">The L1 block that included the commitment; 0 skips the check.</param>
    /// <param name="cancellationToken">Stops the reading.</param>
    /// <exception cref="DerivationException">The batch had expired at that block.</exception>
    /// <exception cref="DaException">Undecided: L1 has not been followed up to that block, so a later anchor cannot be
    /// excluded.</exception>
    public async Task EnsureRecentAsync(BatchId id, ulong inclusionBlock, CancellationToken cancellationToken)
    {
        if (inclusionBlock == 0)
        {
            return;
        }

        (ulong? tip, ulong? expiry, bool isPromised, bool isKnown) = await ledger.TermAtAsync(
            id,
            inclusionBlock,
            cancellationToken
        );
        if (expiry is null || expiry > inclusionBlock || isPromised)
        {
            return;
        }

        if (tip is null || tip < inclusionBlock)
        {
            throw new DaException(
                DaError.Unavailable,
                $"l1_inclusion_block_number: block {inclusionBlock} is not followed yet (block {tip ?? 0} is); "
                    + "whether the batch was anchored again is not known"
            );
        }

        if (!isKnown)
        {
            throw new DaException(
                DaError.Unavailable,
                $"l1_inclusion_block_number: this server's ledger began after block {inclusionBlock}; whether the "
                    + "batch had been promised again by then is not known"
            );
        }

        throw new DerivationException(
            DerivationFault.RecencyFailed,
            $"l1_inclusion_block_number: at block {inclusionBlock} the batch's anchor had expired (at block {expiry})"
        );
    }
}
