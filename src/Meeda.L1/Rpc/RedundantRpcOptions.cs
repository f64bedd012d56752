namespace Meeda.L1.Rpc;

/// <summary>When a <see cref="RedundantRpc"/> trusts an endpoint.</summary>
public sealed record RedundantRpcOptions
{
    /// <summary>How long a check at the heads holds. Default 1 s, a twelfth of a slot.</summary>
    public TimeSpan HeadInterval { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>
    /// How long an endpoint may take to report its head before it counts as unreachable. Default 5 s.
    /// </summary>
    public TimeSpan HeadLimit { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>
    /// How much later than this machine's clock a head may say that it is. Default one minute: clocks differ; a head
    /// that is made up far ahead is later.
    /// </summary>
    public TimeSpan FutureTolerance { get; init; } = TimeSpan.FromMinutes(1);

    /// <summary>
    /// By how much an endpoint's head may be older than another's before it is left out as behind. Default 3 minutes,
    /// fifteen slots.
    /// </summary>
    public TimeSpan StaleAfter { get; init; } = TimeSpan.FromMinutes(3);

    /// <summary>
    /// How many blocks below the heads endpoints must agree at least. Default 64: no reorganisation since the merge
    /// went as deep.
    /// </summary>
    public int DeepestFork { get; init; } = 64;

    /// <summary>Hears when an endpoint is trusted or not trusted any more; null for no one.</summary>
    public Action<EndpointNotice>? Observer { get; init; }
}

/// <summary>The change of an endpoint's state.</summary>
/// <param name="Endpoint">Its place among the endpoints, from 0.</param>
/// <param name="Problem">Why it is not trusted; null where it is trusted again.</param>
public sealed record EndpointNotice(int Endpoint, string? Problem);
