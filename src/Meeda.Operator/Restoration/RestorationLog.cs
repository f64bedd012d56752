namespace Meeda.Operator.Restoration;

/// <summary>Log messages about restored ledgers and about other machines with the same key: ids 312 to 319.</summary>
internal static partial class RestorationLog
{
    [LoggerMessage(
        312,
        LogLevel.Critical,
        "Another machine sends with this operator's key: {Problem}. Only proofs and publications are sent, "
            + "and puts are rejected here, so that the two do not race. Stop all but one of them; if "
            + "this one is to continue, stop it, run meeda restore --mark, and start it again"
    )]
    public static partial void AnotherMachine(this ILogger logger, string problem);

    [LoggerMessage(
        313,
        LogLevel.Warning,
        "The ledger may be older than the last use of its key ({Reason}): completing it from L1 and the "
            + "providers before accepting puts or sending anything"
    )]
    public static partial void RestorationBegins(this ILogger logger, string reason);

    [LoggerMessage(
        314,
        LogLevel.Information,
        "Using up the nonces of {Account} below {Nonce}, so that no earlier machine's transaction can be mined"
    )]
    public static partial void TakingOver(this ILogger logger, string account, ulong nonce);

    [LoggerMessage(
        315,
        LogLevel.Information,
        "The ledger is complete as of block {Block}: {Batches} batches and {Objects} objects since the backup were "
            + "found at the providers, and {Unreadable} batches cannot be read"
    )]
    public static partial void RestorationOver(
        this ILogger logger,
        ulong block,
        int batches,
        int unreadable,
        int objects
    );

    [LoggerMessage(
        316,
        LogLevel.Critical,
        "Batch {BatchId} was acknowledged after the backup, but too few rows can be read: it is not anchored until "
            + "its rows can be read or its bytes are put again"
    )]
    public static partial void FoundBatchUnreadable(this ILogger logger, string batchId);

    [LoggerMessage(317, LogLevel.Warning, "{Provider}: ignoring the object {Object}: {Reason}")]
    public static partial void ObjectNotUsed(this ILogger logger, string provider, string @object, string reason);

    [LoggerMessage(
        318,
        LogLevel.Warning,
        "{Where}: ignoring batch {BatchId}: neither this ledger nor L1 knows it, and it has no intact label that this "
            + "operator made"
    )]
    public static partial void FoundBatchNotOurs(this ILogger logger, string where, string batchId);

    [LoggerMessage(
        319,
        LogLevel.Error,
        "Provider {Provider} cannot be searched for batches from after the backup: {Reason}"
    )]
    public static partial void ProviderNotSearched(this ILogger logger, string provider, string reason);

    [LoggerMessage(340, LogLevel.Information, "Batch {BatchId} from after the backup can be read now")]
    public static partial void FoundBatchWhole(this ILogger logger, string batchId);
}
