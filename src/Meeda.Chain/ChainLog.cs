namespace Meeda.Chain;

/// <summary>Log messages about L1 and its endpoints: ids 20 to 29 and 200 to 219.</summary>
internal static partial class ChainLog
{
    [LoggerMessage(20, LogLevel.Warning, "L1 reorganised: following it again from block {LastGood}")]
    public static partial void Reorganised(this ILogger logger, long lastGood);

    [LoggerMessage(23, LogLevel.Warning, "Transaction {Hash} (nonce {Nonce}): {Event}")]
    public static partial void TransactionOnItsWay(this ILogger logger, string hash, ulong nonce, string @event);

    [LoggerMessage(24, LogLevel.Warning, "L1 endpoint {Endpoint} ({Host}) is excluded from the quorum: {Reason}")]
    public static partial void EndpointExcluded(this ILogger logger, int endpoint, string host, string reason);

    [LoggerMessage(25, LogLevel.Information, "L1 endpoint {Endpoint} ({Host}) is back in the quorum")]
    public static partial void EndpointReadmitted(this ILogger logger, int endpoint, string host);

    [LoggerMessage(26, LogLevel.Information, "Read L1 up to block {Block} of {Head}")]
    public static partial void CatchingUp(this ILogger logger, ulong block, ulong head);

    [LoggerMessage(200, LogLevel.Warning, "{Work} waits: {Reason}; retrying")]
    public static partial void Waits(this ILogger logger, string work, string reason);

    [LoggerMessage(201, LogLevel.Error, "{Work} has waited for {Seconds} s: {Reason}; retrying")]
    public static partial void StillWaits(this ILogger logger, string work, long seconds, string reason);

    [LoggerMessage(202, LogLevel.Information, "{Work} continues after {Seconds} s")]
    public static partial void WaitsNoMore(this ILogger logger, string work, long seconds);

    [LoggerMessage(
        205,
        LogLevel.Warning,
        "The L1 endpoint names no final block: until it does, no batch counts as final and none is deleted"
    )]
    public static partial void NothingFinal(this ILogger logger);

    [LoggerMessage(
        206,
        LogLevel.Error,
        "The L1 endpoint calls block {Block} final, and it is not on its chain: ignored"
    )]
    public static partial void FinalBlockRejected(this ILogger logger, ulong block);

    [LoggerMessage(207, LogLevel.Warning, "Logs are read from block {Block} on: {Doubt}")]
    public static partial void StartInDoubt(this ILogger logger, ulong block, string doubt);

    [LoggerMessage(
        208,
        LogLevel.Warning,
        "Logs are read from block {Block} on, where the contract was deployed, not from the later block {Hint} "
            + "(FromBlock, --from-block)"
    )]
    public static partial void StartTooLate(this ILogger logger, ulong block, ulong hint);

    [LoggerMessage(209, LogLevel.Error, "A log of {Operator} is skipped: {Reason}")]
    public static partial void OddLog(this ILogger logger, string @operator, string reason);

    [LoggerMessage(
        210,
        LogLevel.Error,
        "Anchors of {Operator} before anchor {Index} are missing; reading L1 again from block {Block}"
    )]
    public static partial void AnchorsMissing(this ILogger logger, string @operator, uint index, ulong block);
}
