using Meeda.Kzg.Commitments;
using Meeda.Protocol.Batches;

namespace Meeda.Storage.Redundancy;

/// <summary>
/// How many rows a batch has, and which provider each belongs to (docs/protocol.md, "Redundancy"): row <c>j</c> to
/// provider <c>(j + first byte of the id) mod N</c>, so that every provider gets its share of single-row batches too.
/// </summary>
/// <param name="lanes">The providers in their order.</param>
/// <param name="lost">How many of them may be lost.</param>
internal sealed class RowLayout(IReadOnlyList<ProviderLane> lanes, int lost)
{
    /// <summary>The providers, in their order.</summary>
    public IReadOnlyList<ProviderLane> Lanes => lanes;

    /// <summary>How many of them may be lost.</summary>
    public int Lost => lost;

    /// <summary>How many parity rows a batch has.</summary>
    /// <param name="n">The number of its data rows.</param>
    public int ParityOf(int n) => ParityRows.Count(n, lanes.Count, lost);

    /// <summary>How many rows a batch has, data and parity.</summary>
    /// <param name="n">The number of its data rows.</param>
    public int CountOf(int n) => n + ParityOf(n);

    /// <summary>The provider that a row belongs to.</summary>
    public ProviderLane AssignedProvider(BatchId id, int row) => lanes[AssignedIndex(id, row)];

    /// <summary>The providers in the order in which they get a row.</summary>
    public IEnumerable<ProviderLane> LanesFor(BatchId id, int row) =>
        Enumerable.Range(0, lanes.Count).Select(i => lanes[(AssignedIndex(id, row) + i) % lanes.Count]);

    /// <summary>A row of several that are concatenated.</summary>
    public static Memory<byte> Row(byte[] blobs, int row) => blobs.AsMemory(row * Blob.ByteLength, Blob.ByteLength);

    /// <inheritdoc cref="Row(byte[], int)"/>
    public static ReadOnlyMemory<byte> Row(ReadOnlyMemory<byte> blobs, int row) =>
        blobs.Slice(row * Blob.ByteLength, Blob.ByteLength);

    private int AssignedIndex(BatchId id, int row)
    {
        byte first = id.Value.ToArray()[0];
        return (row + first) % lanes.Count;
    }
}
