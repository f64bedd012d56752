using Meeda.Node.Storage;
using Meeda.Protocol.Anchors;
using Meeda.Protocol.Batches;

namespace Meeda.Node.Batches;

/// <summary>
/// Whether a commitment that a rollup included in an L1 block was still worth including: a pure function of the commitment and of L1 up to that block,
/// so every server of this operator answers alike. It was not where the batch had been anchored, and its last anchor at that block had expired:
/// nobody owes the bytes any more, and a node that syncs later could not get them.
/// </summary>
/// <param name="ledger">What was seen on L1.</param>
/// <param name="followed">The last L1 block whose events are in the ledger, or null.</param>
internal sealed class InclusionCheck(Ledger ledger, Func<ulong?> followed)
{
    /// <summary>Judges an inclusion.</summary>
    /// <param name="id">The batch.</param>
    /// <param name="inclusionBlock">The L1 block that included the commitment; 0 skips the check.</param>
    /// <param name="cancellationToken">Stops the reading.</param>
    /// <exception cref="DerivationException">The batch had expired at that block.</exception>
    /// <exception cref="DaException">L1 has not been followed up to that block, so a later anchor cannot be excluded.</exception>
    public async Task EnsureRecentAsync(BatchId id, ulong inclusionBlock, CancellationToken cancellationToken)
    {
        if (inclusionBlock == 0)
        {
            return;
        }

        // The tip first: what is then read from the ledger holds at least everything up to it.
        ulong? tip = followed();
        IReadOnlyList<Anchor> anchors = await ledger.AnchorsOfAsync(id, inclusionBlock, cancellationToken);
        if (anchors.Count == 0)
        {
            return;
        }

        ulong expiry = anchors.Max(anchor => anchor.Expiry);
        if (expiry > inclusionBlock)
        {
            return;
        }

        if (tip is null || tip < inclusionBlock)
        {
            throw new DaException(
                DaError.Unavailable, $"l1_inclusion_block_number: block {inclusionBlock} is not followed yet (block {tip ?? 0} is); whether the batch was anchored anew is not known");
        }

        throw new DerivationException(
            DerivationFault.RecencyFailed, $"l1_inclusion_block_number: at block {inclusionBlock} the batch's anchor had expired (at block {expiry})");
    }
}
