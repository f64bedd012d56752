namespace Meeda.Operator;

/// <summary>What the operator logs.</summary>
internal static partial class OperatorLog
{
    [LoggerMessage(10, LogLevel.Information, "batch {Id} stored: {Bytes} bytes in {Blobs} blobs")]
    public static partial void BatchStored(this ILogger logger, string id, int bytes, int blobs);

    [LoggerMessage(11, LogLevel.Error, "a batch could not be made durable; its client was told so")]
    public static partial void StoreFailed(this ILogger logger, Exception failure);

    [LoggerMessage(12, LogLevel.Critical, "batch {Id} is AT RISK: its rows are missing")]
    public static partial void RowsMissing(this ILogger logger, string id);

    [LoggerMessage(13, LogLevel.Critical, "batch {Id} is AT RISK: its rows do not match its commitments")]
    public static partial void RowsCorrupt(this ILogger logger, string id);

    [LoggerMessage(
        15,
        LogLevel.Warning,
        "batch {Id}: {Missing} rows were missing, {Wrong} wrong; {Repaired} are written anew"
    )]
    public static partial void RowsRepaired(this ILogger logger, string id, int missing, int wrong, int repaired);

    [LoggerMessage(
        16,
        LogLevel.Critical,
        "batch {Id} cannot be put together: of {Rows} rows {Missing} are missing and {Wrong} wrong"
    )]
    public static partial void BatchLost(this ILogger logger, string id, int missing, int wrong, int rows);

    [LoggerMessage(18, LogLevel.Error, "the scrub failed: {Reason}; it goes on at its next look")]
    public static partial void ScrubFailed(this ILogger logger, string reason);

    [LoggerMessage(
        19,
        LogLevel.Error,
        "batch {Id}: the payload held in the ledger is not the one that was put; it is read from its rows"
    )]
    public static partial void HeldPayloadCorrupt(this ILogger logger, string id);

    [LoggerMessage(
        22,
        LogLevel.Error,
        "the balance of {Account} is {Balance} ether, below the alarm at {Alarm}: without ether no anchors and no "
            + "proofs"
    )]
    public static partial void BalanceLow(this ILogger logger, string account, string balance, string alarm);

    [LoggerMessage(30, LogLevel.Information, "anchoring {Batches} batches, {Blobs} blobs")]
    public static partial void Anchoring(this ILogger logger, int batches, int blobs);

    [LoggerMessage(31, LogLevel.Information, "anchored in transaction {Transaction}, block {Block}, {Gas} gas")]
    public static partial void Anchored(this ILogger logger, string transaction, ulong block, ulong gas);

    [LoggerMessage(40, LogLevel.Information, "proving epoch {Epoch}: {Samples} samples of blobs {Lo} to {Hi}")]
    public static partial void Proving(this ILogger logger, ulong epoch, int samples, ulong lo, ulong hi);

    [LoggerMessage(
        41,
        LogLevel.Information,
        "epoch {Epoch} proven in transaction {Transaction}, block {Block}, {Gas} gas"
    )]
    public static partial void Proven(this ILogger logger, ulong epoch, string transaction, ulong block, ulong gas);

    [LoggerMessage(42, LogLevel.Critical, "epoch {Epoch} cannot be proven: {Reason}")]
    public static partial void ProvingFailed(this ILogger logger, ulong epoch, string reason);

    [LoggerMessage(
        75,
        LogLevel.Warning,
        "blob {Position} is demanded (demand {Demand}): publishing it on L1 until block {Deadline}"
    )]
    public static partial void Publishing(this ILogger logger, ulong demand, ulong position, ulong deadline);

    [LoggerMessage(76, LogLevel.Warning, "demand {Demand} answered in transaction {Transaction}, block {Block}")]
    public static partial void PublishedBlob(this ILogger logger, ulong demand, string transaction, ulong block);

    [LoggerMessage(
        77,
        LogLevel.Critical,
        "demand {Demand} is NOT ANSWERED yet: {Reason}; the stake is at risk, trying again"
    )]
    public static partial void PublishingFailed(this ILogger logger, ulong demand, string reason);

    [LoggerMessage(
        80,
        LogLevel.Error,
        "batch {Id} stays in the ledger alone, since too few providers take it: {Reason}; trying again"
    )]
    public static partial void PlacingRefused(this ILogger logger, string id, string reason);

    [LoggerMessage(81, LogLevel.Error, "placing failed: {Reason}; trying again")]
    public static partial void PlacingFailed(this ILogger logger, string reason);

    [LoggerMessage(82, LogLevel.Information, "batch {Id} had expired and is given up")]
    public static partial void GivenUp(this ILogger logger, string id);

    [LoggerMessage(83, LogLevel.Error, "clearing expired batches away failed: {Reason}; it goes on at the next look")]
    public static partial void RetentionFailed(this ILogger logger, string reason);

    [LoggerMessage(84, LogLevel.Warning, "{What}")]
    public static partial void LeaseChanged(this ILogger logger, string what);

    [LoggerMessage(85, LogLevel.Error, "the lease could not be asked for: {Reason}")]
    public static partial void LeaseUnreachable(this ILogger logger, string reason);

    [LoggerMessage(86, LogLevel.Warning, "looking after packed objects failed: {Reason}; it goes on at the next look")]
    public static partial void UpkeepFailed(this ILogger logger, string reason);

    [LoggerMessage(
        90,
        LogLevel.Error,
        "FAILOVER: puts are answered 503 from now on, so that batchers post to L1: {Reason}"
    )]
    public static partial void FailoverBegins(this ILogger logger, string reason);

    [LoggerMessage(91, LogLevel.Warning, "failover is over: puts are taken again")]
    public static partial void FailoverEnds(this ILogger logger);

    [LoggerMessage(203, LogLevel.Error, "{Operator} cannot anchor: {Reason}; puts are refused until that changes")]
    public static partial void CannotAnchor(this ILogger logger, string @operator, string reason);

    [LoggerMessage(204, LogLevel.Warning, "{Operator} can anchor again: puts are taken")]
    public static partial void CanAnchorAgain(this ILogger logger, string @operator);

    [LoggerMessage(
        205,
        LogLevel.Warning,
        "the L1 endpoint names no final block: until it does, no batch counts as final and none is given up"
    )]
    public static partial void NothingFinal(this ILogger logger);

    [LoggerMessage(
        206,
        LogLevel.Error,
        "the L1 endpoint calls block {Block} final, and it is not on its chain: not believed"
    )]
    public static partial void FinalNotBelieved(this ILogger logger, ulong block);

    [LoggerMessage(212, LogLevel.Warning, "the balance of {Account} could not be read: {Reason}")]
    public static partial void BalanceUnknown(this ILogger logger, string account, string reason);

    [LoggerMessage(
        241,
        LogLevel.Warning,
        "{File} may be read by other users of this machine ({Setting}); run: chmod 600 {File}"
    )]
    public static partial void SecretReadable(this ILogger logger, string file, string setting);

    [LoggerMessage(
        260,
        LogLevel.Critical,
        "batch {Id} is AT RISK: it is not at its providers, and its payload in the ledger is missing or not the "
            + "one that was put; the next put of it stores it again"
    )]
    public static partial void PayloadLost(this ILogger logger, string id);

    [LoggerMessage(
        261,
        LogLevel.Warning,
        "L1's final block went from {FinalBefore} to {Final} while blocks {TipBefore} to {Tip} were followed: "
            + "nothing is given up before another look"
    )]
    public static partial void FinalJumped(
        this ILogger logger,
        ulong finalBefore,
        ulong final,
        ulong tipBefore,
        ulong tip
    );

    [LoggerMessage(
        262,
        LogLevel.Warning,
        "batch {Id} is anchored for this operator and was not in its ledger: it is read from the rows at its providers"
    )]
    public static partial void BatchRebuilt(this ILogger logger, string id);

    [LoggerMessage(
        263,
        LogLevel.Warning,
        "{Setting} is not what it was at the last start: rows of earlier batches are looked for at the places "
            + "named now, and the scrub moves them ({Change})"
    )]
    public static partial void PlacesChanged(this ILogger logger, string setting, string change);

    [LoggerMessage(
        264,
        LogLevel.Information,
        "the ledger is bound to chain {ChainId}, contract {Contract} and account {Account}"
    )]
    public static partial void LedgerBound(this ILogger logger, ulong chainId, string contract, string account);

    [LoggerMessage(282, LogLevel.Error, "{Round} has taken {Seconds:0} s and is not over: {Cause}")]
    public static partial void RoundOverdue(this ILogger logger, string round, double seconds, string cause);

    [LoggerMessage(
        283,
        LogLevel.Warning,
        "batch {Id} is given up, and rows of it are left at {Providers}; they are deleted later"
    )]
    public static partial void RowsLeftOver(this ILogger logger, string id, string providers);

    [LoggerMessage(
        286,
        LogLevel.Warning,
        "provider {Provider} does not take conditional puts ({Reason}): names are looked for before they are put"
    )]
    public static partial void PutsUnconditionally(this ILogger logger, string provider, string reason);

    [LoggerMessage(288, LogLevel.Warning, "not ready: {Reason}")]
    public static partial void NotReady(this ILogger logger, string reason);

    [LoggerMessage(289, LogLevel.Warning, "ready again")]
    public static partial void ReadyAgain(this ILogger logger);
}
