using Meeda.Storage.Redundancy;

namespace Meeda.Storage;

/// <summary>Log messages about row providers: ids 17, 240 to 259 and 280 to 299.</summary>
internal static partial class StorageLog
{
    [LoggerMessage(
        14,
        LogLevel.Warning,
        "Batch {BatchId} was read from other rows: {Missing} missing, {Wrong} corrupt"
    )]
    public static partial void RowsReconstructed(this ILogger logger, string batchId, int missing, int wrong);

    [LoggerMessage(17, LogLevel.Warning, "Provider {Provider} failed: {Reason}")]
    public static partial void ProviderRefused(this ILogger logger, string provider, string reason);

    /// <summary>Logs a provider's failure, except that it is being skipped, which was logged when that began.</summary>
    public static void ProviderRefused(this ILogger logger, IRowSource provider, IOException refused)
    {
        if (refused is not ProviderOutException)
        {
            logger.ProviderRefused(provider.Name, refused.Message);
        }
    }

    [LoggerMessage(
        240,
        LogLevel.Warning,
        "This system cannot sync a file system: batches that count as stored may be lost in a power cut; run on "
            + "Linux where that matters"
    )]
    public static partial void NotDurableHere(this ILogger logger);

    [LoggerMessage(
        280,
        LogLevel.Error,
        "Provider {Provider} does not answer: {Reason}; it is skipped until it answers, and its rows go elsewhere"
    )]
    public static partial void ProviderHangs(this ILogger logger, string provider, string reason);

    [LoggerMessage(281, LogLevel.Warning, "Provider {Provider} answers again")]
    public static partial void ProviderAnswers(this ILogger logger, string provider);

    [LoggerMessage(
        284,
        LogLevel.Warning,
        "Provider {Provider}: {Files} temporary files of interrupted writes are deleted"
    )]
    public static partial void StraysSwept(this ILogger logger, string provider, int files);

    [LoggerMessage(285, LogLevel.Warning, "Temporary files of provider {Provider} were not deleted: {Reason}")]
    public static partial void SweepFailed(this ILogger logger, string provider, string reason);

    [LoggerMessage(
        287,
        LogLevel.Error,
        "The ledger knows rows at {Store}, which is none of the configured providers: they count as missing"
    )]
    public static partial void StoreUnknown(this ILogger logger, string store);
}
