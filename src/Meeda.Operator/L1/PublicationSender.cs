using Meeda.Chain.L1;
using Meeda.L1.Rpc;
using Meeda.L1.Transactions;

namespace Meeda.Operator.L1;

/// <summary>
/// Sends the transactions that publish demanded blobs: from a separate account if one is configured
/// (<see cref="SignerOptions.BlobKey"/>), so that anchors and proofs never wait behind its blob transactions;
/// otherwise, and if that account cannot send, for example for lack of ether, from the operator's. The contract accepts
/// it from there where the account's owner has named it as publisher, and refuses it otherwise.
/// </summary>
/// <param name="main">The operator's account.</param>
/// <param name="own">The separate account, or null.</param>
internal sealed class PublicationSender(TransactionSender main, TransactionSender? own) : IDisposable
{
    /// <summary>
    /// Sends a request and waits for its confirmations, as <see cref="TransactionSender.SendAsync"/> does.
    /// </summary>
    public async Task<TransactionReceipt> SendAsync(TransactionRequest request, CancellationToken cancellationToken)
    {
        if (own is not null)
        {
            try
            {
                return await own.SendAsync(request, cancellationToken);
            }
            catch (JsonRpcException)
            {
                // Nothing was sent: use the operator's account, whose stake is at risk.
            }
        }

        return await main.SendAsync(request, cancellationToken);
    }

    /// <summary>
    /// Sends a request from the separate account or not at all: nothing is at stake for which anchors and proofs should
    /// wait behind its blobs.
    /// </summary>
    /// <exception cref="InvalidOperationException">There is no separate account.</exception>
    public Task<TransactionReceipt> SendApartAsync(TransactionRequest request, CancellationToken cancellationToken) =>
        own?.SendAsync(request, cancellationToken)
        ?? throw new InvalidOperationException("blobs that need not be published have an account of their own");

    /// <summary>As <see cref="TransactionSender.Forget"/>, of the account of its own.</summary>
    public void Forget() => own?.Forget();

    /// <inheritdoc/>
    public void Dispose() => own?.Dispose();
}
