using System.Buffers;

namespace Meeda.Storage.Buckets;

/// <summary>Compares the content that a server returns with the content that was put.</summary>
internal static class StoredContent
{
    private const int BufferBytes = 1 << 17;

    /// <summary>
    /// Whether a stream has this very content, to its end; false also where it breaks off.
    /// </summary>
    public static async Task<bool> IsSameAsync(
        Stream stored,
        ReadOnlyMemory<byte> content,
        CancellationToken cancellationToken
    )
    {
        byte[] buffer = ArrayPool<byte>.Shared.Rent(BufferBytes);
        try
        {
            int same = 0;
            while (true)
            {
                int count = await stored.ReadAsync(buffer, cancellationToken);
                if (count == 0)
                {
                    return same == content.Length;
                }

                if (
                    count > content.Length - same
                    || !buffer.AsSpan(0, count).SequenceEqual(content.Span.Slice(same, count))
                )
                {
                    return false;
                }

                same += count;
            }
        }
        catch (IOException)
        {
            return false; // It began to answer and broke off, as MEFS's gateway does where chunks are gone.
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }
}
