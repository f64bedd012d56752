using System.Collections.Concurrent;
using System.Diagnostics.CodeAnalysis;
using System.Threading.RateLimiting;

namespace Meeda.Operator.Tenants;

/// <summary>
/// The limiter of the rate-limiting middleware: a tenant's concurrent requests and requests per second, by its quota at
/// the time of the request. Requests without a tenant pass. Nothing is queued: a rejected response states when to
/// retry.
/// </summary>
/// <param name="time">The clock.</param>
internal sealed class TenantRateLimiter(TimeProvider time) : PartitionedRateLimiter<HttpContext>
{
    /// <summary>The message of a refusal.</summary>
    public static readonly MetadataName<string> Reason = MetadataName.ReasonPhrase;

    // Beyond this number, the limiters of idle tenants are dropped.
    private const int MaxAllowances = 1_000;

    private static readonly Permission Unlimited = new(null, null);

    private readonly ConcurrentDictionary<string, Allowance> _allowances = new(StringComparer.Ordinal);

    /// <inheritdoc/>
    public override RateLimiterStatistics? GetStatistics(HttpContext resource) => null;

    /// <inheritdoc/>
    protected override RateLimitLease AttemptAcquireCore(HttpContext resource, int permitCount)
    {
        if (resource.Features.Get<Tenant>() is not { } tenant)
        {
            return Unlimited;
        }

        if (_allowances.Count > MaxAllowances)
        {
            Evict();
        }

        Allowance allowance = _allowances.GetOrAdd(tenant.CountedAs, _ => new Allowance());
        return allowance.TryEnter(tenant.Quota, time.GetTimestamp(), time, out string? reason)
            ? new Permission(allowance, null)
            : new Permission(null, reason);
    }

    /// <inheritdoc/>
    protected override ValueTask<RateLimitLease> AcquireAsyncCore(
        HttpContext resource,
        int permitCount,
        CancellationToken cancellationToken
    ) => new(AttemptAcquireCore(resource, permitCount));

    /// <summary>Drops tenants that have no requests in flight and a full bucket.</summary>
    private void Evict()
    {
        foreach ((string tenant, Allowance allowance) in _allowances)
        {
            if (allowance.IsFull(time))
            {
                _allowances.TryRemove(new(tenant, allowance));
            }
        }
    }

    /// <summary>An admitted request, or the reason for its rejection; disposed of when the request ends.</summary>
    private sealed class Permission(Allowance? allowance, string? reason) : RateLimitLease
    {
        private Allowance? _held = allowance;

        public override bool IsAcquired => reason is null;

        public override IEnumerable<string> MetadataNames =>
            reason is null ? [] : [Reason.Name, MetadataName.RetryAfter.Name];

        public override bool TryGetMetadata(string metadataName, [NotNullWhen(true)] out object? metadata)
        {
            metadata =
                reason is null ? null
                : metadataName == Reason.Name ? reason
                : metadataName == MetadataName.RetryAfter.Name ? TimeSpan.FromSeconds(1) // a bucket has a token by then
                : null;
            return metadata is not null;
        }

        protected override void Dispose(bool disposing)
        {
            Interlocked.Exchange(ref _held, null)?.Leave();
            base.Dispose(disposing);
        }
    }

    /// <summary>A tenant's requests in flight, and its token bucket for requests per second.</summary>
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

        /// <summary>Whether a new limiter would be equivalent: a bucket fills up within a second.</summary>
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
