using Meeda.L1.Rpc;
using Meeda.L1.Signing;

namespace Meeda.L1.Transactions;

/// <summary>How an account is taken over from a process whose journal is lost.</summary>
public sealed partial class TransactionSender
{
    /// <summary>The first nonce that no transaction in the latest block's chain or in the journal has used.</summary>
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
    /// Sees to it that every nonce below one is used and confirmed, by whatever transaction: nothing that another
    /// process signed for one of them and that was not mined can be mined any more. Nonces for which nothing is known
    /// here are used up by transfers of nothing to the account itself. When this returns, what the others brought about
    /// is on the chain, below its <see cref="TransactionSenderOptions.Confirmations"/>.
    /// </summary>
    /// <param name="end">The first nonce that is left free.</param>
    /// <param name="cancellationToken">Ends the work; a later call goes on with it.</param>
    /// <exception cref="L1UnreachableException">The node does not answer; a later call goes on.</exception>
    /// <exception cref="JsonRpcException">The node answers with an error; a later call goes on.</exception>
    /// <exception cref="SigningException">The signer did not sign; a later call goes on.</exception>
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

    /// <summary>Does what can be done now.</summary>
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

        // What has no receipt now was displaced by another process's transaction.
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
            // Another process's transaction may have the nonce, at a higher price: then the fees rise until a block
            // takes either.
        }
    }

    private bool IsOwned(ulong nonce)
    {
        lock (_open)
        {
            return _open.Concat(_confirmed).Any(slot => slot.Nonce == nonce);
        }
    }

    /// <summary>The block that is as deep as confirmations go.</summary>
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
