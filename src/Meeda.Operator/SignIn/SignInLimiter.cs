using System.Threading.RateLimiting;
using Meeda.Http;
using Microsoft.Extensions.Options;

namespace Meeda.Operator.SignIn;

/// <summary>
/// Limits sign-in requests, which need no key: per address and minute, and in total concurrently, since checking a
/// signature may take a call to L1.
/// </summary>
/// <param name="options">The limits.</param>
internal sealed class SignInLimiter(IOptions<SignInOptions> options) : IDisposable
{
    private const int AtOnce = 8;

    private readonly PartitionedRateLimiter<HttpContext> _addresses = PartitionedRateLimiter.Create<
        HttpContext,
        string
    >(context =>
        RateLimitPartition.GetFixedWindowLimiter(
            RequestClient.OfAddress(context.Connection.RemoteIpAddress),
            _ => new FixedWindowRateLimiterOptions
            {
                PermitLimit = options.Value.AttemptsPerMinute,
                Window = TimeSpan.FromMinutes(1),
            }
        )
    );

    private readonly ConcurrencyLimiter _all = new(new ConcurrencyLimiterOptions { PermitLimit = AtOnce });

    /// <summary>Counts a request of an address.</summary>
    /// <exception cref="DaException">The address exceeds its rate.</exception>
    public void Count(HttpContext context)
    {
        using RateLimitLease address = _addresses.AttemptAcquire(context);
        if (!address.IsAcquired)
        {
            context.Response.Headers.RetryAfter = "60";
            throw new DaException(
                ErrorCode.QuotaExceeded,
                $"sign-in: an address may ask {options.Value.AttemptsPerMinute} times a minute "
                    + "(Meeda__SignIn__AttemptsPerMinute)"
            );
        }
    }

    /// <summary>Admits a request after its body was read: from here on only L1 can be slow.</summary>
    /// <returns>A lease to dispose of when the request ends.</returns>
    /// <exception cref="DaException">Too many requests are being handled.</exception>
    public IDisposable Enter(HttpContext context)
    {
        RateLimitLease all = _all.AttemptAcquire();
        if (all.IsAcquired)
        {
            return all;
        }

        all.Dispose();
        context.Response.Headers.RetryAfter = "1";
        throw new DaException(ErrorCode.Overloaded, "sign-in: too many at once; try again");
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _addresses.Dispose();
        _all.Dispose();
    }
}
