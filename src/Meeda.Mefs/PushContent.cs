using System.Net;
using System.Net.Http.Headers;

namespace Meeda.Mefs;

/// <summary>A stream on its way to a node, whose content id is computed as it passes. It can be sent once.</summary>
internal sealed class PushContent : HttpContent
{
    private readonly Stream _source;
    private readonly ContentTree _tree = new();

    public PushContent(Stream source)
    {
        _source = source;
        Headers.ContentType = new MediaTypeHeaderValue("application/octet-stream");
    }

    /// <summary>The bytes that were sent.</summary>
    public long SentBytes => _tree.TotalLength;

    /// <summary>The content id of the bytes sent.</summary>
    public ContentId Finish() => _tree.Finish();

    protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context) =>
        SerializeToStreamAsync(stream, context, CancellationToken.None);

    protected override async Task SerializeToStreamAsync(
        Stream stream,
        TransportContext? context,
        CancellationToken cancellationToken
    )
    {
        // The node's own hashing goes wrong at fragments of a chunk, so whole chunks are written.
        var buffer = new byte[ContentTree.ChunkLength];
        while (
            await _source.ReadAtLeastAsync(buffer, buffer.Length, throwOnEndOfStream: false, cancellationToken)
                is > 0
                    and var count
        )
        {
            _tree.Append(buffer.AsSpan(0, count));
            await stream.WriteAsync(buffer.AsMemory(0, count), cancellationToken);
        }
    }

    protected override bool TryComputeLength(out long length)
    {
        length = 0;
        return false;
    }
}
