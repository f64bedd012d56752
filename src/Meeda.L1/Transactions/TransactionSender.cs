using Meeda.Ethereum;
using Meeda.L1.Rpc;
using Meeda.L1.Signing;

namespace Meeda.L1.Transactions;

/// <summary>
/// Sends an account's transactions, concurrently where callers ask concurrently. It owns the account's nonces: nothing
/// else may send from the account meanwhile. A nonce belongs to one request from the moment a transaction is signed for
/// it until that request is confirmed, whatever the node answers, forgets or reorganises. So no request is executed
/// twice and none replaces another; a request that shares a key with an earlier one
/// (<see cref="TransactionRequest.Keys"/>) waits for that one. Fees are raised until a block includes the transaction;
/// one that the mempool dropped or a reorganisation removed is resubmitted.
/// </summary>
/// <remarks>
/// If there is a journal, each transaction is written to it before it is sent: the next process completes what this one
/// began, and <see cref="IsSettledAsync"/> then returns true. Without a journal, after a restart wait until the
/// account's <see cref="BlockTag.Latest"/> and <see cref="BlockTag.Pending"/> counts agree before repeating a request.
/// </remarks>
public sealed partial class TransactionSender : IDisposable
{
    // More than any reorganisation has ever removed; each entry is a signed transaction.
    private const int MaxConfirmed = 64;

    private readonly EthereumClient _client;
    private readonly ITransactionSigner _signer;
    private readonly ITransactionJournal? _journal;
    private readonly TransactionSenderOptions _options;
    private readonly FeePolicy _fees;
    private readonly TimeProvider _time;
    private readonly SemaphoreSlim _oneAtATime = new(1);
    private readonly SemaphoreSlim _inFlight;
    private readonly SemaphoreSlim _resuming = new(1);

    // Every nonce that is signed for and not confirmed yet. The list is also the lock.
    private readonly List<NonceSlot> _open = [];

    // The last confirmed nonces, newest last: a reorganisation deeper than the confirmations can remove them, and later
    // nonces then wait for them.
    private readonly List<NonceSlot> _confirmed = [];

    // The number of requests with a deadline that are not submitted yet, with blobs and without.
    private int _deadlinesWithBlobs;
    private int _deadlinesWithout;
    private ulong? _chainId;
    private bool _isResumed;

    /// <summary>Creates an account's sender.</summary>
    /// <param name="client">The node.</param>
    /// <param name="signer">The account.</param>
    /// <param name="options">How to send.</param>
    /// <param name="time">The clock for all waits; the system clock if null.</param>
    /// <param name="journal">Persists the nonces beyond the process; null for none.</param>
    /// <exception cref="ArgumentOutOfRangeException">An option is out of range.</exception>
    public TransactionSender(
        EthereumClient client,
        ITransactionSigner signer,
        TransactionSenderOptions options,
        TimeProvider? time = null,
        ITransactionJournal? journal = null
    )
    {
        ArgumentOutOfRangeException.ThrowIfNegative(options.Confirmations);
        ArgumentOutOfRangeException.ThrowIfNegative(options.GasMarginPercent);
        ArgumentOutOfRangeException.ThrowIfLessThan(
            options.FeeBumpPercent,
            TransactionSenderOptions.LeastFeeBumpPercent
        );
        ArgumentOutOfRangeException.ThrowIfLessThan(options.MaxInFlight, 1);
        _inFlight = new SemaphoreSlim(options.MaxInFlight);
        _journal = journal;
        _client = client;
        _signer = signer;
        _options = options;
        _fees = new FeePolicy(client, options);
        _time = time ?? TimeProvider.System;
    }

    /// <summary>The account's address.</summary>
    public Address Address => _signer.Address;

    /// <summary>
    /// Sends a transaction and waits until it has <see cref="TransactionSenderOptions.Confirmations"/>.
    /// </summary>
    /// <param name="request">What it should do.</param>
    /// <param name="cancellationToken">
    /// Ends only the wait: once the transaction is signed it may be mined, and the next call of this method makes sure
    /// that it is before sending its own. Cancelling and calling again requests two transactions, unless the requests
    /// share a key.
    /// </param>
    /// <exception cref="ArgumentException">Its blobs are malformed, or it has blobs and no recipient.</exception>
    /// <exception cref="JsonRpcException">
    /// The node rejects it, for example because it would revert. Nothing was sent.
    /// </exception>
    /// <exception cref="L1UnreachableException">
    /// The node did not answer before anything was sent. Afterwards the call waits for the node.
    /// </exception>
    /// <exception cref="SigningException">The signer did not sign. Nothing was sent.</exception>
    /// <exception cref="TransactionRevertedException">A block includes it, and it reverted.</exception>
    /// <exception cref="BlobFeeException">
    /// It carries blobs, and blob gas currently costs more than the options allow. Nothing was sent.
    /// </exception>
    /// <exception cref="FeeLimitException">
    /// Gas currently costs more than the request's own limit allows. Nothing was sent.
    /// </exception>
    /// <exception cref="NonceTakenException">Something else sent from this account and used the nonce.</exception>
    public async Task<TransactionReceipt> SendAsync(TransactionRequest request, CancellationToken cancellationToken)
    {
        if (request.Blobs is { } blobs && (request.To is null || !blobs.IsWellFormed()))
        {
            throw new ArgumentException(
                "blobs: each needs a commitment and 128 cell proofs of their right lengths, and the transaction "
                    + "a recipient",
                nameof(request)
            );
        }

        await ResumeAsync(cancellationToken);
        while (true)
        {
            (NonceSlot slot, TransactionReceipt receipt) = await SendOrJoinAsync(request, cancellationToken);
            if (receipt.Succeeded)
            {
                return receipt;
            }

            slot.FreeKeys();
            if (ReferenceEquals(slot.Latest.Request, request))
            {
                throw new TransactionRevertedException(
                    receipt,
                    await ReadRevertAsync(slot, receipt, cancellationToken)
                );
            }

            // The receipt is an earlier request's, which reverted and so had no effect: this request must still be
            // sent.
        }
    }

    /// <summary>
    /// Whether everything that this account ever sent, as far as this sender and the node know, is part of the chain.
    /// Resubmits what a reorganisation removed. Check this before repeating a request because its effect is missing:
    /// the effect may be about to return.
    /// </summary>
    /// <exception cref="L1UnreachableException">The node does not answer.</exception>
    public async Task<bool> IsSettledAsync(CancellationToken cancellationToken)
    {
        await ResumeAsync(cancellationToken);
        await TendAbandonedAsync(cancellationToken);
        ulong next = await _client.GetTransactionCountAsync(Address, BlockTag.Latest, cancellationToken);
        ulong sent = next;
        lock (_open)
        {
            sent = _open.Concat(_confirmed).Aggregate(sent, (most, slot) => Math.Max(most, slot.Nonce + 1));
        }

        if (sent == next)
        {
            return await _client.GetTransactionCountAsync(Address, BlockTag.Pending, cancellationToken) == next;
        }

        await FillGapAsync(sent, cancellationToken);
        return false;
    }

    /// <summary>
    /// Discards the account's nonces so that they are read from the journal again: another process may have continued
    /// with them. Call it only while no call of <see cref="SendAsync"/> is running.
    /// </summary>
    public void Forget()
    {
        lock (_open)
        {
            _open.Clear();
            _confirmed.Clear();
            _isResumed = false;
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _oneAtATime.Dispose();
        _inFlight.Dispose();
        _resuming.Dispose();
    }
}
