using Meeda.Kzg.Commitments;
using Meeda.Protocol.Batches;

namespace Meeda.Storage.Buckets;

/// <summary>
/// Rows that lie in memory until they go to a bucket as one object: the rows, and behind them what they are
/// (<see cref="PackContents"/>).
/// </summary>
/// <param name="most">The most rows.</param>
internal sealed class OpenPack(int most) : IDisposable
{
    // Room behind the rows for their description; a longer one gets memory of its own.
    private const int UsualContents = 1 << 16;

    private readonly List<(BatchId Batch, int Row)> _rows = [];
    private readonly Dictionary<BatchId, byte[]> _labels = [];
    private RowBuffer _buffer = new((most * Blob.ByteLength) + UsualContents);

    /// <summary>Which rows, in their order.</summary>
    public IReadOnlyList<(BatchId Batch, int Row)> Rows => _rows;

    /// <summary>Whether there is room for no more.</summary>
    public bool IsFull => _rows.Count == most;

    /// <summary>Adds a row with the label of its batch, which may be empty; both are copied.</summary>
    public void Add(BatchId batch, int row, ReadOnlySpan<byte> blob, ReadOnlySpan<byte> label)
    {
        blob[..Blob.ByteLength].CopyTo(_buffer.Memory.Span[(_rows.Count * Blob.ByteLength)..]);
        _rows.Add((batch, row));
        if (!label.IsEmpty)
        {
            _labels[batch] = label.ToArray();
        }
    }

    /// <summary>The whole object. Nothing is added afterwards.</summary>
    public ReadOnlyMemory<byte> Close()
    {
        byte[] contents = new PackContents(_rows, _labels).Encode();
        int rows = _rows.Count * Blob.ByteLength;
        int length = rows + contents.Length;
        if (length > _buffer.Memory.Length)
        {
            var longer = new RowBuffer(length);
            _buffer.Memory[..rows].CopyTo(longer.Memory);
            _buffer.Dispose();
            _buffer = longer;
        }

        contents.CopyTo(_buffer.Memory[rows..]);
        return _buffer.Memory[..length];
    }

    /// <inheritdoc/>
    public void Dispose() => _buffer.Dispose();
}
