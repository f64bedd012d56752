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
/// guards against mix-ups, not against attackers. Batches are therefore kept per tenant, and no client can occupy all
/// places: at the limit, a batch that has received no chunk, or none for a while, is evicted.
/// </summary>
internal sealed partial class ChunkedStores(TimeProvider time, IOptions<IntakeOptions> options)
{
    /// <summary>The maximum number of pending batches of one tenant, as in Nitro.</summary>
    public const int MaxPending = 10;

    /// <summary>The maximum number of pending batches of all tenants.</summary>
    public const int MaxPendingInAll = 4 * MaxPending;

    // A repeated start request is rejected as a replay while its timestamp is valid. At most this many are remembered.
    private const int MaxRemembered = 10_000;

    // The memory overhead of a chunk: its array and its dictionary entry.
    private const int ChunkOverhead = 128;

    // Counted from the last new chunk.
    private static readonly TimeSpan CollectionLimit = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan RequestLimit = TimeSpan.FromMinutes(5);

    // Nitro sends all chunks at once and retries each after 2 s, at most five times. A batch that receives nothing for
    // longer may be evicted.
    private static readonly TimeSpan IdleLimit = TimeSpan.FromSeconds(15);

    private readonly Lock _gate = new();
    private readonly Dictionary<ulong, ChunkArrival> _arrivals = [];
    private readonly Dictionary<(long Tenant, Bytes32 Signature), DateTimeOffset> _begun = [];
    private readonly Queue<(long Tenant, Bytes32 Signature)> _begunInOrder = new();
    private long _held;

    /// <summary>Starts a batch.</summary>
    /// <param name="tenant">The tenant that sends it; 0 if API keys are not enabled.</param>
    /// <param name="timestamp">The caller's clock, Unix seconds.</param>
    /// <param name="chunks">The number of chunks.</param>
    /// <param name="chunkSize">The length of every chunk except the last, in bytes. Nitro sends its configured size,
    /// however short the batch is.</param>
    /// <param name="totalSize">The total length in bytes.</param>
    /// <param name="timeout">The time until which the client wants the batch kept; used in the signature only.</param>
    /// <param name="signature">The check value.</param>
    /// <returns>The id under which the client sends the chunks: random, never 0.</returns>
    /// <exception cref="NitroException">The numbers are inconsistent, the request is a replay, or too many batches are
    /// pending.</exception>
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

            // A rejected request may be sent again: Nitro's client repeats the identical request.
            _begun.Add(request, DateTimeOffset.FromUnixTimeSeconds((long)timestamp) + RequestLimit);
            _begunInOrder.Enqueue(request);
            return id;
        }
    }

    /// <summary>
    /// Accepts one chunk. An identical repetition is accepted; a different chunk at the same index ends the batch,
    /// because the service cannot tell which of the two is correct.
    /// </summary>
    /// <exception cref="NitroException">No such batch is pending, or the chunk does not fit it.</exception>
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
                throw new NitroException($"chunk: chunk {index} came before with other bytes; the batch is dropped");
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
    /// Completes a batch and stores it. A batch with missing chunks is discarded, as in Nitro. A batch that could not
    /// be stored stays pending, because Nitro's client retries and acts on the last response: it must get the same
    /// error each time, or the certificate.
    /// </summary>
    /// <param name="tenant">The tenant that sends it.</param>
    /// <param name="id">Its id.</param>
    /// <param name="signature">The check value.</param>
    /// <param name="storeAsync">Stores it.</param>
    /// <returns>The result of <paramref name="storeAsync"/>.</returns>
    /// <exception cref="NitroException">No such batch is pending, or chunks are missing.</exception>
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
                        + "the batch is dropped"
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

    /// <summary>A batch of another tenant is reported as unknown.</summary>
    private ChunkArrival Find(long tenant, ulong id, DateTimeOffset now)
    {
        ForgetLate(now);
        return _arrivals.TryGetValue(id, out ChunkArrival? arrival) && arrival.Tenant == tenant
            ? arrival
            : throw new NitroException($"messageId: no batch is in arrival under {id}");
    }
}
