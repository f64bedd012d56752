using Meeda.Node.Storage;
using Meeda.Protocol.Batches;
using Microsoft.Extensions.Options;

namespace Meeda.Node.L1;

/// <summary>
/// What happens to a batch that no provider takes, where it is configured: it waits on this machine, and is anchored in a transaction that carries its blobs, under
/// the same commitments. Until the providers are back it stands on L1 for everybody, and its client knows no difference but the wait.
/// </summary>
internal sealed class BlobFailover(IOptions<L1Options> options, Ledger ledger, L1Follower follower)
{
    /// <summary>The most blobs of one transaction (EIP-7594).</summary>
    public const int MostBlobs = 6;

    /// <summary>Whether a batch of so many blobs may go this way.</summary>
    public bool Takes(int blobCount) => options.Value.FailoverToBlobs && blobCount <= MostBlobs;

    /// <summary>Waits until a batch is anchored.</summary>
    public async Task AnchoredAsync(BatchId id, CancellationToken cancellationToken)
    {
        while (await ledger.FindAnchoringAsync(id, cancellationToken) is null)
        {
            await follower.FollowedAsync((follower.Tip ?? 0) + 1, cancellationToken);
        }
    }
}
