using System.Buffers.Binary;
using System.Security.Cryptography;
using Meeda.Ethereum;
using Meeda.Operator.Batches;
using Microsoft.Extensions.Options;

namespace Meeda.Operator.Nitro;

/// <summary>
/// Batches that arrive in parts, by the rules of Nitro's own receiver (OffchainLabs/nitro,
/// <c>daprovider/data_streaming/receiver.go</c>; what its client sends is in
/// <c>sender.go</c> beside it). What Nitro calls the signature for an external provider is the Keccak-256 of the data
/// and of the numbers as 8-byte big-endian words: it
/// guards against mix-ups, not against attackers. So a tenant's batches are its own, and no caller can take all the
/// places:
/// where they are full, a batch that has received nothing, or nothing more for a while, makes room.
/// </summary>
internal sealed partial class ChunkedStores(TimeProvider time, IOptions<IntakeOptions> options)
{
    /// <summary>The most batches of one tenant in arrival at once, as in Nitro.</summary>
    public const int MaxPending = 10;

    /// <summary>The most of all tenants.</summary>
    public const int MaxPendingInAll = 4 * MaxPending;

    // The same beginning is refused as a replay as long as its timestamp is good. More than these are not remembered.
    private const int MaxRemembered = 10_000;

    // What a chunk costs beside its bytes: its array, its place among the others.
    private const int ChunkOverhead = 128;

    // From the last new chunk on.
    private static readonly TimeSpan CollectionLimit = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan RequestLimit = TimeSpan.FromMinutes(5);

    // Nitro sends all chunks at once, and each again after 2 s, five times at most. What receives nothing for longer
    // may make room for another batch.
    private static readonly TimeSpan IdleLimit = TimeSpan.FromSeconds(15);

    private readonly Lock _gate = new();
    private readonly Dictionary<ulong, ChunkArrival> _arrivals = [];
    private readonly Dictionary<(long Tenant, Bytes32 Signature), DateTimeOffset> _begun = [];
    private readonly Queue<(long Tenant, Bytes32 Signature)> _begunInOrder = new();
    private long _held;

    /// <summary>Begins a batch.</summary>
    /// <param name="tenant">Whose it is; 0 where there are no tenants.</param>
    /// <param name="timestamp">The caller's clock, Unix seconds.</param>
    /// <param name="chunks">The number of chunks.</param>
    /// <param name="chunkSize">The bytes of each but the last. Nitro gives its configured size, however short the
    /// batch is.</param>
    /// <param name="totalSize">The bytes of all.</param>
    /// <param name="timeout">Until when the batch is to be kept; part of the signature only.</param>
    /// <param name="signature">The check value.</param>
    /// <returns>The number under which its chunks are sent: random, never 0.</returns>
    /// <exception cref="NitroException">A number does not fit the others, it is a replay, or too many are in
    /// arrival.</exception>
    public ulong Start(
        long tenant,
        ulong timestamp,
        ulong chunks,
        ulong chunkSize,
        ulong totalSize,
        ulong timeout,
        byte[] signature
    )
    {
        Check([], signature, timestamp, chunks, chunkSize, totalSize, timeout);
        DateTimeOffset now = time.GetUtcNow();
        if (Math.Abs((double)now.ToUnixTimeSeconds() - timestamp) > RequestLimit.TotalSeconds)
        {
            throw new NitroException("timestamp: it is more than five minutes from this clock");
        }

        if (
            totalSize == 0
            || chunkSize == 0
            || chunks == 0
            || totalSize > int.MaxValue
            || chunks != ((totalSize - 1) / chunkSize) + 1
        )
        {
            throw new NitroException($"nChunks: {chunks} chunks of {chunkSize} bytes do not make {totalSize} bytes");
        }

        (long, Bytes32) request = (tenant, Bytes32.FromBytes(signature));
        lock (_gate)
        {
            ForgetBegun(now);
            if (_begun.ContainsKey(request))
            {
                throw new NitroException(
                    "startChunkedStore: this request was seen already; a new batch needs a request of its own"
                );
            }

            MakeRoom(tenant, now);
            ulong id;
            do
            {
                id = BinaryPrimitives.ReadUInt64BigEndian(RandomNumberGenerator.GetBytes(sizeof(ulong)));
            } while (id == 0 || _arrivals.ContainsKey(id));

            _arrivals.Add(id, new ChunkArrival(tenant, chunks, chunkSize, (int)totalSize) { LastNew = now });

            // A request that was refused may be sent again: Nitro's client repeats the very same one.
            _begun.Add(request, DateTimeOffset.FromUnixTimeSeconds((long)timestamp) + RequestLimit);
            _begunInOrder.Enqueue(request);
            return id;
        }
    }

    /// <summary>
    /// Takes one chunk. The same again is taken again; another one in its place ends the batch, since no one knows
    /// which is right.
    /// </summary>
    /// <exception cref="NitroException">There is no such batch in arrival, or the chunk is not one of its.</exception>
    public void Take(long tenant, ulong id, ulong index, byte[] chunk, byte[] signature)
    {
        Check(chunk, signature, id, index);
        DateTimeOffset now = time.GetUtcNow();
        lock (_gate)
        {
            ChunkArrival arrival = Find(tenant, id, now);
            if (index >= arrival.Count)
            {
                throw new NitroException(
                    $"chunkId: the batch has {arrival.Count} chunks, and there is no chunk {index}"
                );
            }

            if (arrival.Chunks.TryGetValue(index, out byte[]? known))
            {
                if (known.AsSpan().SequenceEqual(chunk))
                {
                    return;
                }

                Remove(id);
                throw new NitroException($"chunk: chunk {index} came before with other bytes; the batch is given up");
            }

            int expected = arrival.LengthOf(index);
            if (chunk.Length != expected)
            {
                throw new NitroException($"chunk: {chunk.Length} bytes came, {expected} were announced");
            }

            if (_held + chunk.Length + ChunkOverhead > options.Value.MaxBytesInFlight)
            {
                throw new NitroException(
                    $"chunk: chunks of {_held} bytes are held already, of at most "
                        + $"{options.Value.MaxBytesInFlight} (MaxBytesInFlight); try again"
                );
            }

            arrival.Chunks.Add(index, chunk);
            arrival.LastNew = now;
            _held += chunk.Length + ChunkOverhead;
        }
    }

    /// <summary>
    /// Ends an arrival: gives the batch to be stored. One with chunks missing is given up, as in Nitro. One that
    /// could not be stored stays, since Nitro's client asks
    /// again and goes by the last answer: it must hear the same words each time, or have its batch stored.
    /// </summary>
    /// <param name="tenant">Whose it is.</param>
    /// <param name="id">Its number.</param>
    /// <param name="signature">The check value.</param>
    /// <param name="storeAsync">Stores it.</param>
    /// <returns>What storing it gave.</returns>
    /// <exception cref="NitroException">There is no such batch in arrival, or chunks are missing.</exception>
    public async Task<T> CommitAsync<T>(long tenant, ulong id, byte[] signature, Func<byte[], Task<T>> storeAsync)
    {
        Check([], signature, id);
        ChunkArrival arrival;
        lock (_gate)
        {
            arrival = Find(tenant, id, time.GetUtcNow());
            if (arrival.Seen < arrival.Count)
            {
                Remove(id);
                throw new NitroException(
                    $"commitChunkedStore: {arrival.Count - arrival.Seen} of {arrival.Count} chunks have not come; "
                        + "the batch is given up"
                );
            }

            if (arrival.IsCommitting)
            {
                throw new NitroException($"commitChunkedStore: batch {id} is being stored already; try again");
            }

            arrival.IsCommitting = true;
        }

        bool isStored = false;
        try
        {
            T result = await storeAsync(arrival.ToArray());
            isStored = true;
            return result;
        }
        finally
        {
            lock (_gate)
            {
                arrival.IsCommitting = false;
                arrival.LastNew = time.GetUtcNow();
                if (isStored)
                {
                    Remove(id);
                }
            }
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

    /// <summary>Another tenant's batch is as unknown as none.</summary>
    private ChunkArrival Find(long tenant, ulong id, DateTimeOffset now)
    {
        ForgetLate(now);
        return _arrivals.TryGetValue(id, out ChunkArrival? arrival) && arrival.Tenant == tenant
            ? arrival
            : throw new NitroException($"messageId: no batch is in arrival under {id}");
    }
}
