using System.Numerics;
using Meeda.Ethereum.JsonRpc;
using Meeda.Ethereum.Signing;

namespace Meeda.Ethereum.Transactions;

/// <summary>
/// Sends an account's transactions, several at once where they are asked for at once. It owns the account's nonces: nothing else may send from it meanwhile. A nonce belongs to one
/// request from the moment a transaction is signed for it until that request is confirmed, whatever the node answers, forgets or reorganises, so that
/// no request is ever carried out twice and none displaces another; a request with the key of an earlier one (<see cref="TransactionRequest.Keys"/>) waits for that.
/// Fees are raised while no block takes a transaction; one that the mempool lost is handed in again, and one that a reorganisation undid too.
/// </summary>
/// <remarks>
/// What is owned is kept in the journal, where there is one, before it is sent: a process that comes after finishes what this one began, and then
/// <see cref="IsSettledAsync"/> says so. Without a journal, wait after a restart until the account's <see cref="BlockTag.Latest"/> and
/// <see cref="BlockTag.Pending"/> counts agree before a request is made again.
/// </remarks>
public sealed class TransactionSender : IDisposable
{
    // More than any reorganisation ever took; each is a signed transaction.
    private const int MostConfirmed = 64;

    // EIP-7825: no transaction may ask for more gas.
    private const ulong TransactionGasCap = 1 << 24;

    private readonly EthereumClient _client;
    private readonly ITransactionSigner _signer;
    private readonly ITransactionJournal? _journal;
    private readonly TransactionSenderOptions _options;
    private readonly TimeProvider _time;
    private readonly SemaphoreSlim _oneAtATime = new(1);
    private readonly SemaphoreSlim _inFlight;
    private readonly SemaphoreSlim _resuming = new(1);

    // Every nonce that is signed for and not confirmed yet; the lock is on the list.
    private readonly List<NonceSlot> _open = [];

    // The last nonces that were confirmed, newest last: a reorganisation deeper than the confirmations can take them back, and what comes behind waits for them.
    private readonly List<NonceSlot> _confirmed = [];
    private ulong? _chainId;
    private bool _isResumed;

    /// <summary>A sender of an account.</summary>
    /// <param name="client">The node.</param>
    /// <param name="signer">The account.</param>
    /// <param name="options">How to send.</param>
    /// <param name="time">The clock of all waiting; the system's where it is absent.</param>
    /// <param name="journal">Where its nonces are kept beyond the process, or null for nowhere.</param>
    /// <exception cref="ArgumentOutOfRangeException">An option is out of its range.</exception>
    public TransactionSender(EthereumClient client, ITransactionSigner signer, TransactionSenderOptions options, TimeProvider? time = null, ITransactionJournal? journal = null)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(options.Confirmations);
        ArgumentOutOfRangeException.ThrowIfNegative(options.GasMarginPercent);
        ArgumentOutOfRangeException.ThrowIfLessThan(options.FeeBumpPercent, TransactionSenderOptions.LeastFeeBumpPercent);
        ArgumentOutOfRangeException.ThrowIfLessThan(options.MaxInFlight, 1);
        _inFlight = new SemaphoreSlim(options.MaxInFlight);
        _journal = journal;
        _client = client;
        _signer = signer;
        _options = options;
        _time = time ?? TimeProvider.System;
    }

    /// <summary>The account's address.</summary>
    public Address Address => _signer.Address;

    /// <summary>Sends a transaction and waits until it has <see cref="TransactionSenderOptions.Confirmations"/>.</summary>
    /// <param name="request">What it should do.</param>
    /// <param name="cancellationToken">
    /// Ends the waiting, nothing else: once the transaction is signed it may be mined, and the next call of this method sees to it that it is before it
    /// sends its own. Who cancels and asks again asks for two transactions, unless the requests have a key in common.
    /// </param>
    /// <exception cref="ArgumentException">It has blobs that are not well formed, or blobs and nobody to call.</exception>
    /// <exception cref="JsonRpcException">The node refuses it, for example because it would revert: nothing was sent.</exception>
    /// <exception cref="L1UnreachableException">The node did not answer before anything was sent. Afterwards it is waited for.</exception>
    /// <exception cref="SigningException">The signer did not sign: nothing was sent.</exception>
    /// <exception cref="TransactionRevertedException">A block holds it and it reverted.</exception>
    /// <exception cref="InvalidOperationException">Something else sent from this account and used the nonce.</exception>
    public async Task<TransactionReceipt> SendAsync(TransactionRequest request, CancellationToken cancellationToken)
    {
        if (request.Blobs is { } blobs && (request.To is null || !blobs.IsWellFormed()))
        {
            throw new ArgumentException("blobs: each needs a commitment and 128 cell proofs of their right lengths, and the transaction somebody to call", nameof(request));
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
                throw new TransactionRevertedException(receipt, await ReadRevertAsync(slot, receipt, cancellationToken));
            }

            // It was an earlier request's, which brought nothing about: so this one is still to be carried out.
        }
    }

    /// <summary>
    /// Whether everything that this account ever sent, as far as is known here and to the node, is part of the chain. What a reorganisation took back is handed
    /// in again. Who is about to repeat a request because its effect is not to be seen asks this first: the effect may be on its way back.
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
    /// Forgets what is known here of the account's nonces, to be read from the journal anew: another process may have gone on with them. To be called when no
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

    /// <summary>Sends a request, or waits for an earlier one that it has a key in common with.</summary>
    /// <returns>The nonce of either, and its receipt with the confirmations on top.</returns>
    private async Task<(NonceSlot Slot, TransactionReceipt Receipt)> SendOrJoinAsync(TransactionRequest request, CancellationToken cancellationToken)
    {
        NonceSlot? slot = null;
        try
        {
            await _inFlight.WaitAsync(cancellationToken);
            try
            {
                await _oneAtATime.WaitAsync(cancellationToken);
                try
                {
                    // 1. What cancelled calls and earlier processes left behind is mined first, so that the gas is estimated on a state that holds it.
                    await FinishAbandonedAsync(cancellationToken);
                    await WaitForOtherKindAsync(request, cancellationToken);

                    // 2. From here on the nonce is taken.
                    slot = Sharing(request);
                    if (slot is null)
                    {
                        slot = await OpenAsync(request, cancellationToken);
                        await HandInFirstAsync(slot, cancellationToken);
                    }
                }
                finally
                {
                    _oneAtATime.Release();
                }

                // 3. The next request may go while this one waits for its block, and for its confirmations.
                await WaitUntilMinedAsync(slot, depth: 0, cancellationToken);
            }
            finally
            {
                _inFlight.Release();
            }

            TransactionReceipt receipt = await WaitUntilMinedAsync(slot, _options.Confirmations, cancellationToken);
            await CloseAsync(slot, isConfirmed: true);
            return (slot, receipt);
        }
        catch when (slot is not null)
        {
            // Cancelled, as a rule. A slot that is closed already does not come back by this.
            slot.IsAbandoned = true;
            throw;
        }
    }

    /// <summary>The newest nonce whose request has a key in common with this one; null where there is none.</summary>
    private NonceSlot? Sharing(TransactionRequest request)
    {
        lock (_open)
        {
            return _open.Concat(_confirmed).Where(slot => slot.Keys.Intersect(request.Keys).Any()).MaxBy(slot => slot.Nonce);
        }
    }

    /// <summary>Takes up what the journal keeps, once.</summary>
    private async Task ResumeAsync(CancellationToken cancellationToken)
    {
        if (_journal is null || Volatile.Read(ref _isResumed))
        {
            return;
        }

        await _resuming.WaitAsync(cancellationToken);
        try
        {
            if (_isResumed)
            {
                return;
            }

            _chainId ??= await _client.GetChainIdAsync(cancellationToken);
            IReadOnlyList<JournaledTransaction> kept = await _journal.ReadAsync(cancellationToken);
            lock (_open)
            {
                foreach (JournaledTransaction transaction in kept.Where(each => each.ChainId == _chainId).OrderBy(each => each.Nonce))
                {
                    (transaction.IsConfirmed ? _confirmed : _open).Add(NonceSlot.FromJournal(transaction, _time.GetTimestamp()));
                }

                _isResumed = true;
            }
        }
        finally
        {
            _resuming.Release();
        }
    }

    /// <summary>Waits until no transaction of the other kind waits for its block: nodes do not take blob transactions and others from one account at once.</summary>
    private async Task WaitForOtherKindAsync(TransactionRequest request, CancellationToken cancellationToken)
    {
        while (true)
        {
            lock (_open)
            {
                if (!_open.Exists(slot => slot.IsInTheWayOf(request)))
                {
                    return;
                }
            }

            try
            {
                // What is in the way looks after itself, unless its caller has gone meanwhile.
                await TendAbandonedAsync(cancellationToken);
            }
            catch (Exception unanswered) when (unanswered is L1UnreachableException or JsonRpcException or SigningException)
            {
                // As in WaitUntilMinedAsync.
            }

            await Task.Delay(_options.PollInterval, _time, cancellationToken);
        }
    }

    private NonceSlot[] Abandoned()
    {
        lock (_open)
        {
            return [.. _open.Where(slot => slot.IsAbandoned)];
        }
    }

    /// <summary>Lets go of a nonce: its request is part of the chain, or it is free again.</summary>
    private async Task CloseAsync(NonceSlot slot, bool isConfirmed)
    {
        var old = new List<NonceSlot>();
        lock (_open)
        {
            if (!_open.Remove(slot))
            {
                return;
            }

            if (isConfirmed)
            {
                _confirmed.Add(slot);
                old.AddRange(_confirmed.Take(Math.Max(0, _confirmed.Count - MostConfirmed)));
                _confirmed.RemoveRange(0, old.Count);
            }
        }

        if (_journal is null)
        {
            return;
        }

        // Who cancels does not cancel this: it is about what was done already.
        await (isConfirmed ? _journal.WriteAsync(slot.ToJournal(isConfirmed: true), CancellationToken.None) : _journal.RemoveAsync(slot.Nonce, CancellationToken.None));
        foreach (NonceSlot each in old)
        {
            await _journal.RemoveAsync(each.Nonce, CancellationToken.None);
        }
    }

    /// <summary>Hands in again what was confirmed and is not part of the chain any more, where it stands in front of a nonce that waits.</summary>
    private async Task FillGapAsync(ulong nonce, CancellationToken cancellationToken)
    {
        ulong next = await _client.GetTransactionCountAsync(Address, BlockTag.Latest, cancellationToken);
        NonceSlot[] undone;
        lock (_open)
        {
            if (_confirmed.Count > 0 && next < _confirmed.Min(slot => slot.Nonce))
            {
                throw new L1UnreachableException($"the node counts {next} transactions of {Address}, far fewer than were confirmed: it is still reading the chain, or it is on another one");
            }

            undone = [.. _confirmed.Where(slot => slot.Nonce >= next && slot.Nonce < nonce)];
        }

        foreach (NonceSlot slot in undone)
        {
            try
            {
                await _client.SendRawTransactionAsync(slot.LatestSigned, cancellationToken);
            }
            catch (JsonRpcException)
            {
                // Known already, as a rule: then it only has to be mined.
            }
        }
    }

    private async Task FinishAbandonedAsync(CancellationToken cancellationToken)
    {
        foreach (NonceSlot slot in Abandoned())
        {
            try
            {
                await WaitUntilMinedAsync(slot, depth: 0, cancellationToken);
            }
            catch (InvalidOperationException)
            {
                // Its nonce was used by something else, which nobody waits to hear; the slot is closed.
            }
        }
    }

    private async Task<NonceSlot> OpenAsync(TransactionRequest request, CancellationToken cancellationToken)
    {
        _chainId ??= await _client.GetChainIdAsync(cancellationToken);
        ulong estimate = await _client.EstimateGasAsync(Address, request, cancellationToken);
        ulong gas = Math.Min(estimate + (estimate * (ulong)_options.GasMarginPercent / 100), Math.Max(estimate, TransactionGasCap));
        ulong nonce = await _client.GetTransactionCountAsync(Address, BlockTag.Pending, cancellationToken);
        Fees fees = await CurrentFeesAsync(request.Blobs is not null, cancellationToken);
        lock (_open)
        {
            // A node that reorganised or restarted may have forgotten what we sent, and would give its nonce out again.
            foreach (NonceSlot known in _open.Concat(_confirmed))
            {
                nonce = Math.Max(nonce, known.Nonce + 1);
            }
        }

        await FillGapAsync(nonce, cancellationToken);

        var transaction = new PreparedTransaction(_chainId.Value, nonce, fees, gas, request);
        var slot = new NonceSlot(transaction, await transaction.SignAsync(_signer, cancellationToken), _time.GetTimestamp());
        if (_journal is not null)
        {
            await _journal.WriteAsync(slot.ToJournal(isConfirmed: false), cancellationToken);
        }

        lock (_open)
        {
            _open.Add(slot);
            return slot;
        }
    }

    private async Task HandInFirstAsync(NonceSlot slot, CancellationToken cancellationToken)
    {
        try
        {
            await _client.SendRawTransactionAsync(slot.LatestSigned, cancellationToken);
        }
        catch (L1UnreachableException)
        {
            // It may have arrived all the same: the waiting finds out.
        }
        catch (JsonRpcException)
        {
            // A call that was repeated because its first answer got lost is refused too: as known already.
            if (!await MayBeKnownAsync(slot.LatestHash, cancellationToken))
            {
                await CloseAsync(slot, isConfirmed: false);
                throw;
            }
        }
    }

    private async Task<bool> MayBeKnownAsync(Bytes32 hash, CancellationToken cancellationToken)
    {
        try
        {
            return await _client.GetTransactionAsync(hash, cancellationToken) is not null;
        }
        catch (Exception unanswered) when (unanswered is L1UnreachableException or JsonRpcException)
        {
            return true;
        }
    }

    /// <summary>Waits until a block with that many on top holds one of the transactions signed for a nonce, and sees to it that one gets there.</summary>
    private async Task<TransactionReceipt> WaitUntilMinedAsync(NonceSlot slot, int depth, CancellationToken cancellationToken)
    {
        while (true)
        {
            try
            {
                TransactionReceipt? receipt = await FindReceiptAsync(slot, cancellationToken);
                slot.IsMined = receipt is not null;
                if (receipt is not null && await HasOnTopAsync(receipt, depth, cancellationToken))
                {
                    return receipt;
                }

                if (receipt is null)
                {
                    // A reorganisation takes back what was sent before along with this one, and nonces are mined in order.
                    await TendAbandonedAsync(cancellationToken);
                    await KeepAliveAsync(slot, cancellationToken);
                }
            }
            catch (Exception unanswered) when (unanswered is L1UnreachableException or JsonRpcException or SigningException)
            {
                // It was handed in: whether it is mined does not depend on our asking. A node that is starting answers with errors. Go on asking.
            }

            await Task.Delay(_options.PollInterval, _time, cancellationToken);
        }
    }

    private async Task<TransactionReceipt?> FindReceiptAsync(NonceSlot slot, CancellationToken cancellationToken)
    {
        foreach (Bytes32 hash in slot.Hashes())
        {
            if (await _client.GetTransactionReceiptAsync(hash, cancellationToken) is { } receipt)
            {
                return receipt;
            }
        }

        return null;
    }

    /// <summary>Whether so many blocks stand on the receipt's, and it is still part of the chain: receipt and head were two answers.</summary>
    private async Task<bool> HasOnTopAsync(TransactionReceipt receipt, int depth, CancellationToken cancellationToken) =>
        depth == 0
        || (await _client.GetBlockNumberAsync(cancellationToken) >= receipt.BlockNumber + (ulong)depth
            && (await _client.GetBlockAsync(BlockTag.Number(receipt.BlockNumber), cancellationToken))?.Hash == receipt.BlockHash);

    private async Task TendAbandonedAsync(CancellationToken cancellationToken)
    {
        foreach (NonceSlot slot in Abandoned())
        {
            TransactionReceipt? receipt = await FindReceiptAsync(slot, cancellationToken);
            slot.IsMined = receipt is not null;
            if (receipt is null)
            {
                try
                {
                    await KeepAliveAsync(slot, cancellationToken);
                }
                catch (InvalidOperationException)
                {
                    // As in FinishAbandonedAsync.
                }
            }
            else if (await HasOnTopAsync(receipt, _options.Confirmations, cancellationToken))
            {
                await CloseAsync(slot, isConfirmed: true);
            }
        }
    }

    /// <summary>Hands a transaction in again that the mempool does not know any more, with higher fees once it has waited long enough.</summary>
    private async Task KeepAliveAsync(NonceSlot slot, CancellationToken cancellationToken)
    {
        if (!slot.TryTend())
        {
            return;
        }

        try
        {
            await FillGapAsync(slot.Nonce, cancellationToken);
            if (_time.GetElapsedTime(slot.PricedAt) >= _options.ResendAfter)
            {
                await RaiseFeesAsync(slot, cancellationToken);
            }
            else if (await _client.GetTransactionAsync(slot.LatestHash, cancellationToken) is not null)
            {
                return;
            }
            else
            {
                Tell(TransactionEventKind.Dropped, slot);
            }

            await _client.SendRawTransactionAsync(slot.LatestSigned, cancellationToken);
        }
        catch (JsonRpcException refusal)
        {
            // Known already, or not dear enough yet: then the fees go on rising.
            await ThrowIfNonceIsGoneAsync(slot, refusal, cancellationToken);
        }
        finally
        {
            slot.EndTending();
        }
    }

    private async Task RaiseFeesAsync(NonceSlot slot, CancellationToken cancellationToken)
    {
        PreparedTransaction last = slot.Latest;
        bool hasBlobs = last.Request.Blobs is not null;
        int least = hasBlobs ? TransactionSenderOptions.LeastBlobFeeBumpPercent : TransactionSenderOptions.LeastFeeBumpPercent;
        int bump = Math.Max(least, _options.FeeBumpPercent);
        Fees now = await CurrentFeesAsync(hasBlobs, cancellationToken);
        BigInteger most = BigInteger.Min(_options.MaxFeePerGas, BigInteger.Max(now.MaxPerGas, Raised(last.Fees.MaxPerGas, bump)));
        BigInteger tip = BigInteger.Min(most, BigInteger.Max(now.Tip, Raised(last.Fees.Tip, bump)));
        BigInteger blob = hasBlobs ? BigInteger.Min(_options.MaxFeePerBlobGas, BigInteger.Max(now.MaxPerBlobGas, Raised(last.Fees.MaxPerBlobGas, bump))) : BigInteger.Zero;
        if (most < Raised(last.Fees.MaxPerGas, least) || (hasBlobs && blob < Raised(last.Fees.MaxPerBlobGas, least)))
        {
            slot.Keep(_time.GetTimestamp());
            Tell(TransactionEventKind.Stuck, slot);
            return;
        }

        PreparedTransaction raised = last with { Fees = new Fees(tip, most, blob) };
        (byte[] Wire, Bytes32 Hash) signed = await raised.SignAsync(_signer, cancellationToken);
        if (_journal is not null)
        {
            JournaledTransaction kept = slot.ToJournal(isConfirmed: false);
            await _journal.WriteAsync(
                kept with { Tip = tip, MaxFeePerGas = most, MaxFeePerBlobGas = blob, Wire = signed.Wire, Hashes = [.. kept.Hashes, signed.Hash] }, cancellationToken);
        }

        slot.Raise(raised, signed, _time.GetTimestamp());
        Tell(TransactionEventKind.Raised, slot);
    }

    private void Tell(TransactionEventKind kind, NonceSlot slot) =>
        _options.Observer?.Invoke(new TransactionEvent(kind, slot.Nonce, slot.LatestHash, slot.Latest.Fees.MaxPerGas));

    /// <summary>A fee and so many percent of it, rounded up: <c>fee + ⌈fee · percent / 100⌉</c>, at least one wei more.</summary>
    private static BigInteger Raised(BigInteger fee, int percent) => fee + BigInteger.Max(1, ((fee * percent) + 99) / 100);

    /// <summary>
    /// The nonce was used, and by none of ours that a receipt is known for: then something else sends from this account, which must not be hidden. It is
    /// asked as deep as confirmations go, since at the head the next block may take it back.
    /// </summary>
    private async Task ThrowIfNonceIsGoneAsync(NonceSlot slot, JsonRpcException refusal, CancellationToken cancellationToken)
    {
        BlockTag tag = BlockTag.Latest;
        if (_options.Confirmations > 0)
        {
            ulong head = await _client.GetBlockNumberAsync(cancellationToken);
            tag = BlockTag.Number(head - Math.Min(head, (ulong)_options.Confirmations));
        }

        if (await _client.GetTransactionCountAsync(Address, tag, cancellationToken) > slot.Nonce && await FindReceiptAsync(slot, cancellationToken) is null)
        {
            await CloseAsync(slot, isConfirmed: false);
            throw new InvalidOperationException(
                $"nonce {slot.Nonce} of {Address} was used by a transaction of somebody else; an account must be used by one sender only", refusal);
        }
    }

    /// <summary>
    /// Why a transaction reverted: what a call answers on the state below its block, and, where that does not revert, on the block's own, which has what came before it in
    /// the block. Empty where neither does.
    /// </summary>
    private async Task<byte[]> ReadRevertAsync(NonceSlot slot, TransactionReceipt receipt, CancellationToken cancellationToken)
    {
        try
        {
            foreach (ulong block in (ulong[])[receipt.BlockNumber - Math.Min(1, receipt.BlockNumber), receipt.BlockNumber])
            {
                await _client.CallAsync(Address, slot.Latest.Request, slot.Latest.GasLimit, BlockTag.Number(block), cancellationToken);
            }
        }
        catch (JsonRpcException reverted)
        {
            return reverted.RevertData;
        }
        catch (L1UnreachableException)
        {
            // Then it is not known.
        }

        return [];
    }

    private async Task<Fees> CurrentFeesAsync(bool hasBlobs, CancellationToken cancellationToken)
    {
        BigInteger tip = BigInteger.Clamp(await _client.GetMaxPriorityFeePerGasAsync(cancellationToken), _options.MinTip, BigInteger.Max(_options.MinTip, _options.MaxTip));
        Block head = await _client.GetBlockAsync(BlockTag.Latest, cancellationToken) ?? throw new L1UnreachableException("the node has no newest block");

        // The base fee rises by at most an eighth a block: twice of it holds for five full blocks.
        BigInteger most = BigInteger.Min((2 * head.BaseFeePerGas) + tip, _options.MaxFeePerGas);

        // The price of blobs rises by at most an eighth a block too (EIP-4844).
        BigInteger blob = hasBlobs ? BigInteger.Min(2 * await _client.GetBlobBaseFeeAsync(cancellationToken), _options.MaxFeePerBlobGas) : BigInteger.Zero;
        return new Fees(BigInteger.Min(tip, most), most, blob);
    }
}
