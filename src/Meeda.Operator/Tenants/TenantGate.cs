using System.Collections.Concurrent;
using Meeda.Http;

namespace Meeda.Operator.Tenants;

/// <summary>
/// Holds authenticated tenants to their quotas: requests in flight, requests a second, bytes in all.
/// </summary>
internal sealed class TenantGate(TenantKeys keys, TimeProvider time)
{
    // Beyond so many, those of tenants that are quiet are forgotten.
    private const int MaxAllowances = 1_000;

    private readonly ConcurrentDictionary<long, Allowance> _allowances = new();

    /// <summary>
    /// Lets a request through or answers it: 429 beyond its tenant's quota, 411 where that cannot be told. Requests of
    /// no tenant pass.
    /// </summary>
    public async Task InvokeAsync(HttpContext context, RequestDelegate next)
    {
        if (context.Features.Get<Tenant>() is not { } tenant)
        {
            await next(context);
            return;
        }

        if (_allowances.Count > MaxAllowances)
        {
            Evict();
        }

        Allowance allowance = _allowances.GetOrAdd(tenant.Id, _ => new Allowance());
        if (!allowance.TryEnter(tenant.Quota, time.GetTimestamp(), time, out string? reason))
        {
            await RefuseAsync(context, ErrorCode.QuotaExceeded, reason!);
            return;
        }

        try
        {
            await CountAsync(context, tenant, next);
        }
        finally
        {
            allowance.Leave();
        }
    }

    /// <summary>Counts a request and its bytes in; one that is refused is not counted.</summary>
    private async Task CountAsync(HttpContext context, Tenant tenant, RequestDelegate next)
    {
        if (tenant.Quota.Bytes > 0 && TenantAccess.IsWrite(context.Request) && context.Request.ContentLength is null)
        {
            await RefuseAsync(
                context,
                ErrorCode.LengthRequired,
                "body: a tenant with a quota of bytes must say the length (Content-Length)"
            );
        }
        else if (!keys.TryUse(tenant, context.Request.ContentLength ?? 0))
        {
            await RefuseAsync(
                context,
                ErrorCode.QuotaExceeded,
                $"quota: the tenant's {tenant.Quota.Bytes} bytes are used up"
            );
        }
        else
        {
            await next(context);
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

    private static async Task RefuseAsync(HttpContext context, ErrorCode code, string sentence)
    {
        if (code == ErrorCode.QuotaExceeded)
        {
            context.Response.Headers.RetryAfter = "1";
        }

        await context.AnswerErrorAsync(code, sentence);
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
