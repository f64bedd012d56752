using Meeda.Kzg.Commitments;
using Meeda.Protocol.Batches;

namespace Meeda.Storage.Buckets;

/// <summary>Rows that lie in memory until they go to a bucket as one object, concatenated.</summary>
/// <param name="most">The most rows.</param>
internal sealed class OpenPack(int most) : IDisposable
{
    private readonly RowBuffer _buffer = new(most * Blob.ByteLength);
    private readonly List<(BatchId Batch, int Row)> _rows = [];

    /// <summary>Which rows, in their order.</summary>
    public IReadOnlyList<(BatchId Batch, int Row)> Rows => _rows;

    /// <summary>The rows, concatenated.</summary>
    public ReadOnlyMemory<byte> Content => _buffer.Memory[..(_rows.Count * Blob.ByteLength)];

    /// <summary>Whether there is room for no more.</summary>
    public bool IsFull => _rows.Count == most;

    /// <summary>Adds a row, which is copied.</summary>
    public void Add(BatchId batch, int row, ReadOnlySpan<byte> blob)
    {
        blob[..Blob.ByteLength].CopyTo(_buffer.Memory.Span[(_rows.Count * Blob.ByteLength)..]);
        _rows.Add((batch, row));
    }

    /// <inheritdoc/>
    public void Dispose() => _buffer.Dispose();
}
