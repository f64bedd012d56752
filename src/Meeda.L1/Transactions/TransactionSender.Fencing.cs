using Meeda.L1.Rpc;
using Meeda.L1.Signing;

namespace Meeda.L1.Transactions;

/// <summary>Takes an account over from a process whose journal is lost.</summary>
public sealed partial class TransactionSender
{
    /// <summary>
    /// The first nonce that no transaction on the chain, as of the latest block, or in the journal has used.
    /// </summary>
    /// <exception cref="L1UnreachableException">The node does not answer.</exception>
    public async Task<ulong> NextNonceAsync(CancellationToken cancellationToken)
    {
        await ResumeAsync(cancellationToken);
        ulong next = await _client.GetTransactionCountAsync(Address, BlockTag.Latest, cancellationToken);
        lock (_open)
        {
            return _open.Concat(_confirmed).Aggregate(next, (most, slot) => Math.Max(most, slot.Nonce + 1));
        }
    }

    /// <summary>
    /// Waits until every nonce below <paramref name="end"/> is used and confirmed, by whatever transaction: what
    /// another process signed for one of them and was not mined can then never be mined. Nonces that are unknown here
    /// are used up by zero-value transfers to the account itself. When this returns, the effects of the other
    /// transactions are on the chain, below <see cref="TransactionSenderOptions.Confirmations"/> blocks.
    /// </summary>
    /// <param name="end">The first nonce that is left unused.</param>
    /// <param name="cancellationToken">Ends the work; a later call continues it.</param>
    /// <exception cref="L1UnreachableException">The node does not answer; a later call continues.</exception>
    /// <exception cref="JsonRpcException">The node answers with an error; a later call continues.</exception>
    /// <exception cref="SigningException">The signer did not sign; a later call continues.</exception>
    public async Task TakeOverAsync(ulong end, CancellationToken cancellationToken)
    {
        await ResumeAsync(cancellationToken);
        while (!await TryUseUpAsync(end, cancellationToken))
        {
            await Task.Delay(_options.PollInterval, _time, cancellationToken);
        }
    }

    private async Task<bool> TryUseUpAsync(ulong end, CancellationToken cancellationToken)
    {
        await _oneAtATime.WaitAsync(cancellationToken);
        try
        {
            return await UseUpAsync(end, cancellationToken);
        }
        finally
        {
            _oneAtATime.Release();
        }
    }

    /// <summary>Makes one pass over the nonces.</summary>
    /// <returns>Whether all nonces are used and confirmed.</returns>
    private async Task<bool> UseUpAsync(ulong end, CancellationToken cancellationToken)
    {
        ulong next = await _client.GetTransactionCountAsync(Address, BlockTag.Latest, cancellationToken);
        for (ulong nonce = next; nonce < end; nonce++)
        {
            if (!IsOwned(nonce))
            {
                await UseUpOneAsync(nonce, cancellationToken);
            }
        }

        await FillGapAsync(end, cancellationToken);
        await TendAbandonedAsync(cancellationToken);
        if (
            await _client.GetTransactionCountAsync(Address, await DeepAsync(cancellationToken), cancellationToken) < end
        )
        {
            return false;
        }

        // A slot without a receipt by now was replaced by another process's transaction.
        foreach (NonceSlot slot in Abandoned().Where(slot => slot.Nonce < end))
        {
            bool isOurs = await FindReceiptAsync(slot, cancellationToken) is not null;
            await CloseAsync(slot, isConfirmed: isOurs);
        }

        return true;
    }

    private async Task UseUpOneAsync(ulong nonce, CancellationToken cancellationToken)
    {
        _chainId ??= await _client.GetChainIdAsync(cancellationToken);
        var request = new TransactionRequest(Address, []);
        ulong gas = await _client.EstimateGasAsync(Address, request, cancellationToken);
        var transaction = new PreparedTransaction(
            _chainId.Value,
            nonce,
            await _fees.FirstAsync(request, cancellationToken),
            gas,
            request
        );
        var slot = new NonceSlot(
            transaction,
            await transaction.SignAsync(_signer, cancellationToken),
            _time.GetTimestamp()
        )
        {
            IsAbandoned = true,
        };
        if (_journal is not null)
        {
            await _journal.WriteAsync(slot.ToJournal(isConfirmed: false), cancellationToken);
        }

        lock (_open)
        {
            _open.Add(slot);
        }

        try
        {
            await _client.SendRawTransactionAsync(slot.LatestSigned, cancellationToken);
        }
        catch (Exception refusal) when (refusal is JsonRpcException or L1UnreachableException)
        {
            // Another process's transaction may have the nonce with higher fees: ours then rise until a block includes
            // either.
        }
    }

    private bool IsOwned(ulong nonce)
    {
        lock (_open)
        {
            return _open.Concat(_confirmed).Any(slot => slot.Nonce == nonce);
        }
    }

    /// <summary>The newest block with <see cref="TransactionSenderOptions.Confirmations"/> blocks on top.</summary>
    private async Task<BlockTag> DeepAsync(CancellationToken cancellationToken)
    {
        if (_options.Confirmations == 0)
        {
            return BlockTag.Latest;
        }

        ulong head = await _client.GetBlockNumberAsync(cancellationToken);
        return BlockTag.Number(head - Math.Min(head, (ulong)_options.Confirmations));
    }
}
