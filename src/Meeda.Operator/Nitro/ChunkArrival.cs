namespace Meeda.Operator.Nitro;

/// <summary>A batch that arrives in chunks, with the chunks received so far.</summary>
/// <param name="tenant">The tenant that sends it.</param>
/// <param name="count">The number of chunks.</param>
/// <param name="chunkSize">The length of every chunk except the last, in bytes.</param>
/// <param name="totalSize">The total length in bytes.</param>
internal sealed class ChunkArrival(long tenant, ulong count, ulong chunkSize, int totalSize)
{
    public long Tenant => tenant;

    /// <summary>
    /// The number of chunks. Memory is allocated only for chunks that have arrived: a short request may announce
    /// millions.
    /// </summary>
    public ulong Count => count;

    public Dictionary<ulong, byte[]> Chunks { get; } = [];

    /// <summary>The number of chunks received.</summary>
    public ulong Seen => (ulong)Chunks.Count;

    /// <summary>When the last new chunk arrived, or, before the first, when the batch was started.</summary>
    public DateTimeOffset LastNew { get; set; }

    public bool IsCommitting { get; set; }

    /// <summary>
    /// The last chunk holds the remainder, or a full chunk if the total is a multiple of the chunk size.
    /// </summary>
    public int LengthOf(ulong index) =>
        (int)(index == count - 1 ? (((ulong)totalSize - 1) % chunkSize) + 1 : chunkSize);

    public byte[] ToArray()
    {
        var batch = new byte[totalSize];
        int at = 0;
        for (ulong i = 0; i < count; i++)
        {
            Chunks[i].CopyTo(batch, at);
            at += Chunks[i].Length;
        }

        return batch;
    }
}
