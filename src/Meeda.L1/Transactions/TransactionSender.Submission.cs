using Meeda.Ethereum;
using Meeda.L1.Rpc;
using Meeda.L1.Signing;

namespace Meeda.L1.Transactions;

/// <summary>Gives a request its turn, its nonce and its first transaction.</summary>
public sealed partial class TransactionSender
{
    // EIP-7825: no transaction may ask for more gas.
    private const ulong TransactionGasCap = 1 << 24;

    /// <summary>Sends a request, or waits for an earlier one that it shares a key with.</summary>
    /// <returns>The nonce of either, and its confirmed receipt.</returns>
    private async Task<(NonceSlot Slot, TransactionReceipt Receipt)> SendOrJoinAsync(
        TransactionRequest request,
        CancellationToken cancellationToken
    )
    {
        NonceSlot? slot = null;
        try
        {
            await _inFlight.WaitAsync(cancellationToken);
            try
            {
                CountDeadline(request, 1);
                try
                {
                    while (!await TrySubmitAsync(request, submitted => slot = submitted, cancellationToken))
                    {
                        await TendWhileWaitingAsync(cancellationToken);
                    }
                }
                finally
                {
                    CountDeadline(request, -1);
                }

                // 3. The next request may be submitted while this one waits for its block and its confirmations.
                await WaitUntilMinedAsync(slot!, depth: 0, cancellationToken);
            }
            finally
            {
                _inFlight.Release();
            }

            TransactionReceipt receipt = await WaitUntilMinedAsync(slot!, _options.Confirmations, cancellationToken);
            await CloseAsync(slot!, isConfirmed: true);
            return (slot!, receipt);
        }
        catch when (slot is not null)
        {
            // Usually cancelled. For a slot that is already closed this has no effect.
            slot.IsAbandoned = true;
            throw;
        }
    }

    /// <summary>
    /// Submits a request, or finds the earlier one that it joins; does nothing if it is not its turn.
    /// </summary>
    /// <param name="request">The request.</param>
    /// <param name="taken">Called with the nonce as soon as there is one.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>Whether it was its turn.</returns>
    private async Task<bool> TrySubmitAsync(
        TransactionRequest request,
        Action<NonceSlot> taken,
        CancellationToken cancellationToken
    )
    {
        await _oneAtATime.WaitAsync(cancellationToken);
        try
        {
            // 1. What cancelled calls and earlier processes left behind is mined first, so that gas is estimated on a
            // state that includes it.
            await FinishAbandonedAsync(cancellationToken);
            if (!IsTurnOf(request))
            {
                return false;
            }

            // 2. From here on the nonce is taken.
            NonceSlot? slot = Sharing(request);
            if (slot is not null)
            {
                taken(slot);
                return true;
            }

            slot = await OpenAsync(request, cancellationToken);
            taken(slot);
            await SubmitAsync(slot, cancellationToken);
            return true;
        }
        finally
        {
            _oneAtATime.Release();
        }
    }

    /// <summary>
    /// Whether no transaction of the other kind waits for its block, since a node's mempool does not hold blob and
    /// other transactions of one account at once; and no request of the other kind with a deadline waits for the
    /// account, unless this one has a deadline too.
    /// </summary>
    private bool IsTurnOf(TransactionRequest request)
    {
        lock (_open)
        {
            return !_open.Exists(slot => slot.IsInTheWayOf(request))
                && (
                    request.HasDeadline
                    || Volatile.Read(ref request.Blobs is null ? ref _deadlinesWithBlobs : ref _deadlinesWithout) == 0
                );
        }
    }

    /// <summary>
    /// Whether a request with a deadline waits until a block includes this transaction: one that has no nonce yet, or
    /// one with blobs and a later nonce.
    /// </summary>
    private bool IsInTheWayOfADeadline(NonceSlot slot)
    {
        if (slot.Latest.Request is { Blobs: null } or { HasDeadline: true })
        {
            return false;
        }

        lock (_open)
        {
            List<NonceSlot> publications = _open.FindAll(each =>
                each.Latest.Request is { Blobs: not null, HasDeadline: true }
            );
            return Volatile.Read(ref _deadlinesWithout) > 0
                || Volatile.Read(ref _deadlinesWithBlobs) > publications.Count(each => !each.IsAbandoned)
                || publications.Exists(later => later.Nonce > slot.Nonce && !later.IsMined);
        }
    }

    private void CountDeadline(TransactionRequest request, int change)
    {
        if (request.HasDeadline)
        {
            Interlocked.Add(ref request.Blobs is null ? ref _deadlinesWithout : ref _deadlinesWithBlobs, change);
        }
    }

    private async Task TendWhileWaitingAsync(CancellationToken cancellationToken)
    {
        try
        {
            // The transactions ahead are maintained by their callers, unless those have gone meanwhile.
            await TendAbandonedAsync(cancellationToken);
        }
        catch (Exception unanswered) when (unanswered is L1UnreachableException or JsonRpcException or SigningException)
        {
            // As in WaitUntilMinedAsync.
        }

        await Task.Delay(_options.PollInterval, _time, cancellationToken);
    }

    private async Task<NonceSlot> OpenAsync(TransactionRequest request, CancellationToken cancellationToken)
    {
        _chainId ??= await _client.GetChainIdAsync(cancellationToken);
        ulong estimate = await _client.EstimateGasAsync(Address, request, cancellationToken);
        ulong gas = Math.Min(
            estimate + (estimate * (ulong)_options.GasMarginPercent / 100),
            Math.Max(estimate, TransactionGasCap)
        );
        ulong nonce = await _client.GetTransactionCountAsync(Address, BlockTag.Pending, cancellationToken);
        Fees fees = await _fees.FirstAsync(request, cancellationToken);
        lock (_open)
        {
            // A node that reorganised or restarted may have forgotten what was sent, and would return a used nonce.
            foreach (NonceSlot known in _open.Concat(_confirmed))
            {
                nonce = Math.Max(nonce, known.Nonce + 1);
            }
        }

        await FillGapAsync(nonce, cancellationToken);

        var transaction = new PreparedTransaction(_chainId.Value, nonce, fees, gas, request);
        var slot = new NonceSlot(
            transaction,
            await transaction.SignAsync(_signer, cancellationToken),
            _time.GetTimestamp()
        );
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

    private async Task SubmitAsync(NonceSlot slot, CancellationToken cancellationToken)
    {
        try
        {
            await _client.SendRawTransactionAsync(slot.LatestSigned, cancellationToken);
        }
        catch (L1UnreachableException)
        {
            // It may have arrived nevertheless: waiting for the receipt shows whether it did.
        }
        catch (JsonRpcException refusal)
        {
            // A call that was repeated because its first answer was lost is rejected too, as already known. After a
            // gateway's timeout the transaction may have arrived.
            if (!refusal.IsTimeout && !await MayBeKnownAsync(slot.LatestHash, cancellationToken))
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
}
