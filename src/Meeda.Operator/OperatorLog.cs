namespace Meeda.Operator;

/// <summary>Log messages of the operator.</summary>
internal static partial class OperatorLog
{
    [LoggerMessage(10, LogLevel.Information, "Batch {BatchId} stored: {Bytes} bytes in {Blobs} blobs")]
    public static partial void BatchStored(this ILogger logger, string batchId, int bytes, int blobs);

    [LoggerMessage(11, LogLevel.Error, "A batch could not be made durable; its client got an error")]
    public static partial void RecordFailure(this ILogger logger, Exception failure);

    [LoggerMessage(12, LogLevel.Critical, "Batch {BatchId} cannot be read: too few rows are available")]
    public static partial void RowsMissing(this ILogger logger, string batchId);

    [LoggerMessage(13, LogLevel.Critical, "Batch {BatchId} cannot be read: its rows do not match its commitments")]
    public static partial void RowsCorrupt(this ILogger logger, string batchId);

    [LoggerMessage(
        15,
        LogLevel.Warning,
        "Batch {BatchId}: {Missing} rows were missing, {Wrong} corrupt; {Repaired} repaired"
    )]
    public static partial void RowsRepaired(this ILogger logger, string batchId, int missing, int wrong, int repaired);

    [LoggerMessage(
        16,
        LogLevel.Critical,
        "Batch {BatchId} is unrecoverable: {Missing} of {Rows} rows missing, {Wrong} corrupt"
    )]
    public static partial void BatchLost(this ILogger logger, string batchId, int missing, int wrong, int rows);

    [LoggerMessage(
        19,
        LogLevel.Error,
        "Batch {BatchId}: the payload in the ledger is corrupt; reading it from its rows"
    )]
    public static partial void HeldPayloadCorrupt(this ILogger logger, string batchId);

    [LoggerMessage(
        22,
        LogLevel.Error,
        "The balance of {Account} is {Balance} ether, below the alarm at {Alarm}: without ether there are no "
            + "anchors and no proofs"
    )]
    public static partial void BalanceLow(this ILogger logger, string account, string balance, string alarm);

    [LoggerMessage(30, LogLevel.Information, "Anchoring {Batches} batches, {Blobs} blobs")]
    public static partial void Anchoring(this ILogger logger, int batches, int blobs);

    [LoggerMessage(31, LogLevel.Information, "Anchored in transaction {Transaction}, block {Block}, {Gas} gas")]
    public static partial void Anchored(this ILogger logger, string transaction, ulong block, ulong gas);

    [LoggerMessage(40, LogLevel.Information, "Proving epoch {Epoch}: {Samples} samples of blobs {Lo} to {Hi}")]
    public static partial void Proving(this ILogger logger, ulong epoch, int samples, ulong lo, ulong hi);

    [LoggerMessage(
        41,
        LogLevel.Information,
        "Epoch {Epoch} proven in transaction {Transaction}, block {Block}, {Gas} gas"
    )]
    public static partial void Proven(this ILogger logger, ulong epoch, string transaction, ulong block, ulong gas);

    [LoggerMessage(42, LogLevel.Critical, "Epoch {Epoch} cannot be proven: {Reason}")]
    public static partial void ProvingFailed(this ILogger logger, ulong epoch, string reason);

    [LoggerMessage(
        75,
        LogLevel.Warning,
        "Blob {Position} is demanded (demand {Demand}): publishing it on L1 until block {Deadline}"
    )]
    public static partial void Publishing(this ILogger logger, ulong demand, ulong position, ulong deadline);

    [LoggerMessage(76, LogLevel.Warning, "Demand {Demand} answered in transaction {Transaction}, block {Block}")]
    public static partial void PublishedBlob(this ILogger logger, ulong demand, string transaction, ulong block);

    [LoggerMessage(
        77,
        LogLevel.Critical,
        "Demand {Demand} is not answered yet: {Reason}; the stake is at risk, retrying"
    )]
    public static partial void PublishingFailed(this ILogger logger, ulong demand, string reason);

    [LoggerMessage(
        80,
        LogLevel.Error,
        "Batch {BatchId} stays in the ledger alone, since too few providers accept it: {Reason}; retrying"
    )]
    public static partial void PlacingRefused(this ILogger logger, string batchId, string reason);

    [LoggerMessage(82, LogLevel.Information, "Batch {BatchId} has expired and is deleted")]
    public static partial void GivenUp(this ILogger logger, string batchId);

    [LoggerMessage(84, LogLevel.Warning, "This operator leads now: it follows L1, anchors and proves")]
    public static partial void LeaseTaken(this ILogger logger);

    [LoggerMessage(87, LogLevel.Warning, "Another operator leads: this one accepts batches and serves them")]
    public static partial void LeaseLost(this ILogger logger);

    [LoggerMessage(85, LogLevel.Error, "The lease could not be requested: {Reason}")]
    public static partial void LeaseUnreachable(this ILogger logger, string reason);

    [LoggerMessage(
        90,
        LogLevel.Error,
        "Failover: puts are answered 503 from now on, so that batchers post to L1: {Reason}"
    )]
    public static partial void FailoverBegins(this ILogger logger, string reason);

    [LoggerMessage(91, LogLevel.Warning, "Failover is over: puts are accepted again")]
    public static partial void FailoverEnds(this ILogger logger);

    [LoggerMessage(203, LogLevel.Error, "{Operator} cannot anchor: {Reason}; puts are refused until that changes")]
    public static partial void CannotAnchor(this ILogger logger, string @operator, string reason);

    [LoggerMessage(204, LogLevel.Warning, "{Operator} can anchor again: puts are accepted")]
    public static partial void CanAnchorAgain(this ILogger logger, string @operator);

    [LoggerMessage(
        290,
        LogLevel.Warning,
        "{Operator}: half of what its stake carries is used, {Live} of {Most} live blobs; puts beyond it are refused"
    )]
    public static partial void CapacityHalfFull(this ILogger logger, string @operator, ulong live, ulong most);

    [LoggerMessage(212, LogLevel.Warning, "The balance of {Account} could not be read: {Reason}")]
    public static partial void BalanceUnknown(this ILogger logger, string account, string reason);

    [LoggerMessage(
        241,
        LogLevel.Warning,
        "{File} can be read by other users of this machine ({Setting}); run: chmod 600 {File}"
    )]
    public static partial void SecretReadable(this ILogger logger, string file, string setting);

    [LoggerMessage(
        260,
        LogLevel.Critical,
        "Batch {BatchId} is at risk: it is not at its providers, and its payload in the ledger is missing or "
            + "corrupt; the next put of it stores it again"
    )]
    public static partial void PayloadLost(this ILogger logger, string batchId);

    [LoggerMessage(
        261,
        LogLevel.Warning,
        "L1's final block went from {FinalBefore} to {Final} while blocks {TipBefore} to {Tip} were followed: "
            + "nothing is deleted before it is confirmed"
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
        "Batch {BatchId} is anchored for this operator and was not in its ledger: reading it from the rows at its "
            + "providers"
    )]
    public static partial void BatchRebuilt(this ILogger logger, string batchId);

    [LoggerMessage(
        263,
        LogLevel.Warning,
        "{Setting} has changed since the last start: rows of earlier batches are looked up at the places named now, "
            + "and the scrub moves them ({Change})"
    )]
    public static partial void PlacesChanged(this ILogger logger, string setting, string change);

    [LoggerMessage(
        264,
        LogLevel.Information,
        "The ledger is bound to chain {ChainId}, contract {Contract} and account {Account}"
    )]
    public static partial void LedgerBound(this ILogger logger, ulong chainId, string contract, string account);

    [LoggerMessage(282, LogLevel.Error, "Overdue: {Round} has taken {Seconds:0} s and is not over: {Cause}")]
    public static partial void RoundOverdue(this ILogger logger, string round, double seconds, string cause);

    [LoggerMessage(
        283,
        LogLevel.Warning,
        "Batch {BatchId} is deleted, except for rows at {Providers}; they are deleted later"
    )]
    public static partial void RowsLeftOver(this ILogger logger, string batchId, string providers);

    [LoggerMessage(
        286,
        LogLevel.Warning,
        "Provider {Provider} does not support conditional puts ({Reason}): names are looked up before they are put"
    )]
    public static partial void PutsUnconditionally(this ILogger logger, string provider, string reason);

    [LoggerMessage(288, LogLevel.Warning, "Not ready: {Reason}")]
    public static partial void NotReady(this ILogger logger, string reason);

    [LoggerMessage(289, LogLevel.Warning, "Ready again")]
    public static partial void ReadyAgain(this ILogger logger);

    [LoggerMessage(291, LogLevel.Information, "Account operation: {Effect} (transaction {Transaction})")]
    public static partial void OperationSent(this ILogger logger, string effect, string transaction);

    [LoggerMessage(
        294,
        LogLevel.Warning,
        "Batch {BatchId} is anchored unpaid, since it is promised: rollup {Rollup} does not cover it: {Reason}"
    )]
    public static partial void AnchoredUnpaid(this ILogger logger, string batchId, string rollup, string reason);

    [LoggerMessage(295, LogLevel.Information, "Settled {Epochs} epochs, {Amount} (transaction {Transaction})")]
    public static partial void Settled(this ILogger logger, int epochs, string amount, string transaction);

    [LoggerMessage(
        296,
        LogLevel.Information,
        "Paid out {Amount} from the {Contract} contract to {Owner} (transaction {Transaction})"
    )]
    public static partial void PaidOut(
        this ILogger logger,
        string amount,
        string contract,
        string owner,
        string transaction
    );

    [LoggerMessage(292, LogLevel.Warning, "Account operation {Kind} failed: {Reason}")]
    public static partial void OperationFailed(this ILogger logger, string kind, string reason);

    [LoggerMessage(
        301,
        LogLevel.Information,
        "Bounties paid {Ether}: {Blobs} blobs carried in transaction {Transaction}, block {Block}"
    )]
    public static partial void BountiesPaid(
        this ILogger logger,
        string ether,
        int blobs,
        string transaction,
        ulong block
    );

    [LoggerMessage(
        302,
        LogLevel.Warning,
        "Bounties paid {Paid} of {Expected}, another account was faster: {Blobs} blobs published in transaction "
            + "{Transaction}, block {Block}"
    )]
    public static partial void BountiesPaidInPart(
        this ILogger logger,
        string paid,
        string expected,
        int blobs,
        string transaction,
        ulong block
    );

    [LoggerMessage(303, LogLevel.Warning, "Bounties of {Ether} on {Blobs} blobs are not claimed yet: {Reason}")]
    public static partial void BountiesNotClaimed(this ILogger logger, int blobs, string ether, string reason);
}
