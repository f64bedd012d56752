using System.Buffers.Binary;
using Meeda.Ethereum;

namespace Meeda.Node.Nitro;

/// <summary>
/// Batches that arrive in parts (Nitro's <c>daprovider/data_streaming</c>): a few at once, each for a minute. What Nitro calls the signature for an external
/// provider is the Keccak-256 of the data and of the numbers as 8-byte big-endian words: it guards against mix-ups, not against attackers.
/// </summary>
internal sealed class ChunkedStores(TimeProvider time)
{
    /// <summary>The most batches in arrival at once.</summary>
    public const int MostPending = 10;

    private static readonly TimeSpan CollectionLimit = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan RequestLimit = TimeSpan.FromMinutes(5);

    private readonly Lock _gate = new();
    private readonly Dictionary<ulong, Arrival> _arrivals = [];
    private ulong _next = 1;

    /// <summary>Begins a batch.</summary>
    /// <param name="timestamp">The caller's clock, Unix seconds.</param>
    /// <param name="chunks">The number of chunks.</param>
    /// <param name="chunkSize">The bytes of each but the last.</param>
    /// <param name="totalSize">The bytes of all.</param>
    /// <param name="timeout">Until when the batch is to be kept; part of the signature only.</param>
    /// <param name="signature">The check value.</param>
    /// <returns>The number under which its chunks are sent.</returns>
    /// <exception cref="NitroException">A number does not fit the others, or too many are in arrival.</exception>
    public ulong Start(ulong timestamp, ulong chunks, ulong chunkSize, ulong totalSize, ulong timeout, byte[] signature)
    {
        Check([], signature, timestamp, chunks, chunkSize, totalSize, timeout);
        DateTimeOffset now = time.GetUtcNow();
        if (Math.Abs((double)now.ToUnixTimeSeconds() - timestamp) > RequestLimit.TotalSeconds)
        {
            throw new NitroException("timestamp: it is more than five minutes from this clock");
        }

        if (totalSize == 0 || chunkSize == 0 || chunks == 0 || totalSize > int.MaxValue || chunkSize > totalSize || chunks != ((totalSize - 1) / chunkSize) + 1)
        {
            throw new NitroException($"nChunks: {chunks} chunks of {chunkSize} bytes do not make {totalSize} bytes");
        }

        lock (_gate)
        {
            foreach (ulong late in _arrivals.Where(pair => now - pair.Value.Started > CollectionLimit).Select(pair => pair.Key).ToArray())
            {
                _arrivals.Remove(late);
            }

            if (_arrivals.Count >= MostPending)
            {
                throw new NitroException($"startChunkedStore: {MostPending} batches are in arrival already; try again");
            }

            _arrivals.Add(_next, new Arrival(now, new byte[]?[chunks], (int)chunkSize, (int)totalSize));
            return _next++;
        }
    }

    /// <summary>Takes one chunk. The same again is taken again.</summary>
    /// <exception cref="NitroException">There is no such batch in arrival, or the chunk is not one of its.</exception>
    public void Take(ulong id, ulong index, byte[] chunk, byte[] signature)
    {
        Check(chunk, signature, id, index);
        lock (_gate)
        {
            Arrival arrival = Find(id);
            if (index >= (ulong)arrival.Chunks.Length)
            {
                throw new NitroException($"chunkId: the batch has {arrival.Chunks.Length} chunks");
            }

            int expected = index == (ulong)arrival.Chunks.Length - 1 ? arrival.TotalSize - ((arrival.Chunks.Length - 1) * arrival.ChunkSize) : arrival.ChunkSize;
            if (chunk.Length != expected)
            {
                throw new NitroException($"chunk: {chunk.Length} bytes came, {expected} were announced");
            }

            arrival.Chunks[index] = chunk;
        }
    }

    /// <summary>Ends an arrival and gives the batch.</summary>
    /// <exception cref="NitroException">There is no such batch in arrival, or chunks are missing.</exception>
    public byte[] Commit(ulong id, byte[] signature)
    {
        Check([], signature, id);
        lock (_gate)
        {
            Arrival arrival = Find(id);
            int missing = arrival.Chunks.Count(chunk => chunk is null);
            if (missing > 0)
            {
                throw new NitroException($"commitChunkedStore: {missing} of {arrival.Chunks.Length} chunks have not come");
            }

            _arrivals.Remove(id);
            return [.. arrival.Chunks.SelectMany(chunk => chunk!)];
        }
    }

    /// <summary>The check value: <c>keccak256(data ‖ uint64 numbers…)</c>.</summary>
    public static Bytes32 CheckValue(ReadOnlySpan<byte> data, params ReadOnlySpan<ulong> numbers)
    {
        var preimage = new byte[data.Length + (numbers.Length * sizeof(ulong))];
        data.CopyTo(preimage);
        for (int i = 0; i < numbers.Length; i++)
        {
            BinaryPrimitives.WriteUInt64BigEndian(preimage.AsSpan(data.Length + (i * sizeof(ulong))), numbers[i]);
        }

        return Keccak256.Hash(preimage);
    }

    private static void Check(byte[] data, byte[] signature, params ReadOnlySpan<ulong> numbers)
    {
        if (!signature.AsSpan().SequenceEqual(CheckValue(data, numbers).ToArray()))
        {
            throw new NitroException("sig: it is not the Keccak-256 of the data and the numbers");
        }
    }

    private Arrival Find(ulong id) => _arrivals.TryGetValue(id, out Arrival? arrival) && time.GetUtcNow() - arrival.Started <= CollectionLimit
        ? arrival
        : throw new NitroException($"messageId: no batch is in arrival under {id}");

    private sealed record Arrival(DateTimeOffset Started, byte[]?[] Chunks, int ChunkSize, int TotalSize);
}
