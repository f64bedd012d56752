using System.Buffers;
using System.Net;
using System.Net.Http.Headers;
using Amazon.Runtime;
using Amazon.S3;
using Amazon.S3.Model;
using Meeda.Hosting;
using Meeda.Mefs;

namespace Meeda.Storage.Buckets;

/// <summary>
/// Objects in a bucket of an S3 server: Amazon's, Ceph, MinIO, or the gateway of a MEFS node. None of its answers is
/// trusted alone: servers are known that store damaged content
/// with status 200, and MEFS's gateway stores a second object of a name under another name. So each put looks before,
/// and reads all of it back afterwards.
/// </summary>
internal sealed class S3Store : IObjectStore, IDisposable
{
    /// <summary>
    /// Bytes of a part; longer objects go up in parts, so that a broken connection costs one part and not all. The
    /// least that S3 allows is 5 MiB.
    /// </summary>
    public const int PartBytes = 8 << 20;

    private const int PartsAtOnce = 2;
    private const int BufferBytes = 1 << 17;

    // Set by the gateway of a MEFS node, in the words of its own API.
    private const string MefsState = "x-amz-meta-state";

    private readonly IAmazonS3 _client;
    private readonly S3Place _place;
    private readonly TimeSpan _limit;
    private volatile bool _bucketSeen;
    private volatile string? _noConditions;

    /// <summary>Makes a store over an open client, which it disposes of.</summary>
    /// <param name="limit">The maximum time that one call of the server's may take, the SDK's retries included.</param>
    internal S3Store(IAmazonS3 client, S3Place place, TimeSpan limit)
    {
        _client = client;
        _place = place;
        _limit = limit;
    }

    /// <inheritdoc/>
    public string Name => _place.Name;

    /// <inheritdoc/>
    public int ObjectBytes => 16 << 20;

    /// <summary>Makes a store of a place and the credentials at hand; nothing is asked of the server yet.</summary>
    /// <exception cref="SetupException">The place is malformed, or there are no credentials for it.</exception>
    public static S3Store Open(string place, StorageOptions options) =>
        StorageOptions.TryReadS3(place, out S3Place read)
            ? new S3Store(S3Client.Open(read.Endpoint, options), read, limit: TimeSpan.FromMinutes(2))
            : throw new SetupException(
                $"provider: {StorageOptions.Redact(place)} is not of the form s3+https://host:port/bucket/prefix"
            );

    /// <inheritdoc/>
    /// <remarks>What stands behind the server (copies, parity) is its owner's business and not told.</remarks>
    public long OccupiedBytes(long contentBytes) => contentBytes;

    /// <inheritdoc/>
    /// <remarks>
    /// The check is a comparison of all bytes that the server gives back. An etag would be cheaper, and is no proof:
    /// it is an MD5 only of what came in, only for objects of one
    /// part that are not encrypted, and only where the server makes it so.
    /// </remarks>
    public async Task PutAsync(string name, ReadOnlyMemory<byte> content, CancellationToken cancellationToken)
    {
        if (await FindAsync(name, cancellationToken) is { } found)
        {
            if (found.ContentLength == content.Length && await HoldsAsync(name, content, cancellationToken))
            {
                return;
            }

            await DeleteAsync(name, cancellationToken);
        }

        // Refused means that another party was faster, or that this very put is a retry of one that the server had
        // done: what is there decides.
        if (!await CreateAsync(name, content, cancellationToken) && !await HoldsAsync(name, content, cancellationToken))
        {
            await DeleteAsync(name, cancellationToken);
            await CreateAsync(name, content, cancellationToken);
        }

        if (!await HoldsAsync(name, content, cancellationToken))
        {
            throw new IOException($"{Name}: {name} is not there, or other than it was put");
        }
    }

    /// <inheritdoc/>
    public Task<bool> ReadAsync(string name, long offset, Memory<byte> content, CancellationToken cancellationToken) =>
        AskAsync(
            "get",
            name,
            async limit =>
            {
                if (content.IsEmpty)
                {
                    return await FindAsync(name, limit) is { } found && found.ContentLength >= offset;
                }

                long end = offset + content.Length;
                using GetObjectResponse answer = await _client.GetObjectAsync(
                    new GetObjectRequest
                    {
                        BucketName = _place.Bucket,
                        Key = KeyOf(name),
                        ByteRange = new ByteRange(offset, end - 1),
                    },
                    limit
                );
                if (
                    !ContentRangeHeaderValue.TryParse(answer.ContentRange, out ContentRangeHeaderValue? range)
                    || range.From != offset
                    || range.Length is not { } total
                )
                {
                    throw new IOException($"{Name}: get {name}: the answer is not the range that was asked for");
                }

                if (total < end)
                {
                    return false;
                }

                if (range.To != end - 1 || answer.ContentLength != content.Length)
                {
                    throw new IOException(
                        $"{Name}: get {name}: {answer.ContentLength} bytes came, {content.Length} were asked for"
                    );
                }

                await answer.ResponseStream.ReadExactlyAsync(content, limit);
                return true;
            },
            absent: false,
            cancellationToken
        );

    /// <inheritdoc/>
    /// <remarks>
    /// S3 answers a put when it is durable, so that what is there is confirmed. The gateway of a MEFS node tells how
    /// far the chunks are, and is trusted in that.
    /// </remarks>
    public async Task<bool> IsConfirmedAsync(string name, CancellationToken cancellationToken)
    {
        if (await FindAsync(name, cancellationToken) is not { } found)
        {
            return false;
        }

        return found.Metadata[MefsState] is not { Length: > 0 } words
            || (
                ObjectState.TryParse(words, out ObjectState state)
                    ? state.IsConfirmed
                    : throw new IOException($"{Name}: head {name}: the state is not understood")
            );
    }

    /// <inheritdoc/>
    public Task DeleteAsync(string name, CancellationToken cancellationToken) =>
        AskAsync(
            "delete",
            name,
            async limit =>
            {
                await _client.DeleteObjectAsync(
                    new DeleteObjectRequest { BucketName = _place.Bucket, Key = KeyOf(name) },
                    limit
                );
                return true;
            },
            absent: true,
            cancellationToken
        );

    /// <inheritdoc/>
    /// <remarks>
    /// Puts a byte under a name of its own and deletes it: credentials, bucket and conditional puts are found out
    /// before a batch needs them.
    /// </remarks>
    public async Task<string?> CheckAsync(CancellationToken cancellationToken)
    {
        string name = $"probe-{Guid.NewGuid():N}";
        await PutAsync(name, new byte[1], cancellationToken);
        await DeleteAsync(name, cancellationToken);
        return _noConditions;
    }

    /// <inheritdoc/>
    public void Dispose() => _client.Dispose();

    private string KeyOf(string name) => _place.Prefix + name;

    /// <summary>What the server says of an object, or null where it is absent.</summary>
    private Task<GetObjectMetadataResponse?> FindAsync(string name, CancellationToken cancellationToken) =>
        AskAsync<GetObjectMetadataResponse?>(
            "head",
            name,
            async limit =>
                await _client.GetObjectMetadataAsync(
                    new GetObjectMetadataRequest { BucketName = _place.Bucket, Key = KeyOf(name) },
                    limit
                ),
            absent: null,
            cancellationToken
        );

    /// <summary>Whether the object is there with this very content, by reading all of it.</summary>
    private Task<bool> HoldsAsync(string name, ReadOnlyMemory<byte> content, CancellationToken cancellationToken) =>
        AskAsync(
            "read back",
            name,
            async limit =>
            {
                using GetObjectResponse answer = await _client.GetObjectAsync(
                    new GetObjectRequest { BucketName = _place.Bucket, Key = KeyOf(name) },
                    limit
                );
                return await IsSameAsync(answer.ResponseStream, content, limit);
            },
            absent: false,
            cancellationToken
        );

    private static async Task<bool> IsSameAsync(
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

    /// <summary>
    /// Uploads on the condition that the name is free, or without it where the server does not know it: names are
    /// looked for before they are put, and are never given twice, so that the condition is a second safeguard. A server
    /// that refuses a put with it and takes it without is one of those.
    /// </summary>
    private async Task<bool?> TryCreateAsync(string name, ReadOnlyMemory<byte> content, CancellationToken limit)
    {
        if (_noConditions is null)
        {
            try
            {
                return await UploadAsync(isConditional: true);
            }
            catch (AmazonS3Exception refused)
                when (refused.StatusCode
                        is HttpStatusCode.NotImplemented
                            or HttpStatusCode.BadRequest
                            or HttpStatusCode.MethodNotAllowed
                )
            {
                bool created = await UploadAsync(isConditional: false);
                _noConditions = $"status {(int)refused.StatusCode} {refused.ErrorCode}".TrimEnd();
                return created;
            }
        }

        return await UploadAsync(isConditional: false);

        Task<bool> UploadAsync(bool isConditional) =>
            new S3Upload(
                _client,
                _place.Bucket,
                KeyOf(name),
                content,
                PartBytes,
                PartsAtOnce,
                isConditional
            ).TryCreateAsync(limit);
    }

    /// <summary>Puts an object that is not to be there yet; false where the server says that it is.</summary>
    private async Task<bool> CreateAsync(string name, ReadOnlyMemory<byte> content, CancellationToken cancellationToken)
    {
        await EnsureBucketAsync(cancellationToken);
        bool? created = await AskAsync<bool?>(
            "put",
            name,
            async limit => await TryCreateAsync(name, content, limit),
            absent: null,
            cancellationToken
        );
        _bucketSeen = created is not null;
        return created ?? throw new IOException($"{Name}: put {name}: the bucket is gone");
    }

    /// <summary>
    /// Looks for the bucket once, and makes it where it is absent. To find out by a put would not do: after one into
    /// an absent bucket, Ceph's gateway at times answers the connection's next request with 400.
    /// </summary>
    private async Task EnsureBucketAsync(CancellationToken cancellationToken)
    {
        if (_bucketSeen)
        {
            return;
        }

        bool isThere = await AskAsync(
            "head of the bucket",
            "",
            async limit =>
                await _client.HeadBucketAsync(new HeadBucketRequest { BucketName = _place.Bucket }, limit) is not null,
            absent: false,
            cancellationToken
        );
        if (!isThere)
        {
            await AskAsync("create the bucket", "", CreateBucketAsync, absent: false, cancellationToken);
        }

        _bucketSeen = true;
    }

    private async Task<bool> CreateBucketAsync(CancellationToken cancellationToken)
    {
        try
        {
            await _client.PutBucketAsync(new PutBucketRequest { BucketName = _place.Bucket }, cancellationToken);
        }
        catch (AmazonS3Exception raced) when (raced.ErrorCode == "BucketAlreadyOwnedByYou")
        {
            // Another party with these credentials was faster.
        }

        return true;
    }

    /// <summary>
    /// One question to the server, within the limit. Every failure becomes an <see cref="IOException"/> that names
    /// the place; an absent object or bucket is no failure.
    /// </summary>
    private async Task<T> AskAsync<T>(
        string what,
        string name,
        Func<CancellationToken, Task<T>> ask,
        T absent,
        CancellationToken cancellationToken
    )
    {
        string where = $"{Name}: {what} {name}".TrimEnd();
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(_limit);
        try
        {
            return await ask(limit.Token);
        }
        catch (AmazonServiceException missing)
            when (missing.StatusCode == HttpStatusCode.NotFound
                && missing.ErrorCode is "NoSuchKey" or "NoSuchBucket" or "NotFound"
            )
        {
            return absent;
        }
        catch (AmazonServiceException beyond) when (beyond.StatusCode == HttpStatusCode.RequestedRangeNotSatisfiable)
        {
            return absent;
        }
        catch (AmazonServiceException refused)
        {
            // Without the answer itself as cause: it may quote what was signed.
            string hint = refused.StatusCode is HttpStatusCode.Unauthorized or HttpStatusCode.Forbidden
                ? ": the credentials are not taken, or do not allow it"
                : "";
            throw new IOException($"{where}: status {(int)refused.StatusCode} {refused.ErrorCode}{hint}");
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            throw;
        }
        catch (OperationCanceledException late)
        {
            throw new IOException($"{where}: no answer within {_limit.TotalSeconds:0} s", late);
        }
        catch (Exception failure)
            when (failure is AmazonClientException or HttpRequestException or System.Xml.XmlException
                || (failure is IOException && !failure.Message.StartsWith(Name, StringComparison.Ordinal))
            )
        {
            throw new IOException($"{where}: {failure.Message.TrimEnd('.')}", failure);
        }
    }
}
