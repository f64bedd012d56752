using System.Net;
using System.Runtime.InteropServices;
using Amazon.S3;
using Amazon.S3.Model;

namespace Meeda.Storage.Buckets;

/// <summary>
/// Uploads one object to an S3 server, whole or in parts, on the condition that its name is free (<c>If-None-Match:
/// *</c>).
/// </summary>
/// <param name="client">The server.</param>
/// <param name="content">The content; it is not copied.</param>
/// <param name="partBytes">A longer object is uploaded in parts of that many bytes, the last one shorter.</param>
/// <param name="partsAtOnce">The number of parts uploaded concurrently.</param>
/// <param name="isConditional">Whether the condition is set; false for servers that do not support it.</param>
internal sealed class S3Upload(
    IAmazonS3 client,
    string bucket,
    string key,
    ReadOnlyMemory<byte> content,
    int partBytes,
    int partsAtOnce,
    bool isConditional = true
)
{
    private string? Condition => isConditional ? "*" : null;

    private static readonly TimeSpan AbortLimit = TimeSpan.FromSeconds(10);

    /// <summary>Uploads; false if the name exists, which only servers that support the condition report.</summary>
    /// <exception cref="AmazonS3Exception">The server rejects it for another reason.</exception>
    public async Task<bool> TryCreateAsync(CancellationToken cancellationToken)
    {
        try
        {
            await (content.Length > partBytes ? PutPartsAsync(cancellationToken) : PutWholeAsync(cancellationToken));
            return true;
        }
        catch (AmazonS3Exception taken) when (taken.StatusCode == HttpStatusCode.PreconditionFailed)
        {
            return false;
        }
    }

    private async Task PutWholeAsync(CancellationToken cancellationToken)
    {
        using Stream body = Open(content);
        await client.PutObjectAsync(
            new PutObjectRequest
            {
                BucketName = bucket,
                Key = key,
                InputStream = body,
                AutoCloseStream = false,
                UseChunkEncoding = false,
                IfNoneMatch = Condition,
            },
            cancellationToken
        );
    }

    private async Task PutPartsAsync(CancellationToken cancellationToken)
    {
        InitiateMultipartUploadResponse upload = await client.InitiateMultipartUploadAsync(
            new InitiateMultipartUploadRequest { BucketName = bucket, Key = key },
            cancellationToken
        );
        try
        {
            var parts = new PartETag[(content.Length + partBytes - 1) / partBytes];
            await Parallel.ForAsync(
                0,
                parts.Length,
                new ParallelOptions { MaxDegreeOfParallelism = partsAtOnce, CancellationToken = cancellationToken },
                async (i, token) =>
                {
                    using Stream body = Open(content[(i * partBytes)..Math.Min(content.Length, (i + 1) * partBytes)]);
                    UploadPartResponse part = await client.UploadPartAsync(
                        new UploadPartRequest
                        {
                            BucketName = bucket,
                            Key = key,
                            UploadId = upload.UploadId,
                            PartNumber = i + 1,
                            InputStream = body,
                            PartSize = body.Length,
                            UseChunkEncoding = false,
                        },
                        token
                    );
                    parts[i] = new PartETag(i + 1, part.ETag);
                }
            );
            await client.CompleteMultipartUploadAsync(
                new CompleteMultipartUploadRequest
                {
                    BucketName = bucket,
                    Key = key,
                    UploadId = upload.UploadId,
                    PartETags = [.. parts],
                    IfNoneMatch = Condition,
                },
                cancellationToken
            );
        }
        catch
        {
            await AbortAsync(upload.UploadId);
            throw;
        }
    }

    /// <summary>
    /// Aborts the upload: the server keeps its parts, and charges for them, until the upload is completed or aborted.
    /// If the abort fails, the bucket's lifecycle rules apply.
    /// </summary>
    private async Task AbortAsync(string uploadId)
    {
        using var limit = new CancellationTokenSource(AbortLimit);
        await (
            (Task)
                client.AbortMultipartUploadAsync(
                    new AbortMultipartUploadRequest
                    {
                        BucketName = bucket,
                        Key = key,
                        UploadId = uploadId,
                    },
                    limit.Token
                )
        ).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    private static MemoryStream Open(ReadOnlyMemory<byte> part) =>
        MemoryMarshal.TryGetArray(part, out ArraySegment<byte> array)
            ? new MemoryStream(array.Array!, array.Offset, array.Count, writable: false)
            : new MemoryStream(part.ToArray(), writable: false);
}
