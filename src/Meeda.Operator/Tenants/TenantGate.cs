using System.Collections.Concurrent;
using Meeda.Client;
using Meeda.Http;

namespace Meeda.Operator.Tenants;

/// <summary>
/// Lets requests in by key. Clients that cannot send a header carry the key in the base URL, <c>/t/&lt;key&gt;</c>,
/// which
/// <see cref="TenantKeyPathFilter"/> takes off the path: what is routed, logged, measured or answered never
/// holds a key.
/// </summary>
internal sealed class TenantGate(TenantKeys keys, TimeProvider time)
{
    private const string Scheme = "Bearer ";

    // Beyond so many, those of tenants that are quiet are forgotten.
    private const int MaxAllowances = 1_000;

    private readonly ConcurrentDictionary<long, Allowance> _allowances = new();

    /// <summary>
    /// Lets a request through or answers it: 401 without a good key, 403 beyond its scopes, 429 beyond its quota.
    /// </summary>
    public async Task InvokeAsync(HttpContext context, RequestDelegate next)
    {
        string? key = context.Features.Get<UrlKey>()?.Key ?? HeaderKey(context.Request);
        if (context.Request.Path.StartsWithSegments("/health", StringComparison.Ordinal))
        {
            await next(context);
            return;
        }

        if (!await keys.AnyAsync(context.RequestAborted))
        {
            await next(context);
            return;
        }

        if (key is null || await keys.FindAsync(key, context.RequestAborted) is not { } tenant)
        {
            await RefuseAsync(
                context,
                StatusCodes.Status401Unauthorized,
                "key: a good one is needed, as /t/<key> before the path or in Authorization: Bearer"
            );
            return;
        }

        TenantScopes needed = IsWrite(context.Request) ? TenantScopes.Write : TenantScopes.Read;
        if ((tenant.Scopes & (needed | TenantScopes.Admin)) == 0)
        {
            await RefuseAsync(
                context,
                StatusCodes.Status403Forbidden,
                $"key: it does not allow to {(needed == TenantScopes.Write ? "write" : "read")}"
            );
            return;
        }

        context.Features.Set(tenant);
        context.Features.Set(new KnownClient($"tenant {tenant.Id}"));
        if (_allowances.Count > MaxAllowances)
        {
            Evict();
        }

        Allowance allowance = _allowances.GetOrAdd(tenant.Id, _ => new Allowance());
        if (!allowance.TryEnter(tenant.Quota, time.GetTimestamp(), time, out string? reason))
        {
            await RefuseAsync(context, StatusCodes.Status429TooManyRequests, reason!);
            return;
        }

        try
        {
            if (tenant.Quota.Bytes > 0 && IsWrite(context.Request) && context.Request.ContentLength is null)
            {
                await RefuseAsync(
                    context,
                    StatusCodes.Status411LengthRequired,
                    "body: a tenant with a quota of bytes must say the length (Content-Length)"
                );
                return;
            }

            if (!keys.TryUse(tenant, context.Request.ContentLength ?? 0))
            {
                await RefuseAsync(
                    context,
                    StatusCodes.Status429TooManyRequests,
                    $"quota: the tenant's {tenant.Quota.Bytes} bytes are used up"
                );
                return;
            }

            await next(context);
        }
        finally
        {
            allowance.Leave();
        }
    }

    /// <summary>Forgets tenants that have nothing in flight and whose buckets are full again.</summary>
    private void Evict()
    {
        foreach ((long tenant, Allowance allowance) in _allowances)
        {
            if (allowance.IsFull(time))
            {
                _allowances.TryRemove(new(tenant, allowance));
            }
        }
    }

    private static string? HeaderKey(HttpRequest request) =>
        request.Headers.Authorization.ToString() is var header
        && header.StartsWith(Scheme + TenantKeys.Prefix, StringComparison.OrdinalIgnoreCase)
            ? header[Scheme.Length..].Trim()
            : null;

    private static bool IsWrite(HttpRequest request) =>
        !HttpMethods.IsGet(request.Method) && !HttpMethods.IsHead(request.Method);

    private static async Task RefuseAsync(HttpContext context, int status, string sentence)
    {
        context.Response.StatusCode = status;
        if (status == StatusCodes.Status401Unauthorized)
        {
            context.Response.Headers.WWWAuthenticate = "Bearer"; // RFC 9110, section 15.5.2
        }

        if (status == StatusCodes.Status429TooManyRequests)
        {
            context.Response.Headers.RetryAfter = "1";
        }

        await context.Response.WriteAsJsonAsync(new ErrorBody(sentence));
    }

    /// <summary>A tenant's requests in flight, and its bucket of requests a second.</summary>
    private sealed class Allowance
    {
        private readonly Lock _gate = new();
        private int _inFlight;
        private double _tokens = double.MaxValue;
        private long _filledAt;

        public bool TryEnter(TenantQuota quota, long now, TimeProvider time, out string? reason)
        {
            lock (_gate)
            {
                reason = null;
                if (_inFlight >= quota.Concurrency)
                {
                    reason = $"quota: {quota.Concurrency} requests of this tenant are in flight";
                    return false;
                }

                if (quota.RequestsPerSecond > 0)
                {
                    _tokens = Math.Min(
                        quota.RequestsPerSecond,
                        _tokens + (time.GetElapsedTime(_filledAt, now).TotalSeconds * quota.RequestsPerSecond)
                    );
                    _filledAt = now;
                    if (_tokens < 1)
                    {
                        reason = $"quota: more than {quota.RequestsPerSecond} requests of this tenant in a second";
                        return false;
                    }

                    _tokens--;
                }

                _inFlight++;
                return true;
            }
        }

        /// <summary>Whether a new one would allow as much: a bucket fills up within a second.</summary>
        public bool IsFull(TimeProvider time)
        {
            lock (_gate)
            {
                return _inFlight == 0 && time.GetElapsedTime(_filledAt) > TimeSpan.FromSeconds(2);
            }
        }

        public void Leave()
        {
            lock (_gate)
            {
                _inFlight--;
            }
        }
    }
}
