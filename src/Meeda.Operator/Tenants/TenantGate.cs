using System.Globalization;
using System.Threading.RateLimiting;
using Meeda.Http;
using Microsoft.AspNetCore.RateLimiting;

namespace Meeda.Operator.Tenants;

/// <summary>
/// Enforces the quotas of authenticated tenants: concurrent requests and requests per second by the rate-limiting
/// middleware, total bytes by each tenant's usage.
/// </summary>
internal static class TenantGate
{
    /// <summary>Admits requests within their tenants' quotas.</summary>
    public static void UseTenantQuotas(this WebApplication app, TenantKeys keys, TimeProvider time)
    {
        app.UseRateLimiter(
            new RateLimiterOptions
            {
                GlobalLimiter = new TenantRateLimiter(time),
                RejectionStatusCode = ErrorCode.QuotaExceeded.Status(),
                OnRejected = (rejected, _) => RejectAsync(rejected.HttpContext, rejected.Lease),
            }
        );
        app.Use((context, next) => CountAsync(context, keys, next));
    }

    private static async ValueTask RejectAsync(HttpContext context, RateLimitLease lease)
    {
        if (lease.TryGetMetadata(MetadataName.RetryAfter, out TimeSpan pause))
        {
            context.Response.Headers.RetryAfter = pause.TotalSeconds.ToString("0", CultureInfo.InvariantCulture);
        }

        lease.TryGetMetadata(TenantRateLimiter.Reason, out string? reason);
        await context.AnswerErrorAsync(ErrorCode.QuotaExceeded, reason ?? "quota: too many requests of this tenant");
    }

    /// <summary>
    /// Counts a request and its bytes. A rejected request is not counted: 429 beyond the tenant's quota, 411 if the
    /// request does not state its length. Requests without a tenant pass.
    /// </summary>
    private static async Task CountAsync(HttpContext context, TenantKeys keys, RequestDelegate next)
    {
        if (context.Features.Get<Tenant>() is not { } tenant)
        {
            await next(context);
        }
        else if (
            tenant.Quota.Bytes > 0
            && TenantAccess.IsWrite(context.Request)
            && context.Request.ContentLength is null
        )
        {
            await context.AnswerErrorAsync(
                ErrorCode.LengthRequired,
                "body: a tenant with a quota of bytes must say the length (Content-Length)"
            );
        }
        else if (!keys.TryUse(tenant, context.Request.ContentLength ?? 0))
        {
            context.Response.Headers.RetryAfter = "1";
            await context.AnswerErrorAsync(
                ErrorCode.QuotaExceeded,
                $"quota: the tenant's {tenant.Quota.Bytes} bytes are used up"
            );
        }
        else
        {
            await next(context);
        }
    }
}
