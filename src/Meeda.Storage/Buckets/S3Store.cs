using System.Net;
using System.Net.Http.Headers;
using Amazon.S3;
using Amazon.S3.Model;
using Meeda.Hosting;
using Meeda.Mefs;

namespace Meeda.Storage.Buckets;

/// <summary>
/// Stores objects in a bucket of an S3 server: Amazon's, Ceph, MinIO, or the gateway of a MEFS node. A status alone is
/// not trusted: some servers store damaged content with status 200, and MEFS's gateway stores a second object of a name
/// under another name. So each put checks the name first and reads the whole object back afterwards.
/// </summary>
internal sealed class S3Store : IObjectStore, IDisposable
{
    /// <summary>
    /// Bytes of a part. Longer objects are uploaded in parts, so that a broken connection costs only one part. S3's
    /// minimum is 5 MiB.
    /// </summary>
    public const int PartBytes = 8 << 20;

    private const int PartsAtOnce = 2;

    // Set by the gateway of a MEFS node, with the values of its own API.
    private const string MefsState = "x-amz-meta-state";

    private readonly IAmazonS3 _client;
    private readonly S3Place _place;
    private readonly S3Calls _calls;
    private readonly S3Bucket _bucket;
    private volatile string? _noConditions;

    /// <summary>Makes a store over an open client, which it disposes of.</summary>
    /// <param name="limit">The maximum time that one call may take, the SDK's retries included.</param>
    internal S3Store(IAmazonS3 client, S3Place place, TimeSpan limit)
    {
        _client = client;
        _place = place;
        _calls = new S3Calls(place.Name, limit);
        _bucket = new S3Bucket(client, place.Bucket, _calls);
    }

    /// <inheritdoc/>
    public string Name => _place.Name;

    /// <inheritdoc/>
    public int ObjectBytes => 16 << 20;

    /// <summary>Makes a store from a place and the environment's credentials; the first call connects.</summary>
    /// <exception cref="SetupException">The place is malformed, or there are no credentials for it.</exception>
    public static S3Store Open(string place, StorageOptions options) =>
        StorageOptions.TryReadS3(place, out S3Place read)
            ? new S3Store(S3Client.Open(read.Endpoint, options), read, limit: TimeSpan.FromMinutes(2))
            : throw new SetupException(
                $"provider: {StorageOptions.Redact(place)} is not of the form s3+https://host:port/bucket/prefix"
            );

    /// <inheritdoc/>
    /// <remarks>The server's own redundancy (copies, parity) is not visible to its clients.</remarks>
    public long OccupiedBytes(long contentBytes) => contentBytes;

    /// <inheritdoc/>
    /// <remarks>
    /// Reads the object back and compares all bytes. An etag would be cheaper but proves nothing: it is an MD5 of the
    /// received bytes, not of the stored ones, and only for unencrypted objects of one part on servers that compute it
    /// so.
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

        // A rejection means that another client was faster, or that this put retries one that had succeeded. The stored
        // content decides.
        if (!await CreateAsync(name, content, cancellationToken) && !await HoldsAsync(name, content, cancellationToken))
        {
            await DeleteAsync(name, cancellationToken);
            await CreateAsync(name, content, cancellationToken);
        }

        if (!await HoldsAsync(name, content, cancellationToken))
        {
            throw new IOException($"{Name}: {name} is missing, or differs from what was put");
        }
    }

    /// <inheritdoc/>
    public Task<bool> ReadAsync(string name, long offset, Memory<byte> content, CancellationToken cancellationToken) =>
        _calls.AskAsync(
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
                    throw new IOException($"{Name}: get {name}: the response is not the requested range");
                }

                if (total < end)
                {
                    return false;
                }

                if (range.To != end - 1 || answer.ContentLength != content.Length)
                {
                    throw new IOException(
                        $"{Name}: get {name}: {answer.ContentLength} bytes received, {content.Length} requested"
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
    /// S3 answers a put once it is durable, so an object that exists is confirmed. The gateway of a MEFS node reports
    /// how far replication has come, and this report is trusted.
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
                    : throw new IOException($"{Name}: head {name}: unknown replication state")
            );
    }

    /// <inheritdoc/>
    public Task DeleteAsync(string name, CancellationToken cancellationToken) =>
        _calls.AskAsync(
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
    /// Puts one byte under a unique name and deletes it, to test credentials, bucket and conditional puts before a
    /// batch needs them.
    /// </remarks>
    public async Task<string?> CheckAsync(CancellationToken cancellationToken)
    {
        string name = $"probe-{Guid.NewGuid():N}";
        await PutAsync(name, new byte[1], cancellationToken);
        await DeleteAsync(name, cancellationToken);
        return _noConditions;
    }

    /// <inheritdoc/>
    public IAsyncEnumerable<ListedObject> ListAsync(CancellationToken cancellationToken) =>
        new S3Listing(_client, _place, _calls).ListAsync(cancellationToken);

    /// <inheritdoc/>
    public void Dispose() => _client.Dispose();

    private string KeyOf(string name) => _place.Prefix + name;

    /// <summary>The server's metadata of an object, or null if it does not exist.</summary>
    private Task<GetObjectMetadataResponse?> FindAsync(string name, CancellationToken cancellationToken) =>
        _calls.AskAsync<GetObjectMetadataResponse?>(
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

    /// <summary>Whether the object exists with exactly this content; reads all of it.</summary>
    private Task<bool> HoldsAsync(string name, ReadOnlyMemory<byte> content, CancellationToken cancellationToken) =>
        _calls.AskAsync(
            "read back",
            name,
            async limit =>
            {
                using GetObjectResponse answer = await _client.GetObjectAsync(
                    new GetObjectRequest { BucketName = _place.Bucket, Key = KeyOf(name) },
                    limit
                );
                return await StoredContent.IsSameAsync(answer.ResponseStream, content, limit);
            },
            absent: false,
            cancellationToken
        );

    /// <summary>
    /// Uploads on the condition that the name is free, or unconditionally if the server does not support conditions.
    /// Names are checked before each put and never reused, so the condition is a second safeguard. A server that
    /// rejects a put with the condition and accepts it without counts as not supporting it.
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

    /// <summary>Puts an object that must not exist yet; false if the server reports that it does.</summary>
    private async Task<bool> CreateAsync(string name, ReadOnlyMemory<byte> content, CancellationToken cancellationToken)
    {
        await _bucket.EnsureAsync(cancellationToken);
        bool? created = await _calls.AskAsync<bool?>(
            "put",
            name,
            async limit => await TryCreateAsync(name, content, limit),
            absent: null,
            cancellationToken
        );
        _bucket.Note(isThere: created is not null);
        return created ?? throw new IOException($"{Name}: put {name}: the bucket is gone");
    }
}
