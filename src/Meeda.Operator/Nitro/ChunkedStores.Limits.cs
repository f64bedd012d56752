using Meeda.Ethereum;

namespace Meeda.Operator.Nitro;

/// <summary>The eviction of pending batches when a limit is reached.</summary>
internal sealed partial class ChunkedStores
{
    private void ForgetLate(DateTimeOffset now)
    {
        foreach ((ulong id, ChunkArrival arrival) in _arrivals.ToArray())
        {
            if (!arrival.IsCommitting && now - arrival.LastNew > CollectionLimit)
            {
                Remove(id);
            }
        }
    }

    private void ForgetBegun(DateTimeOffset now)
    {
        while (
            _begunInOrder.TryPeek(out (long, Bytes32) oldest)
            && (_begunInOrder.Count >= MaxRemembered || _begun[oldest] < now)
        )
        {
            _begun.Remove(_begunInOrder.Dequeue());
        }
    }

    /// <summary>Ensures that the tenant's limit and the global limit allow one more pending batch.</summary>
    private void MakeRoom(long tenant, DateTimeOffset now)
    {
        ForgetLate(now);
        if (_arrivals.Values.Count(arrival => arrival.Tenant == tenant) >= MaxPending)
        {
            Evict(arrival => arrival.Tenant == tenant, $"{MaxPending} batches are in arrival already", now);
        }

        if (_arrivals.Count >= MaxPendingInAll)
        {
            Evict(_ => true, $"{MaxPendingInAll} batches of all tenants are in arrival already", now);
        }
    }

    private void Evict(Func<ChunkArrival, bool> isCandidate, string full, DateTimeOffset now)
    {
        KeyValuePair<ulong, ChunkArrival>? leaving = _arrivals
            .Where(pair =>
                isCandidate(pair.Value)
                && !pair.Value.IsCommitting
                && (pair.Value.Seen == 0 || now - pair.Value.LastNew > IdleLimit)
            )
            .OrderBy(pair => pair.Value.Seen > 0)
            .ThenBy(pair => pair.Value.LastNew)
            .Select(pair => (KeyValuePair<ulong, ChunkArrival>?)pair)
            .FirstOrDefault();
        Remove(leaving?.Key ?? throw new NitroException($"startChunkedStore: {full}; try again"));
    }

    private void Remove(ulong id)
    {
        if (_arrivals.Remove(id, out ChunkArrival? arrival))
        {
            _held -= arrival.Chunks.Values.Sum(chunk => (long)chunk.Length + ChunkOverhead);
        }
    }
}
