namespace Meeda.Mefs;

/// <summary>
/// Computes the <see cref="ContentId"/> of a stream as it passes: chunks of 253952 bytes are raw leaves, up to 174 of
/// them hang below a dag-pb node, and so
/// on upwards (IPFS's balanced layout, except that a full layer is folded up by the chunk that finds it full).
/// Memory: one chunk and a node a layer.
/// </summary>
internal sealed class ContentTree
{
    /// <summary>Bytes of a chunk: 248 KiB.</summary>
    public const int ChunkLength = 248 * 1024;

    private const int MaxLinks = 174;

    private readonly List<Node> _layers = [new()];
    private readonly byte[] _chunk = new byte[ChunkLength];
    private int _filled;
    private bool _any;

    /// <summary>The bytes so far.</summary>
    public long TotalLength { get; private set; }

    /// <summary>Appends the next bytes, in pieces of any size.</summary>
    public void Append(ReadOnlySpan<byte> content)
    {
        TotalLength += content.Length;
        while (!content.IsEmpty)
        {
            int count = Math.Min(ChunkLength - _filled, content.Length);
            content[..count].CopyTo(_chunk.AsSpan(_filled));
            content = content[count..];
            _filled += count;
            if (_filled == ChunkLength)
            {
                AddChunk();
            }
        }
    }

    /// <summary>The id of all that was appended. The tree is used up.</summary>
    public ContentId Finish()
    {
        if (_filled > 0)
        {
            AddChunk();
        }

        for (int layer = 0; layer < _layers.Count - 1; layer++)
        {
            _layers[layer + 1].Add(_layers[layer]);
        }

        return _layers is [{ OnlyLink: { } leaf }] && _any ? leaf : _layers[^1].Id();
    }

    private void AddChunk()
    {
        bool full = _filled == ChunkLength;
        _layers[0].Add(ContentId.OfChunk(_chunk.AsSpan(0, _filled)), _filled, _filled);
        _filled = 0;
        _any = true;
        for (int layer = 0; full && layer < _layers.Count && _layers[layer].Links >= MaxLinks; layer++)
        {
            if (layer == _layers.Count - 1)
            {
                _layers.Add(new());
            }

            _layers[layer + 1].Add(_layers[layer]);
            _layers[layer] = new();
        }
    }

    /// <summary>
    /// A dag-pb node with UnixFS file data: links first, then the data field, as the node writes them.
    /// </summary>
    private sealed class Node
    {
        private readonly List<(ContentId Id, long TotalSize)> _links = [];
        private readonly List<long> _blockSizes = [];
        private long _fileSize;
        private long _below;

        public int Links => _links.Count;

        public ContentId? OnlyLink => _links.Count == 1 ? _links[0].Id : null;

        public void Add(ContentId id, long fileSize, long totalSize)
        {
            _links.Add((id, totalSize));
            _blockSizes.Add(fileSize);
            _fileSize += fileSize;
            _below += totalSize;
        }

        public void Add(Node child)
        {
            byte[] serialised = child.Serialise();
            Add(ContentId.OfNode(serialised), child._fileSize, serialised.Length + child._below);
        }

        public ContentId Id() => ContentId.OfNode(Serialise());

        private byte[] Serialise()
        {
            using var node = new MemoryStream();
            foreach ((ContentId id, long totalSize) in _links)
            {
                // PBLink: 1 = Hash, 2 = Name (empty), 3 = Tsize
                using var link = new MemoryStream();
                WriteBytes(link, 1, id.ToArray());
                WriteBytes(link, 2, []);
                WriteNumber(link, 3, totalSize);
                WriteBytes(node, 2, link.ToArray());
            }

            // UnixFS Data: 1 = type (2 = file), 3 = file size, 4 = block sizes
            using var data = new MemoryStream();
            WriteNumber(data, 1, 2);
            if (_blockSizes.Count > 0)
            {
                WriteNumber(data, 3, _fileSize);
            }

            _blockSizes.ForEach(size => WriteNumber(data, 4, size));
            WriteBytes(node, 1, data.ToArray());
            return node.ToArray();
        }

        private static void WriteNumber(MemoryStream stream, int field, long value)
        {
            stream.WriteByte((byte)(field << 3));
            WriteVarint(stream, (ulong)value);
        }

        private static void WriteBytes(MemoryStream stream, int field, byte[] value)
        {
            stream.WriteByte((byte)((field << 3) | 2));
            WriteVarint(stream, (ulong)value.Length);
            stream.Write(value);
        }

        private static void WriteVarint(MemoryStream stream, ulong value)
        {
            for (; value >= 0x80; value >>= 7)
            {
                stream.WriteByte((byte)(value | 0x80));
            }

            stream.WriteByte((byte)value);
        }
    }
}
