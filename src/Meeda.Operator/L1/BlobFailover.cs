using Meeda.Chain.L1;
using Microsoft.Extensions.Options;

namespace Meeda.Operator.L1;

/// <summary>
/// What happens to a batch that the providers do not take, where it is configured: it waits in the ledger, and is
/// anchored in a transaction that carries its blobs, under
/// the same commitments. Until the providers are back it stands on L1 for everyone.
/// </summary>
internal sealed class BlobFailover(IOptions<L1Options> options)
{
    /// <summary>The most blobs of one transaction (EIP-7594).</summary>
    public const int MaxBlobs = 6;

    /// <summary>Whether batches go this way.</summary>
    public bool IsOn => options.Value.FailoverToBlobs;
}
