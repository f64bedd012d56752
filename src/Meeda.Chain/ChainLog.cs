namespace Meeda.Chain;

/// <summary>What reading L1 and its endpoints logs: ids 20 to 29 and 200 to 219.</summary>
internal static partial class ChainLog
{
    [LoggerMessage(20, LogLevel.Warning, "L1 reorganised: following anew from block {LastGood}")]
    public static partial void Reorganised(this ILogger logger, long lastGood);

    [LoggerMessage(23, LogLevel.Warning, "transaction {Hash} (nonce {Nonce}): {What}")]
    public static partial void TransactionOnItsWay(this ILogger logger, string hash, ulong nonce, string what);

    [LoggerMessage(24, LogLevel.Warning, "L1 endpoint {Endpoint} ({Host}) is not believed: {Reason}")]
    public static partial void EndpointNotBelieved(this ILogger logger, int endpoint, string host, string reason);

    [LoggerMessage(25, LogLevel.Information, "L1 endpoint {Endpoint} ({Host}) is believed again")]
    public static partial void EndpointBelieved(this ILogger logger, int endpoint, string host);

    [LoggerMessage(200, LogLevel.Warning, "{Work} waits: {Reason}; trying again")]
    public static partial void Waits(this ILogger logger, string work, string reason);

    [LoggerMessage(201, LogLevel.Error, "{Work} has waited for {Seconds} s: {Reason}; trying again")]
    public static partial void StillWaits(this ILogger logger, string work, long seconds, string reason);

    [LoggerMessage(202, LogLevel.Information, "{Work} goes on after {Seconds} s")]
    public static partial void WaitsNoMore(this ILogger logger, string work, long seconds);

    [LoggerMessage(207, LogLevel.Warning, "logs are read from block {Block} on: {Doubt}")]
    public static partial void StartInDoubt(this ILogger logger, ulong block, string doubt);

    [LoggerMessage(
        208,
        LogLevel.Warning,
        "logs are read from block {Block} on, where the contract was deployed, and not from block {Hint} "
            + "(FromBlock, --from-block), which is later"
    )]
    public static partial void StartTooLate(this ILogger logger, ulong block, ulong hint);

    [LoggerMessage(209, LogLevel.Error, "a log of {Operator} is left out: {Reason}")]
    public static partial void OddLog(this ILogger logger, string @operator, string reason);

    [LoggerMessage(
        210,
        LogLevel.Error,
        "anchors of {Operator} before anchor {Index} are missing here; L1 is read anew from block {Block} on"
    )]
    public static partial void AnchorsMissing(this ILogger logger, string @operator, uint index, ulong block);
}
