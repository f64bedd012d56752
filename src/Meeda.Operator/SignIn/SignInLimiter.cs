using System.Threading.RateLimiting;
using Meeda.Http;
using Microsoft.Extensions.Options;

namespace Meeda.Operator.SignIn;

/// <summary>
/// How often anybody may ask to sign in: without a key, each address some times a minute, and all a few at once, since
/// a signature may have to be asked of L1.
/// </summary>
/// <param name="options">How often.</param>
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
    /// <exception cref="DaException">It comes too soon.</exception>
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

    /// <summary>Lets a request in whose body is read: what is slow about it from here on is L1.</summary>
    /// <returns>To be disposed of when the request is over.</returns>
    /// <exception cref="DaException">There are too many.</exception>
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
