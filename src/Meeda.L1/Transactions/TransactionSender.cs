using Meeda.Ethereum;
using Meeda.L1.Rpc;
using Meeda.L1.Signing;

namespace Meeda.L1.Transactions;

/// <summary>
/// Sends an account's transactions, several at once where they are asked for at once. It owns the account's nonces:
/// nothing else may send from it meanwhile. A nonce belongs to one
/// request from the moment a transaction is signed for it until that request is confirmed, whatever the node answers,
/// forgets or reorganises, so that
/// no request is ever carried out twice and none displaces another; a request with the key of an earlier one
/// (<see cref="TransactionRequest.Keys"/>) waits for that.
/// Fees are raised while no block takes a transaction; one that the mempool lost is resubmitted, and one that a
/// reorganisation undid too.
/// </summary>
/// <remarks>
/// What is owned is kept in the journal, where there is one, before it is sent: a process that comes after finishes
/// what this one began, and then
/// <see cref="IsSettledAsync"/> says so. Without a journal, wait after a restart until the account's
/// <see cref="BlockTag.Latest"/> and
/// <see cref="BlockTag.Pending"/> counts agree before a request is made again.
/// </remarks>
public sealed partial class TransactionSender : IDisposable
{
    // More than any reorganisation ever took; each is a signed transaction.
    private const int MostConfirmed = 64;

    private readonly EthereumClient _client;
    private readonly ITransactionSigner _signer;
    private readonly ITransactionJournal? _journal;
    private readonly TransactionSenderOptions _options;
    private readonly FeePolicy _fees;
    private readonly TimeProvider _time;
    private readonly SemaphoreSlim _oneAtATime = new(1);
    private readonly SemaphoreSlim _inFlight;
    private readonly SemaphoreSlim _resuming = new(1);

    // Every nonce that is signed for and not confirmed yet; the lock is on the list.
    private readonly List<NonceSlot> _open = [];

    // The last nonces that were confirmed, newest last: a reorganisation deeper than the confirmations can take them
    // back, and what comes behind waits for them.
    private readonly List<NonceSlot> _confirmed = [];

    // The requests with a deadline that are not submitted yet, with blobs and without.
    private int _deadlinesWithBlobs;
    private int _deadlinesWithout;
    private ulong? _chainId;
    private bool _isResumed;

    /// <summary>A sender of an account.</summary>
    /// <param name="client">The node.</param>
    /// <param name="signer">The account.</param>
    /// <param name="options">How to send.</param>
    /// <param name="time">The clock of all waiting; the system's where it is absent.</param>
    /// <param name="journal">Where its nonces are kept beyond the process, or null for nowhere.</param>
    /// <exception cref="ArgumentOutOfRangeException">An option is out of its range.</exception>
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
    /// Ends the waiting, nothing else: once the transaction is signed it may be mined, and the next call of this
    /// method sees to it that it is before it
    /// sends its own. Who cancels and asks again asks for two transactions, unless the requests have a key in common.
    /// </param>
    /// <exception cref="ArgumentException">It has blobs that are not well formed, or blobs and no one to
    /// call.</exception>
    /// <exception cref="JsonRpcException">The node refuses it, for example because it would revert: nothing was
    /// sent.</exception>
    /// <exception cref="L1UnreachableException">The node did not answer before anything was sent. Afterwards it is
    /// waited for.</exception>
    /// <exception cref="SigningException">The signer did not sign: nothing was sent.</exception>
    /// <exception cref="TransactionRevertedException">A block holds it and it reverted.</exception>
    /// <exception cref="BlobFeeException">It carries blobs, which cost more at the moment than the options allow:
    /// nothing was sent.</exception>
    /// <exception cref="FeeLimitException">Gas costs more at the moment than its own limit allows: nothing was
    /// sent.</exception>
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

            // It was an earlier request's, which brought nothing about: so this one is still to be carried out.
        }
    }

    /// <summary>
    /// Whether everything that this account ever sent, as far as is known here and to the node, is part of the chain.
    /// What a reorganisation took back is handed
    /// in again. Who is about to repeat a request because its effect is not to be seen asks this first: the effect
    /// may be on its way back.
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
    /// Forgets what is known here of the account's nonces, to be read from the journal again: another process may have
    /// gone on with them. To be called when no
    /// call of <see cref="SendAsync"/> is under way.
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
