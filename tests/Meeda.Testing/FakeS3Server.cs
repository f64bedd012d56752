using System.Collections.Concurrent;
using System.Security.Cryptography;
using System.Text;
using System.Xml.Linq;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Microsoft.Net.Http.Headers;

namespace Meeda.Testing;

/// <summary>
/// The part of an S3 server that an object store needs, over real HTTP. It actually stores objects, accepts any
/// credentials, and fails on command. With <see cref="RenamesTakenNames"/> it behaves like the gateway of a MEFS node.
/// </summary>
public sealed class FakeS3Server : IAsyncDisposable
{
    private readonly ConcurrentDictionary<string, ConcurrentDictionary<string, byte[]>> _buckets = new();
    private readonly ConcurrentDictionary<string, SortedDictionary<int, byte[]>> _uploads = new();
    private readonly ConcurrentQueue<(string Call, S3Fault Fault)> _faults = new();
    private WebApplication _app = null!;

    /// <summary>The calls so far, in order: method and query, for example <c>POST uploads</c>.</summary>
    public ConcurrentQueue<string> Calls { get; } = new();

    /// <summary>Whether <c>If-None-Match: *</c> is honoured. Default true; older servers ignore it.</summary>
    public bool KnowsConditions { get; set; } = true;

    /// <summary>
    /// The status with which conditional puts are rejected, as by servers that do not implement them; null if they are
    /// accepted.
    /// </summary>
    public int? RefusesConditions { get; set; }

    /// <summary>
    /// Whether a put to an existing name is stored under another one, with status 200. Default false.
    /// </summary>
    public bool RenamesTakenNames { get; set; }

    /// <summary>The number of objects per page of a listing. Default 1000.</summary>
    public int ListedAtOnce { get; set; } = 1000;

    /// <summary>The value of <c>x-amz-meta-state</c> for each object, or null.</summary>
    public string? State { get; set; }

    /// <summary>Called before an object is stored, with its bucket.</summary>
    public Action<ConcurrentDictionary<string, byte[]>> BeforePut { get; set; } = _ => { };

    /// <summary>Uploads in parts that are neither completed nor aborted.</summary>
    public int OpenUploads => _uploads.Count;

    /// <summary>The server's address.</summary>
    public Uri Url { get; private set; } = null!;

    /// <summary>Starts a server on a free port of the loopback.</summary>
    public static async Task<FakeS3Server> StartAsync()
    {
        var server = new FakeS3Server();
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
        builder
            .WebHost.UseUrls("http://127.0.0.1:0")
            .ConfigureKestrel(kestrel => kestrel.Limits.MaxRequestBodySize = null);
        builder.Logging.ClearProviders();
        server._app = builder.Build();
        server._app.Run(server.AnswerAsync);
        await server._app.StartAsync();
        server.Url = new Uri(server._app.Urls.First());
        return server;
    }

    /// <summary>A bucket's objects; creates the bucket if absent.</summary>
    public ConcurrentDictionary<string, byte[]> Bucket(string name) => _buckets.GetOrAdd(name, _ => new());

    /// <summary>Loses a bucket with all its objects.</summary>
    public void Forget(string name) => _buckets.TryRemove(name, out _);

    /// <summary>Makes the next call of a kind (see <see cref="Calls"/>) fail, once. Several are queued.</summary>
    public void Fail(string call, S3Fault fault) => _faults.Enqueue((call, fault));

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        using var now = new CancellationTokenSource(TimeSpan.FromSeconds(1));
        await _app.StopAsync(now.Token);
        await _app.DisposeAsync();
    }

    private async Task AnswerAsync(HttpContext context)
    {
        HttpRequest request = context.Request;
        string[] path = request.Path.Value!.TrimStart('/').Split('/', 2);
        string kind = request.Query.Keys.FirstOrDefault(key => key is "uploads" or "uploadId" or "location") ?? "";
        string call =
            path.Length < 2 || path[1].Length == 0 ? $"{request.Method} bucket" : $"{request.Method} {kind}".TrimEnd();
        Calls.Enqueue(call);
        S3Fault? fault =
            _faults.TryPeek(out (string Call, S3Fault Fault) next) && next.Call == call && _faults.TryDequeue(out next)
                ? next.Fault
                : null;
        using var body = new MemoryStream();
        await request.Body.CopyToAsync(body, context.RequestAborted);
        switch (fault)
        {
            case S3Fault.Hang:
                await Task.Delay(Timeout.Infinite, context.RequestAborted);
                return;
            case S3Fault.Refuse:
                await RefuseAsync(context, 503, "SlowDown");
                return;
            case S3Fault.WrongPage:
                context.Response.StatusCode = 404;
                await context.Response.WriteAsync("<html><body>nothing here</body></html>", context.RequestAborted);
                return;
        }

        await (
            call.EndsWith(" bucket", StringComparison.Ordinal) ? BucketAsync(context, path[0])
            : !_buckets.TryGetValue(path[0], out ConcurrentDictionary<string, byte[]>? bucket)
                ? RefuseAsync(context, 404, "NoSuchBucket")
            : ObjectAsync(context, call, bucket, path[1], body.ToArray(), fault)
        );
        if (fault is S3Fault.DoAndDisconnect)
        {
            context.Abort();
        }
    }

    private Task BucketAsync(HttpContext context, string name)
    {
        switch (context.Request.Method)
        {
            case "PUT":
                return _buckets.TryAdd(name, new())
                    ? Task.CompletedTask
                    : RefuseAsync(context, 409, "BucketAlreadyOwnedByYou");
            case "HEAD" or "GET" when !_buckets.ContainsKey(name):
                return RefuseAsync(context, 404, "NoSuchBucket");
            case "GET":
                return ListAsync(context, _buckets[name]);
            default:
                return Task.CompletedTask;
        }
    }

    private Task ListAsync(HttpContext context, ConcurrentDictionary<string, byte[]> bucket)
    {
        string prefix = context.Request.Query["prefix"].ToString();
        string after = context.Request.Query["continuation-token"].ToString();
        KeyValuePair<string, byte[]>[] left =
        [
            .. bucket
                .Where(each => each.Key.StartsWith(prefix, StringComparison.Ordinal))
                .Where(each => string.CompareOrdinal(each.Key, after) > 0)
                .OrderBy(each => each.Key, StringComparer.Ordinal),
        ];
        KeyValuePair<string, byte[]>[] page = [.. left.Take(ListedAtOnce)];
        return WriteXmlAsync(
            context,
            new XElement(
                "ListBucketResult",
                new XElement("IsTruncated", left.Length > page.Length ? "true" : "false"),
                left.Length > page.Length ? new XElement("NextContinuationToken", page[^1].Key) : null,
                page.Select(each => new XElement(
                    "Contents",
                    new XElement("Key", each.Key),
                    new XElement("Size", each.Value.Length)
                ))
            )
        );
    }

    private async Task ObjectAsync(
        HttpContext context,
        string call,
        ConcurrentDictionary<string, byte[]> bucket,
        string key,
        byte[] body,
        S3Fault? fault
    )
    {
        string upload = context.Request.Query["uploadId"].ToString();
        switch (call)
        {
            case "POST uploads":
                string id = Guid.NewGuid().ToString("N");
                _uploads[id] = [];
                await WriteXmlAsync(
                    context,
                    new XElement(
                        "InitiateMultipartUploadResult",
                        new XElement("Key", key),
                        new XElement("UploadId", id)
                    )
                );
                return;
            case "PUT uploadId":
                SortedDictionary<int, byte[]> parts = _uploads[upload];
                lock (parts)
                {
                    parts[
                        int.Parse(
                            context.Request.Query["partNumber"]!,
                            System.Globalization.CultureInfo.InvariantCulture
                        )
                    ] = Spoil(body, fault);
                }

                context.Response.Headers.ETag = Etag(body);
                return;
            case "POST uploadId":
                if (
                    !await TryStoreAsync(
                        context,
                        bucket,
                        key,
                        [.. _uploads[upload].Values.SelectMany(part => part)],
                        fault
                    )
                )
                {
                    return;
                }

                _uploads.TryRemove(upload, out _);
                await WriteXmlAsync(
                    context,
                    new XElement(
                        "CompleteMultipartUploadResult",
                        new XElement("Key", key),
                        new XElement("ETag", "\"parts\"")
                    )
                );
                return;
            case "DELETE uploadId":
                _uploads.TryRemove(upload, out _);
                context.Response.StatusCode = 204;
                return;
            case "PUT":
                await TryStoreAsync(context, bucket, key, body, fault);
                return;
            case "DELETE":
                bucket.TryRemove(key, out _);
                context.Response.StatusCode = 204;
                return;
            case "GET" or "HEAD":
                await (
                    bucket.TryGetValue(key, out byte[]? content)
                        ? GiveAsync(context, content, fault)
                        : RefuseAsync(context, 404, "NoSuchKey")
                );
                return;
            default:
                await RefuseAsync(context, 501, "NotImplemented");
                return;
        }
    }

    private async Task<bool> TryStoreAsync(
        HttpContext context,
        ConcurrentDictionary<string, byte[]> bucket,
        string key,
        byte[] content,
        S3Fault? fault
    )
    {
        if (RefusesConditions is { } status && context.Request.Headers.IfNoneMatch.Count > 0)
        {
            await RefuseAsync(context, status, "NotImplemented");
            return false;
        }

        BeforePut(bucket);
        bool taken = bucket.ContainsKey(key);
        if (taken && KnowsConditions && !RenamesTakenNames && context.Request.Headers.IfNoneMatch == "*")
        {
            await RefuseAsync(context, 412, "PreconditionFailed");
            return false;
        }

        if (fault is not S3Fault.Lose)
        {
            bucket[taken && RenamesTakenNames ? $"{key}-20240102T030405" : key] = Spoil(content, fault);
        }

        context.Response.Headers.ETag = Etag(content);
        return true;
    }

    private async Task GiveAsync(HttpContext context, byte[] content, S3Fault? fault)
    {
        HttpResponse response = context.Response;
        int from = 0;
        int end = content.Length;
        response.Headers.ETag = Etag(content);
        if (State is not null)
        {
            response.Headers["x-amz-meta-state"] = State;
        }

        if (
            fault is not S3Fault.IgnoreRange
            && RangeHeaderValue.TryParse(context.Request.Headers.Range.ToString(), out RangeHeaderValue? range)
        )
        {
            RangeItemHeaderValue asked = range.Ranges.Single();
            from = (int)asked.From!.Value;
            end = (int)Math.Min(content.Length, asked.To!.Value + 1);
            if (from >= content.Length)
            {
                await RefuseAsync(context, 416, "InvalidRange");
                return;
            }

            from = fault is S3Fault.ShiftRange ? from - 1 : from;
            end = fault is S3Fault.ShiftRange or S3Fault.Shorten ? end - 1 : end;
            response.StatusCode = 206;
            response.Headers.ContentRange = $"bytes {from}-{end - 1}/{content.Length}";
        }

        byte[] part = Spoil(content[from..end], fault);
        response.ContentLength = part.Length;
        if (context.Request.Method == "HEAD")
        {
            return;
        }

        switch (fault)
        {
            case S3Fault.BreakOff:
                await response.Body.WriteAsync(part.AsMemory(..^1), context.RequestAborted);
                return; // Kestrel closes the connection over what is missing.
            case S3Fault.ShortenSilently:
                response.ContentLength = null; // in chunks, which end where they end
                await response.Body.WriteAsync(part.AsMemory(..^1), context.RequestAborted);
                return;
            default:
                await response.Body.WriteAsync(part, context.RequestAborted);
                return;
        }
    }

    private static byte[] Spoil(byte[] content, S3Fault? fault)
    {
        if (fault is not S3Fault.Corrupt)
        {
            return content;
        }

        byte[] spoilt = [.. content];
        spoilt[spoilt.Length / 2] ^= 0x10;
        return spoilt;
    }

    private static async Task RefuseAsync(HttpContext context, int status, string code)
    {
        context.Response.StatusCode = status;
        if (context.Request.Method != "HEAD")
        {
            await WriteXmlAsync(
                context,
                new XElement("Error", new XElement("Code", code), new XElement("Message", $"{code}, says the fake"))
            );
        }
    }

    private static async Task WriteXmlAsync(HttpContext context, XElement element)
    {
        context.Response.ContentType = "application/xml";
        await context.Response.WriteAsync(
            new XDeclaration("1.0", "UTF-8", null) + element.ToString(),
            Encoding.UTF8,
            context.RequestAborted
        );
    }

    private static string Etag(byte[] content)
    {
#pragma warning disable CA5351 // What S3 calls an etag.
        return $"\"{Convert.ToHexStringLower(MD5.HashData(content))}\"";
#pragma warning restore CA5351
    }
}
