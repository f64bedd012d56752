using Meeda.Chain.L1;
using Microsoft.Extensions.Options;

namespace Meeda.Operator.L1;

/// <summary>
/// Optional failover for a batch that the providers reject: it stays in the ledger and is anchored in a blob
/// transaction that carries its blobs, under the same commitments. L1 then serves the data until the providers are
/// back.
/// </summary>
internal sealed class BlobFailover(IOptions<L1Options> options)
{
    /// <summary>The most blobs of one transaction (EIP-7594).</summary>
    public const int MaxBlobs = 6;

    /// <summary>Whether batches go this way.</summary>
    public bool IsOn => options.Value.FailoverToBlobs;
}
