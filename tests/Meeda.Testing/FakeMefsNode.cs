using System.Collections.Concurrent;
using System.Net;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Meeda.Testing;

/// <summary>
/// A MEFS user node's API over real HTTP, written from the API's description: it actually stores objects, and fails on
/// command. It does not model a real node's internals: chunks, orders and chains are numbers here.
/// </summary>
public sealed partial class FakeMefsNode : IAsyncDisposable
{
    /// <summary>The token that the node requires for writes.</summary>
    public const string Token = "fake-node-token";

    // Like Go's: base64 stays as it is.
    private static readonly JsonSerializerOptions Json = new()
    {
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    private readonly ConcurrentDictionary<string, Bucket> _buckets = new();
    private readonly ConcurrentDictionary<string, Incoming> _streams = new();
    private readonly ConcurrentQueue<(string Method, MefsFault Fault)> _faults = new();
    private WebApplication? _app;
    private int _connections;

    /// <summary>The methods called so far, in order.</summary>
    public ConcurrentQueue<string> Calls { get; } = new();

    /// <summary>Connections that were opened to it so far.</summary>
    public int Connections => _connections;

    /// <summary>Polls of a bucket before it is confirmed. Default none.</summary>
    public int LooksUntilBucketConfirmed { get; set; }

    /// <summary>Polls of an object before its chunks are confirmed. Default none.</summary>
    public int LooksUntilObjectConfirmed { get; set; }

    /// <summary>
    /// Whether the chain confirms what storage providers have. Default true; while it is false, all chunks of every
    /// object are sent and none is confirmed.
    /// </summary>
    public bool Confirms { get; set; } = true;

    /// <summary>How late a late answer is.</summary>
    public TimeSpan Delay { get; set; } = TimeSpan.FromSeconds(1);

    /// <summary>The node's address.</summary>
    public Uri Url { get; private set; } = null!;

    /// <summary>Starts a node on a free port of the loopback.</summary>
    public static async Task<FakeMefsNode> StartAsync()
    {
        var node = new FakeMefsNode();
        await node.ListenAsync("http://127.0.0.1:0");
        return node;
    }

    /// <summary>Makes the next call of a method fail, once. Several are queued.</summary>
    public void Fail(string method, MefsFault fault) => _faults.Enqueue((method, fault));

    /// <summary>Loses an object that was stored.</summary>
    public bool Lose(string bucket, string name) => _buckets[bucket].Objects.TryRemove(name, out _);

    /// <summary>Flips a bit of an object that was stored.</summary>
    public void Corrupt(string bucket, string name) => _buckets[bucket].Objects[name].Content[0] ^= 1;

    /// <summary>Cuts the last bytes off an object that was stored.</summary>
    public void Truncate(string bucket, string name, int bytes) =>
        _buckets[bucket].Objects[name].Content = _buckets[bucket].Objects[name].Content[..^bytes];

    /// <summary>The names in a bucket, in order; empty if there is no such bucket.</summary>
    public IReadOnlyList<string> Names(string bucket) =>
        _buckets.TryGetValue(bucket, out Bucket? found) ? [.. found.Objects.Keys.Order(StringComparer.Ordinal)] : [];

    /// <summary>A client's connections to the node.</summary>
#pragma warning disable RS0030 // A test is its own host.
    public HttpClient Connect() => new() { BaseAddress = Url };
#pragma warning restore RS0030

    /// <summary>An object's stored bytes, or null.</summary>
    public byte[]? Stored(string bucket, string name) =>
        _buckets.TryGetValue(bucket, out Bucket? found) && found.Objects.TryGetValue(name, out Entry? entry)
            ? entry.Content
            : null;

    /// <summary>Stops and listens again at the same address; stored objects stay, calls in progress are lost.</summary>
    public async Task RestartAsync()
    {
        await DisposeAsync();
        _streams.Clear();
        await ListenAsync(Url.ToString());
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        using var now = new CancellationTokenSource(TimeSpan.FromSeconds(1));
        await _app!.StopAsync(now.Token);
        await _app.DisposeAsync();
    }

    private async Task ListenAsync(string url)
    {
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
        builder
            .WebHost.UseUrls(url)
            .ConfigureKestrel(kestrel =>
            {
                kestrel.Limits.MaxRequestBodySize = null;
                kestrel.ConfigureEndpointDefaults(endpoint =>
                    endpoint.Use(next =>
                        connection =>
                        {
                            Interlocked.Increment(ref _connections);
                            return next(connection);
                        }
                    )
                );
            });
        builder.Logging.ClearProviders();
        _app = builder.Build();
        _app.MapPost("/rpc/v0", CallAsync);
        _app.MapPost("/rpc/streams/v0/push/{id}", PushAsync);
        await _app.StartAsync();
        Url = new Uri(_app.Urls.First());
    }

    private async Task PushAsync(HttpContext context, string id)
    {
        Incoming stream = _streams.GetOrAdd(id, _ => new());
        using var content = new MemoryStream();
        await context.Request.Body.CopyToAsync(content, context.RequestAborted);
        stream.Content.TrySetResult(content.ToArray());
    }

    private async Task CallAsync(HttpContext context)
    {
        JsonNode request = (
            await JsonNode.ParseAsync(context.Request.Body, cancellationToken: context.RequestAborted)
        )!;
        string method = ((string)request["method"]!)["Memoriae.".Length..];
        JsonArray parameters = request["params"]!.AsArray();
        Calls.Enqueue(method);
        MefsFault? fault = NextFault(method);
        bool mayWrite = context.Request.Headers.Authorization == $"Bearer {Token}";
        if (context.Request.Headers.Authorization.Count > 0 && !mayWrite)
        {
            context.Response.StatusCode = (int)HttpStatusCode.Unauthorized;
            return;
        }

        if (fault is MefsFault.Disconnect)
        {
            context.Abort();
            return;
        }

        if (fault is MefsFault.AnswerLate)
        {
            await Task.Delay(Delay, TimeProvider.System, context.RequestAborted);
        }

        var answer = new JsonObject { ["jsonrpc"] = "2.0", ["id"] = request["id"]!.DeepClone() };
        try
        {
            answer["result"] = fault switch
            {
                MefsFault.Refuse => throw new NodeError("resource unavailable, wait other lfs operations completed"),
                MefsFault.ServerError => throw new NodeError("panic"),
                _ => await RunAsync(method, parameters, mayWrite, fault, context.RequestAborted),
            };
        }
        catch (NodeError error)
        {
            answer["error"] = new JsonObject { ["code"] = 1, ["message"] = error.Message };
            context.Response.StatusCode = fault is MefsFault.ServerError ? 500 : 200;
        }

        if (fault is MefsFault.DoAndDisconnect)
        {
            context.Abort();
            return;
        }

        string text = answer.ToJsonString(Json);
        await context.Response.WriteAsync(
            fault is MefsFault.CutAnswer ? text[..(text.Length / 2)] : text,
            context.RequestAborted
        );
    }

    private MefsFault? NextFault(string method)
    {
        if (
            _faults.TryPeek(out (string Method, MefsFault Fault) next)
            && next.Method == method
            && _faults.TryDequeue(out next)
        )
        {
            return next.Fault;
        }

        return null;
    }

    private async Task<JsonNode?> RunAsync(
        string method,
        JsonArray parameters,
        bool mayWrite,
        MefsFault? fault,
        CancellationToken cancellationToken
    )
    {
        string first = (string)parameters[0]!;
        if (method is "CreateBucket" or "PutObject" or "DeleteObject" && !mayWrite)
        {
            throw new NodeError($"missing permission to invoke '{method}' (need 'write')");
        }

        switch (method)
        {
            case "CreateBucket":
                return CreateBucket(first, parameters[1]!.AsObject());
            case "ListBuckets":
                return new JsonArray([
                    .. _buckets
                        .Values.Where(bucket => bucket.Name.StartsWith(first, StringComparison.Ordinal))
                        .OrderBy(bucket => bucket.Number)
                        .Select(bucket => bucket.Describe(look: false)),
                ]);
            case "HeadBucket":
                return Find(first).Describe(look: true);
            case "PutObject":
                return await PutAsync(
                    Find(first),
                    (string)parameters[1]!,
                    parameters[2]!,
                    parameters[3]!,
                    fault,
                    cancellationToken
                );
            case "HeadObject":
                return Find(first).Find((string)parameters[1]!).Describe(look: true, Confirms);
            case "GetObject":
                return Get(Find(first).Find((string)parameters[1]!), parameters[2]!, fault);
            case "DeleteObject":
                Find(first).Find((string)parameters[1]!);
                Find(first).Objects.TryRemove((string)parameters[1]!, out _);
                return null;
            case "ListObjects":
                return List(Find(first), parameters[1]!);
            default:
                throw new NodeError($"method 'Memoriae.{method}' not found");
        }
    }

    private JsonObject CreateBucket(string name, JsonObject options)
    {
        if (!BucketName().IsMatch(name))
        {
            throw new NodeError("bucket name is invalid");
        }

        var bucket = new Bucket(name, _buckets.Count, options) { Looks = LooksUntilBucketConfirmed };
        return _buckets.TryAdd(name, bucket)
            ? bucket.Describe(look: false)
            : throw new NodeError($"bucket {name} already exists");
    }

    private Bucket Find(string bucket) =>
        _buckets.TryGetValue(bucket, out Bucket? found) ? found : throw new NodeError($"bucket {bucket} not exist");

    private async Task<JsonObject> PutAsync(
        Bucket bucket,
        string name,
        JsonNode reader,
        JsonNode options,
        MefsFault? fault,
        CancellationToken cancellationToken
    )
    {
        if (bucket.Looks > 0)
        {
            throw new NodeError($"bucket {bucket.Number} is confirming");
        }

        if (
            (string)options["UserDefined"]!["encryption"]! != "none"
            || (string)options["UserDefined"]!["etag"]! != "cid"
        )
        {
            throw new NodeError("this fake stores plain content with CID etags only");
        }

        // Like the real one: the name is taken before a byte is read, and stays taken if the content never arrives.
        var entry = new Entry(name, []) { Looks = LooksUntilObjectConfirmed };
        if (!bucket.Objects.TryAdd(name, entry))
        {
            throw new NodeError($"object {name} already exist");
        }

        byte[] content = await _streams
            .GetOrAdd((string)reader["Info"]!, _ => new())
            .Content.Task.WaitAsync(Patience.Of(TimeSpan.FromSeconds(30)), cancellationToken);
        if (content.Length == 0)
        {
            throw new NodeError("object is empty");
        }

        entry.Content = Spoil(content, fault);
        JsonObject answer = entry.Describe(look: false, Confirms);
        if (fault is MefsFault.Lose)
        {
            bucket.Objects.TryRemove(name, out _);
        }

        return answer;
    }

    private static JsonValue Get(Entry entry, JsonNode options, MefsFault? fault)
    {
        long start = (long)options["Start"]!;
        long length = (long)options["Length"]!;
        if (start >= entry.Content.Length || (length >= 0 && start + length > entry.Content.Length))
        {
            throw new NodeError("out of object size");
        }

        byte[] part = entry.Content[(int)start..(length < 0 ? entry.Content.Length : (int)(start + length))];
        return JsonValue.Create(Convert.ToBase64String(Spoil(part, fault)));
    }

    private JsonObject List(Bucket bucket, JsonNode options)
    {
        string prefix = (string)options["Prefix"]!;
        string marker = (string)options["Marker"]!;
        int max = (int)options["MaxKeys"]!;
        Entry[] rest =
        [
            .. bucket
                .Objects.Values.Where(entry =>
                    entry.Name.StartsWith(prefix, StringComparison.Ordinal)
                    && string.CompareOrdinal(entry.Name, marker) > 0
                )
                .OrderBy(entry => entry.Name, StringComparer.Ordinal),
        ];
        Entry[] page = rest[..Math.Min(max, rest.Length)];
        return new JsonObject
        {
            ["IsTruncated"] = page.Length < rest.Length,
            ["NextMarker"] = page.Length < rest.Length ? page[^1].Name : "",
            ["Objects"] = new JsonArray([.. page.Select(entry => entry.Describe(look: false, Confirms))]),
            ["Prefixes"] = new JsonArray(),
        };
    }

    [GeneratedRegex("^[a-z0-9][a-z0-9.-]{2,62}$")]
    private static partial Regex BucketName();

    private sealed class NodeError(string message) : Exception(message);
}
