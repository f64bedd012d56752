using Meeda.L1.Rpc;

namespace Meeda.L1.Transactions;

/// <summary>Tracks the owned nonces: loads them from the journal, closes them, and keeps them without gaps.</summary>
public sealed partial class TransactionSender
{
    /// <summary>Loads the journal, once.</summary>
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
                foreach (
                    JournaledTransaction transaction in kept.Where(each => each.ChainId == _chainId)
                        .OrderBy(each => each.Nonce)
                )
                {
                    (transaction.IsConfirmed ? _confirmed : _open).Add(
                        NonceSlot.FromJournal(transaction, _time.GetTimestamp())
                    );
                }

                _isResumed = true;
            }
        }
        finally
        {
            _resuming.Release();
        }
    }

    /// <summary>The newest nonce whose request shares a key with this one; null if there is none.</summary>
    private NonceSlot? Sharing(TransactionRequest request)
    {
        lock (_open)
        {
            return _open
                .Concat(_confirmed)
                .Where(slot => slot.Keys.Intersect(request.Keys).Any())
                .MaxBy(slot => slot.Nonce);
        }
    }

    private NonceSlot[] Abandoned()
    {
        lock (_open)
        {
            return [.. _open.Where(slot => slot.IsAbandoned)];
        }
    }

    /// <summary>Closes a nonce: its request is part of the chain, or the nonce is free again.</summary>
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
                old.AddRange(_confirmed.Take(Math.Max(0, _confirmed.Count - MaxConfirmed)));
                _confirmed.RemoveRange(0, old.Count);
            }
        }

        if (_journal is null)
        {
            return;
        }

        // Not cancellable: it records what has already happened.
        await (
            isConfirmed
                ? _journal.WriteAsync(slot.ToJournal(isConfirmed: true), CancellationToken.None)
                : _journal.RemoveAsync(slot.Latest.ChainId, slot.Nonce, CancellationToken.None)
        );
        foreach (NonceSlot each in old)
        {
            await _journal.RemoveAsync(each.Latest.ChainId, each.Nonce, CancellationToken.None);
        }
    }

    /// <summary>
    /// Resubmits transactions below <paramref name="nonce"/> that were confirmed and are no longer part of the chain:
    /// later nonces wait for them.
    /// </summary>
    private async Task FillGapAsync(ulong nonce, CancellationToken cancellationToken)
    {
        ulong next = await _client.GetTransactionCountAsync(Address, BlockTag.Latest, cancellationToken);
        NonceSlot[] undone;
        lock (_open)
        {
            if (_confirmed.Count > 0 && next < _confirmed.Min(slot => slot.Nonce))
            {
                throw new L1UnreachableException(
                    $"the node counts {next} transactions of {Address}, far fewer than were confirmed: it is "
                        + "still reading the chain, or it is on another one"
                );
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
                // Usually already known: then it only has to be mined.
            }
        }
    }
}
