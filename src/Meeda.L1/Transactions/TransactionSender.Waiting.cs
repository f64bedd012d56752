using Meeda.Ethereum;
using Meeda.L1.Rpc;
using Meeda.L1.Signing;

namespace Meeda.L1.Transactions;

/// <summary>The work while a nonce waits for inclusion and confirmations.</summary>
public sealed partial class TransactionSender
{
    /// <summary>
    /// Waits until a block with <paramref name="depth"/> blocks on top includes one of the transactions signed for a
    /// nonce; meanwhile resubmits them and raises their fees.
    /// </summary>
    private async Task<TransactionReceipt> WaitUntilMinedAsync(
        NonceSlot slot,
        int depth,
        CancellationToken cancellationToken
    )
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
                    // A reorganisation may have removed earlier transactions too, and nonces are mined in order.
                    await TendAbandonedAsync(cancellationToken);
                    await ResubmitAsync(slot, cancellationToken);
                }
            }
            catch (Exception unanswered)
                when (unanswered is L1UnreachableException or JsonRpcException or SigningException)
            {
                // It was submitted, so it may be mined whether or not the node answers. A node that is starting answers
                // with errors. Keep polling.
            }

            await Task.Delay(_options.PollInterval, _time, cancellationToken);
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
            catch (NonceTakenException)
            {
                // Another transaction used its nonce. No caller waits for this slot any more, and it is closed.
            }
        }
    }

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
                    await ResubmitAsync(slot, cancellationToken);
                }
                catch (NonceTakenException)
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

    /// <summary>
    /// Resubmits a transaction that the mempool dropped, with higher fees once it has waited long enough.
    /// </summary>
    private async Task ResubmitAsync(NonceSlot slot, CancellationToken cancellationToken)
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
        catch (Exception refusal) when (EthereumClient.IsUnsupported(refusal) || refusal is JsonRpcException)
        {
            // Already known, or its fees are still too low: they keep rising. Some gateways reject with a bare HTTP
            // status.
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
        bool isUrgent = last.Request.HasDeadline || IsInTheWayOfADeadline(slot);
        if (isUrgent && !last.Request.HasDeadline)
        {
            Tell(TransactionEventKind.InTheWay, slot);
        }

        if (await _fees.RaiseAsync(last, isUrgent, cancellationToken) is not { } fees)
        {
            slot.Keep(_time.GetTimestamp());
            Tell(TransactionEventKind.Stuck, slot);
            return;
        }

        PreparedTransaction raised = last with { Fees = fees };
        (byte[] Wire, Bytes32 Hash) signed = await raised.SignAsync(_signer, cancellationToken);
        if (_journal is not null)
        {
            JournaledTransaction kept = slot.ToJournal(isConfirmed: false);
            await _journal.WriteAsync(
                kept with
                {
                    Tip = fees.Tip,
                    MaxFeePerGas = fees.MaxPerGas,
                    MaxFeePerBlobGas = fees.MaxPerBlobGas,
                    Wire = signed.Wire,
                    Hashes = [.. kept.Hashes, signed.Hash],
                },
                cancellationToken
            );
        }

        slot.Raise(raised, signed, _time.GetTimestamp());
        Tell(TransactionEventKind.Raised, slot);
    }

    private void Tell(TransactionEventKind kind, NonceSlot slot) =>
        _options.Observer?.Invoke(new TransactionEvent(kind, slot.Nonce, slot.LatestHash, slot.Latest.Fees.MaxPerGas));

    /// <summary>
    /// Throws if the nonce was used and none of its transactions has a receipt: then something else sends from this
    /// account, which must not be hidden. The count is read at the depth of the confirmations, since a reorganisation
    /// may undo it at the head.
    /// </summary>
    private async Task ThrowIfNonceIsGoneAsync(NonceSlot slot, Exception refusal, CancellationToken cancellationToken)
    {
        BlockTag tag = await DeepAsync(cancellationToken);
        if (
            await _client.GetTransactionCountAsync(Address, tag, cancellationToken) > slot.Nonce
            && await FindReceiptAsync(slot, cancellationToken) is null
        )
        {
            await CloseAsync(slot, isConfirmed: false);
            throw new NonceTakenException(
                $"nonce {slot.Nonce} of {Address} was used by a transaction of another party; an account must be "
                    + "used by one sender only",
                refusal
            );
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

    /// <summary>
    /// Whether the receipt's block has that many blocks on top and is still part of the chain: receipt and head came
    /// from two calls.
    /// </summary>
    private async Task<bool> HasOnTopAsync(
        TransactionReceipt receipt,
        int depth,
        CancellationToken cancellationToken
    ) =>
        depth == 0
        || (
            await _client.GetBlockNumberAsync(cancellationToken) >= receipt.BlockNumber + (ulong)depth
            && (await _client.GetBlockAsync(BlockTag.Number(receipt.BlockNumber), cancellationToken))?.Hash
                == receipt.BlockHash
        );

    /// <summary>
    /// The revert data of a transaction: from a call on the state before its block or, if that does not revert, on the
    /// block's own state, which includes the transactions before it in the block. Empty if neither reverts.
    /// </summary>
    private async Task<byte[]> ReadRevertAsync(
        NonceSlot slot,
        TransactionReceipt receipt,
        CancellationToken cancellationToken
    )
    {
        try
        {
            foreach (
                ulong block in (ulong[])[receipt.BlockNumber - Math.Min(1, receipt.BlockNumber), receipt.BlockNumber]
            )
            {
                await _client.CallAsync(
                    Address,
                    slot.Latest.Request,
                    slot.Latest.GasLimit,
                    BlockTag.Number(block),
                    cancellationToken
                );
            }
        }
        catch (JsonRpcException reverted)
        {
            return reverted.RevertData;
        }
        catch (L1UnreachableException)
        {
            // The reason stays unknown.
        }

        return [];
    }
}
