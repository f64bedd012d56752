namespace Meeda.Http;

/// <summary>What answering requests logs: ids 50 to 59, 220 to 239 and 300 to 319.</summary>
internal static partial class HttpLog
{
    [LoggerMessage(50, LogLevel.Error, "{Method} {Path} failed")]
    public static partial void RequestFailed(this ILogger logger, string method, string path, Exception failure);

    [LoggerMessage(220, LogLevel.Error, "{Method} failed: {Reason}")]
    public static partial void CallFailed(this ILogger logger, string method, string reason);

    [LoggerMessage(300, LogLevel.Warning, "{Method} {Path} was not served: {Reason}")]
    public static partial void NotServed(this ILogger logger, string method, string path, string reason);
}
