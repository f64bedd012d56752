namespace Meeda.Operator.Restoration;

/// <summary>Log messages about restored ledgers and about other machines with the same key: ids 312 to 319.</summary>
internal static partial class RestorationLog
{
    [LoggerMessage(
        312,
        LogLevel.Critical,
        "Another machine sends with the key of this operator: {Problem}. Nothing but proofs and publications is sent, "
            + "and no put is taken here, so that the two do not race. Stop all but one of them; where "
            + "this is the one to go on, stop it, run meeda restore --mark, and start it again"
    )]
    public static partial void AnotherMachine(this ILogger logger, string problem);

    [LoggerMessage(
        313,
        LogLevel.Warning,
        "The ledger may be older than what was done with its key ({Reason}): it is completed from L1 and the "
            + "providers before puts are taken or anything is sent"
    )]
    public static partial void RestorationBegins(this ILogger logger, string reason);

    [LoggerMessage(
        314,
        LogLevel.Information,
        "Using up the nonces of {Account} below {Nonce}, so that nothing which an earlier machine sent can still arrive"
    )]
    public static partial void TakingOver(this ILogger logger, string account, ulong nonce);

    [LoggerMessage(
        315,
        LogLevel.Information,
        "The ledger is complete as of block {Block}: {Batches} batches and {Objects} objects of after the backup were "
            + "found at the providers, and {Unreadable} batches that cannot be read"
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
        "Batch {BatchId} was promised after the backup, and too few of its rows can be read: it is not anchored until "
            + "its bytes are put again"
    )]
    public static partial void FoundBatchUnreadable(this ILogger logger, string batchId);

    [LoggerMessage(317, LogLevel.Warning, "{Provider}: the object {Object} is not used: {Reason}")]
    public static partial void ObjectNotUsed(this ILogger logger, string provider, string @object, string reason);

    [LoggerMessage(
        318,
        LogLevel.Warning,
        "{Where}: batch {BatchId} is not used: neither this ledger nor L1 knows it, and it has no label that this "
            + "operator made, or a damaged one"
    )]
    public static partial void FoundBatchNotOurs(this ILogger logger, string where, string batchId);

    [LoggerMessage(
        319,
        LogLevel.Error,
        "Provider {Provider} cannot be searched for batches of after the backup: {Reason}"
    )]
    public static partial void ProviderNotSearched(this ILogger logger, string provider, string reason);

    [LoggerMessage(340, LogLevel.Information, "Batch {BatchId} of after the backup can be read now")]
    public static partial void FoundBatchWhole(this ILogger logger, string batchId);
}
