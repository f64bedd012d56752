using System.Net;
using System.Text.Json;
using System.Text.RegularExpressions;

namespace Meeda.L1.Rpc;

/// <summary>
/// How long a rate-limited endpoint is not called: as long as it asked for, or twice as long with each rejection in a
/// row, with jitter.
/// </summary>
internal sealed partial class RateLimit(TimeProvider time)
{
    /// <summary>A call that would have to wait longer fails at once.</summary>
    public static readonly TimeSpan LongestWait = TimeSpan.FromSeconds(30);

    private static readonly TimeSpan FirstPause = TimeSpan.FromMilliseconds(250);

    // The maximum pause, whatever the endpoint requests.
    private static readonly TimeSpan LongestPause = TimeSpan.FromMinutes(5);

    private const string Rates =
        "rate.?limit|call rate|request rate|rate exceeded|too many requests|per "
        + "second|throughput|capacity|request count|requests?.?limit|quota|credits|compute units?|throttl";

    private readonly Lock _gate = new();
    private int _refusals;
    private long _askedAt;
    private TimeSpan _pause;

    /// <summary>The remaining pause; zero if the endpoint may be called.</summary>
    public TimeSpan Pause
    {
        get
        {
            lock (_gate)
            {
                TimeSpan left = _pause - time.GetElapsedTime(_askedAt);
                return left > TimeSpan.Zero ? left : TimeSpan.Zero;
            }
        }
    }

    /// <summary>Whether a method requests logs, which endpoints also reject for their number.</summary>
    public static bool IsLogQuery(string method) => method == "eth_getLogs";

    /// <summary>
    /// Whether an error reports a rate limit. Providers use the same codes for log queries that request too much; for
    /// those the message decides.
    /// </summary>
    public static bool IsMeantBy(string method, int code, string message, HttpStatusCode status)
    {
        if (IsLogQuery(method))
        {
            return RateWords().IsMatch(message) && !RangeWords().IsMatch(message);
        }

        // 429: Alchemy and others; -32005: EIP-1474, Infura; -32007: QuickNode; -32029, -32090, -32097: gateways.
        return status == HttpStatusCode.TooManyRequests
            || code is 429 or -32005 or -32007 or -32029 or -32090 or -32097
            || RateWords().IsMatch(message);
    }

    /// <summary>
    /// The pause that the header Retry-After asks for, in seconds or as a date (RFC 9110, 10.2.3); null where there
    /// is none.
    /// </summary>
    public TimeSpan? AskedFor(HttpResponseMessage response) =>
        response.Headers.RetryAfter switch
        {
            { Delta: { } delta } => delta,
            { Date: { } date } => date - time.GetUtcNow(),
            _ => null,
        };

    /// <summary>
    /// The pause that an error's data asks for (<c>rate.backoff_seconds</c>, Infura); null where there is none.
    /// </summary>
    public static TimeSpan? AskedFor(JsonElement data) =>
        data.ValueKind == JsonValueKind.Object
        && data.TryGetProperty("rate", out JsonElement rate)
        && rate.ValueKind == JsonValueKind.Object
        && rate.TryGetProperty("backoff_seconds", out JsonElement seconds)
        && seconds.ValueKind == JsonValueKind.Number
        && seconds.TryGetDouble(out double value)
        && value is > 0 and < 1e6
            ? TimeSpan.FromSeconds(value)
            : null;

    /// <summary>Waits until the endpoint may be called.</summary>
    /// <exception cref="L1UnreachableException">That is longer than <see cref="LongestWait"/>.</exception>
    public async Task WaitAsync(string method, CancellationToken cancellationToken)
    {
        TimeSpan pause = Pause;
        if (pause > LongestWait)
        {
            throw new L1UnreachableException(
                $"{method}: the endpoint asked for fewer calls, and is left alone for {pause.TotalSeconds:0} s more"
            )
            {
                Problem = L1Problem.RateLimit,
            };
        }

        if (pause > TimeSpan.Zero)
        {
            await Task.Delay(pause, time, cancellationToken);
        }
    }

    /// <summary>Records that a call was answered.</summary>
    public void Passed()
    {
        lock (_gate)
        {
            _refusals = 0;
        }
    }

    /// <summary>Records a rate limit.</summary>
    /// <param name="asked">The pause that it asked for, or null.</param>
    public void Refused(TimeSpan? asked)
    {
        lock (_gate)
        {
            _refusals = Math.Min(_refusals + 1, 8);
            TimeSpan growing = FirstPause * (1 << _refusals) * (0.75 + (Random.Shared.NextDouble() / 2));
            TimeSpan pause =
                asked is { Ticks: > 0 } said ? said
                : growing < LongestWait ? growing
                : LongestWait;
            _pause = pause < LongestPause ? pause : LongestPause;
            _askedAt = time.GetTimestamp();
        }
    }

    [GeneratedRegex(Rates, RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex RateWords();

    [GeneratedRegex(
        @"\brange\b|\bblocks?\b|\blogs\b|results|response|more than|too large",
        RegexOptions.IgnoreCase | RegexOptions.CultureInvariant
    )]
    private static partial Regex RangeWords();
}
