namespace Meeda.Http;

/// <summary>What answering requests logs: ids 50 to 59, 220 to 239, 300 and 320 to 329.</summary>
internal static partial class HttpLog
{
    [LoggerMessage(50, LogLevel.Error, "{Method} {Path} failed")]
    public static partial void RequestFailed(this ILogger logger, string method, string path, Exception failure);

    [LoggerMessage(220, LogLevel.Error, "{Method} failed: {Reason}")]
    public static partial void CallFailed(this ILogger logger, string method, string reason);

    [LoggerMessage(300, LogLevel.Warning, "{Method} {Path} was not served: {Reason}")]
    public static partial void NotServed(this ILogger logger, string method, string path, string reason);

    [LoggerMessage(320, LogLevel.Information, "Certificate of {File} loaded; it expires at {Expiry:u}")]
    public static partial void CertificateLoaded(this ILogger logger, string file, DateTimeOffset expiry);

    [LoggerMessage(321, LogLevel.Warning, "Certificate of {File} expires at {Expiry:u}; renew it")]
    public static partial void CertificateExpires(this ILogger logger, string file, DateTimeOffset expiry);

    [LoggerMessage(322, LogLevel.Warning, "The new certificate cannot be used, the old one stays: {Reason}")]
    public static partial void CertificateUnusable(this ILogger logger, string reason);
}
