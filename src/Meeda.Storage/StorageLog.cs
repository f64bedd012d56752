namespace Meeda.Storage;

/// <summary>What row providers log: ids 17, 240 to 259 and 280 to 299.</summary>
internal static partial class StorageLog
{
    [LoggerMessage(14, LogLevel.Warning, "batch {Id} was read from other rows: {Missing} missing, {Wrong} wrong")]
    public static partial void RowsReconstructed(this ILogger logger, string id, int missing, int wrong);

    [LoggerMessage(17, LogLevel.Warning, "provider {Provider} refused: {Reason}")]
    public static partial void ProviderRefused(this ILogger logger, string provider, string reason);

    [LoggerMessage(
        240,
        LogLevel.Warning,
        "this system cannot sync a file system: batches that count as stored may be lost in a power cut; run on "
            + "Linux where that matters"
    )]
    public static partial void NotDurableHere(this ILogger logger);

    [LoggerMessage(
        280,
        LogLevel.Error,
        "provider {Provider} hangs: {Reason}; it is left alone until it answers, and its rows go elsewhere"
    )]
    public static partial void ProviderHangs(this ILogger logger, string provider, string reason);

    [LoggerMessage(281, LogLevel.Warning, "provider {Provider} answers again")]
    public static partial void ProviderAnswers(this ILogger logger, string provider);

    [LoggerMessage(
        284,
        LogLevel.Warning,
        "provider {Provider}: {Files} temporary files of interrupted writes are deleted"
    )]
    public static partial void StraysSwept(this ILogger logger, string provider, int files);

    [LoggerMessage(285, LogLevel.Warning, "provider {Provider} was not swept of temporary files: {Reason}")]
    public static partial void SweepFailed(this ILogger logger, string provider, string reason);

    [LoggerMessage(
        287,
        LogLevel.Error,
        "the ledger knows rows at {Store}, which is none of the providers that the settings name: they count as missing"
    )]
    public static partial void StoreUnknown(this ILogger logger, string store);
}
