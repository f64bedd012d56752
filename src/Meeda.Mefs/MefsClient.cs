namespace Meeda.Mefs;

/// <summary>
/// A client of a MEFS user node (go-mefs-v2, API namespace <c>Memoriae</c>). Content is stored unencrypted with its
/// CID as etag, and every put and every whole
/// read is checked against an etag computed here. Calls that change nothing are tried again where a second try can
/// help; puts, deletions and new
/// buckets never are. Safe for use by many threads at once; one <see cref="HttpClient"/> is one pool of connections.
/// </summary>
public sealed class MefsClient
{
    /// <summary>The tries after the first of a call that changes nothing.</summary>
    public const int Retries = 3;

    /// <summary>The most objects in a page of a listing.</summary>
    public const int MaxPageLength = 1000;

    // An object's description is under a kilobyte; a page holds a thousand.
    private const int MaxDescriptionBytes = 8 * 1024 * 1024;
    private const int MaxEnvelopeBytes = 1024;

    private readonly MefsConnection _connection;
    private readonly TimeProvider _time;

    /// <summary>Makes a client.</summary>
    /// <param name="http">The connections; <see cref="HttpClient.BaseAddress"/> is the node (see
    /// <see cref="MefsEndpoint"/>).</param>
    /// <param name="token">The node's JWT with the permissions read and write, or null to read only.</param>
    /// <param name="time">For waiting.</param>
    public MefsClient(HttpClient http, string? token, TimeProvider time)
    {
        ArgumentNullException.ThrowIfNull(http);
        _connection = new MefsConnection(http, token, time);
        _time = time;
    }

    /// <summary>
    /// Requests a new bucket. It accepts puts once it is confirmed: see <see cref="WaitForBucketAsync"/>.
    /// </summary>
    /// <exception cref="MefsException">It exists already, or the call failed.</exception>
    public Task<BucketInfo> CreateBucketAsync(string bucket, BucketOptions options, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(options);
        return _connection.CallAsync(
            "CreateBucket",
            [
                bucket,
                new
                {
                    Version = 1,
                    options.Policy,
                    options.DataCount,
                    options.ParityCount,
                    TagFlag = 5,
                    SegSize = ContentTree.ChunkLength,
                },
            ],
            MaxDescriptionBytes,
            MefsAnswers.Bucket,
            cancellationToken
        );
    }

    /// <summary>Describes a bucket.</summary>
    /// <exception cref="MefsException">It does not exist, or the call failed.</exception>
    public Task<BucketInfo> HeadBucketAsync(string bucket, CancellationToken cancellationToken) =>
        _connection.AskAsync("HeadBucket", [bucket], MaxDescriptionBytes, MefsAnswers.Bucket, cancellationToken);

    /// <summary>Lists the node's buckets whose names start with a prefix, which may be empty.</summary>
    /// <exception cref="MefsException">The call failed.</exception>
    public Task<IReadOnlyList<BucketInfo>> ListBucketsAsync(string prefix, CancellationToken cancellationToken) =>
        _connection.AskAsync("ListBuckets", [prefix], MaxDescriptionBytes, MefsAnswers.Buckets, cancellationToken);

    /// <summary>Waits until a bucket is confirmed on the data chain, which takes the node minutes.</summary>
    /// <param name="bucket">The bucket.</param>
    /// <param name="interval">The polling interval.</param>
    /// <param name="cancellationToken">Bounds the waiting.</param>
    /// <exception cref="MefsException">It does not exist, or the call failed.</exception>
    public async Task<BucketInfo> WaitForBucketAsync(
        string bucket,
        TimeSpan interval,
        CancellationToken cancellationToken
    )
    {
        while (true)
        {
            BucketInfo info = await HeadBucketAsync(bucket, cancellationToken);
            if (info.Confirmed)
            {
                return info;
            }

            await Task.Delay(interval, _time, cancellationToken);
        }
    }

    /// <summary>
    /// Stores an object: the call and its content travel side by side, and the node's etag is compared with that of
    /// what was sent. After a failure the name
    /// may be taken by an empty object: delete it before another try, or choose another name.
    /// </summary>
    /// <param name="bucket">A confirmed bucket.</param>
    /// <param name="name">A name that is not in use.</param>
    /// <param name="content">Read once, to its end; at least one byte.</param>
    /// <param name="cancellationToken">Cancels the wait; the node may still store the object.</param>
    /// <returns>The object; its content id equals that of the bytes sent.</returns>
    /// <exception cref="MefsException">The name is taken, the node cannot store now, or what it stored is not what
    /// was sent.</exception>
    public async Task<ObjectInfo> PutAsync(
        string bucket,
        string name,
        Stream content,
        CancellationToken cancellationToken
    )
    {
        ArgumentNullException.ThrowIfNull(content);
        ArgumentException.ThrowIfNullOrEmpty(name); // the node would choose one
        var stream = Guid.NewGuid();
        using var body = new PushContent(content);
        using var both = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        Task<ObjectInfo> call = _connection.CallAsync(
            "PutObject",
            [
                bucket,
                name,
                new { Type = "push", Info = stream.ToString() },
                new { UserDefined = new Dictionary<string, string> { ["encryption"] = "none", ["etag"] = "cid" } },
            ],
            MaxDescriptionBytes,
            MefsAnswers.Object,
            both.Token
        );
        Task push = _connection.PushAsync(stream, body, both.Token);
        try
        {
            // Whichever fails first ends the other, which would only wait for it.
            await await Task.WhenAny(call, push);
            await Task.WhenAll(call, push);
        }
        catch
        {
            await both.CancelAsync();
            await ((Task)Task.WhenAll(call, push)).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            if (call.Exception?.InnerException is MefsException refused)
            {
                throw refused; // more specific than the broken push
            }

            throw;
        }

        ObjectInfo stored = await call;
        return stored.Name == name && stored.Size == body.SentBytes && stored.ContentId == body.Finish()
            ? stored
            : throw new MefsException(
                MefsError.WrongContent,
                $"PutObject: what the node stored as {stored.Name} ({stored.Size} bytes) is not what was sent "
                    + $"({body.SentBytes} bytes)"
            );
    }

    /// <summary>Describes an object.</summary>
    /// <exception cref="MefsException">It does not exist, or the call failed.</exception>
    public Task<ObjectInfo> HeadAsync(string bucket, string name, CancellationToken cancellationToken) =>
        _connection.AskAsync("HeadObject", [bucket, name], MaxDescriptionBytes, MefsAnswers.Object, cancellationToken);

    /// <summary>Reads a whole object and checks it against the content id that its caller knows.</summary>
    /// <param name="bucket">The bucket.</param>
    /// <param name="name">The object's name.</param>
    /// <param name="expected">Its content id.</param>
    /// <param name="maxLength">The maximum length to accept; the node sends an object in one piece.</param>
    /// <param name="cancellationToken">Ends the reading.</param>
    /// <exception cref="MefsException">It does not exist, it cannot be read now, or it is not the expected
    /// content.</exception>
    public async Task<byte[]> GetAsync(
        string bucket,
        string name,
        ContentId expected,
        int maxLength,
        CancellationToken cancellationToken
    )
    {
        byte[] content = await ReadAsync(bucket, name, start: 0, length: -1, maxLength, cancellationToken);
        return ContentId.Compute(content) == expected
            ? content
            : throw new MefsException(
                MefsError.WrongContent,
                $"GetObject: the {content.Length} bytes of {name} are not those that {expected} names"
            );
    }

    /// <summary>
    /// Reads a part of an object. The number of bytes is checked; that they are the right ones is not, since an etag
    /// names the whole: the caller must know
    /// a hash of the part.
    /// </summary>
    /// <exception cref="MefsException">It does not exist, it cannot be read now, or the answer has another
    /// length.</exception>
    public async Task<byte[]> GetRangeAsync(
        string bucket,
        string name,
        long start,
        int length,
        CancellationToken cancellationToken
    )
    {
        ArgumentOutOfRangeException.ThrowIfNegative(start);
        ArgumentOutOfRangeException.ThrowIfLessThan(length, 1);
        byte[] content = await ReadAsync(bucket, name, start, length, length, cancellationToken);
        return content.Length == length
            ? content
            : throw new MefsException(
                MefsError.BadAnswer,
                $"GetObject: {content.Length} bytes of {name} came, {length} were asked for"
            );
    }

    /// <summary>Deletes an object. Storage providers drop its chunks when their order ends.</summary>
    /// <exception cref="MefsException">It does not exist, or the call failed.</exception>
    public Task DeleteAsync(string bucket, string name, CancellationToken cancellationToken) =>
        _connection.CallAsync("DeleteObject", [bucket, name], MaxDescriptionBytes, _ => true, cancellationToken);

    /// <summary>Lists objects by name, a page at a time.</summary>
    /// <param name="bucket">The bucket.</param>
    /// <param name="prefix">The prefix of the names; empty for all.</param>
    /// <param name="marker">The last page's <see cref="ObjectPage.NextMarker"/>, or empty.</param>
    /// <param name="cancellationToken">Ends the waiting.</param>
    /// <exception cref="MefsException">The bucket does not exist, or the call failed.</exception>
    public Task<ObjectPage> ListAsync(
        string bucket,
        string prefix,
        string marker,
        CancellationToken cancellationToken
    ) =>
        _connection.AskAsync(
            "ListObjects",
            [
                bucket,
                new
                {
                    Prefix = prefix,
                    Marker = marker,
                    Delimiter = "",
                    MaxKeys = MaxPageLength,
                },
            ],
            MaxDescriptionBytes,
            MefsAnswers.Page,
            cancellationToken
        );

    private Task<byte[]> ReadAsync(
        string bucket,
        string name,
        long start,
        long length,
        int maxLength,
        CancellationToken cancellationToken
    ) =>
        _connection.AskAsync(
            "GetObject",
            [
                bucket,
                name,
                new
                {
                    UserDefined = new Dictionary<string, string>(),
                    Start = start,
                    Length = length,
                },
            ],
            MaxEnvelopeBytes + (((long)maxLength + 2) / 3 * 4),
            result => result.GetBytesFromBase64(),
            cancellationToken
        );
}
