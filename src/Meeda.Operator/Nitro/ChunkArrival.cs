namespace Meeda.Operator.Nitro;

/// <summary>A batch that comes in chunks, and those that have come.</summary>
/// <param name="tenant">Whose it is.</param>
/// <param name="count">Its chunks.</param>
/// <param name="chunkSize">The bytes of each but the last.</param>
/// <param name="totalSize">The bytes of all.</param>
internal sealed class ChunkArrival(long tenant, ulong count, ulong chunkSize, int totalSize)
{
    public long Tenant => tenant;

    /// <summary>
    /// The number of chunks. Room is taken for those only that have come: a short request may announce millions.
    /// </summary>
    public ulong Count => count;

    public Dictionary<ulong, byte[]> Chunks { get; } = [];

    /// <summary>Chunks that have come.</summary>
    public ulong Seen => (ulong)Chunks.Count;

    /// <summary>When the last of them came that had not come before, or the batch was begun.</summary>
    public DateTimeOffset LastNew { get; set; }

    public bool IsCommitting { get; set; }

    /// <summary>The last chunk has what is left: a whole one where the total is a multiple.</summary>
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
