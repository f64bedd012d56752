namespace Meeda.L1.Rpc;

/// <summary>When a <see cref="RedundantRpc"/> trusts an endpoint.</summary>
public sealed record RedundantRpcOptions
{
    /// <summary>
    /// How long the agreed head is reused before the endpoints are polled again. Default 1 s, a twelfth of a slot.
    /// </summary>
    public TimeSpan HeadInterval { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>
    /// How long an endpoint may take to report its head before it counts as unreachable. Default 5 s.
    /// </summary>
    public TimeSpan HeadLimit { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>
    /// How far a head's timestamp may be ahead of this machine's clock. Default one minute, for clock skew; an invented
    /// head far in the future exceeds it.
    /// </summary>
    public TimeSpan FutureTolerance { get; init; } = TimeSpan.FromMinutes(1);

    /// <summary>
    /// How much older an endpoint's head may be than another's before the endpoint is excluded as stale. Default 3
    /// minutes, fifteen slots.
    /// </summary>
    public TimeSpan StaleAfter { get; init; } = TimeSpan.FromMinutes(3);

    /// <summary>
    /// How many blocks below their heads the endpoints are searched for a common block. Default 64: no reorganisation
    /// since the merge was that deep.
    /// </summary>
    public int DeepestFork { get; init; } = 64;

    /// <summary>Called when an endpoint starts or stops being trusted, or null.</summary>
    public Action<EndpointNotice>? Observer { get; init; }
}

/// <summary>A change of an endpoint's state.</summary>
/// <param name="Endpoint">Its index among the endpoints, from 0.</param>
/// <param name="Problem">Why it is not trusted; null if it is trusted again.</param>
public sealed record EndpointNotice(int Endpoint, string? Problem);
