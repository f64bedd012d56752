using Meeda.Ethereum.Transactions;

namespace Meeda.Node.L1;

/// <summary>
/// The account that publishes demanded blobs: one of its own where there is one (<see cref="SignerOptions.BlobKey"/>), so that anchors and proofs never wait behind its blob
/// transactions; otherwise the operator's. The contract takes a publication from anybody.
/// </summary>
/// <param name="sender">The sender of that account.</param>
/// <param name="isOwn">Whether it is another account than the operator's.</param>
internal sealed class PublicationSender(TransactionSender sender, bool isOwn) : IDisposable
{
    /// <summary>The sender.</summary>
    public TransactionSender Sender => sender;

    /// <summary>Whether it is another account than the operator's.</summary>
    public bool IsOwn => isOwn;

    /// <inheritdoc/>
    public void Dispose()
    {
        if (isOwn)
        {
            sender.Dispose();
        }
    }
}
