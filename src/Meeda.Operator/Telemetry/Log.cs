namespace Meeda.Operator.Telemetry;

/// <summary>Everything the node logs: fixed event ids, one place. The next free id stands at the end of each block of ten.</summary>
internal static partial class Log
{
    // Batches: 10–19
    [LoggerMessage(10, LogLevel.Information, "batch {Id} stored: {Bytes} bytes in {Blobs} blobs")]
    public static partial void BatchStored(this ILogger logger, string id, int bytes, int blobs);

    [LoggerMessage(11, LogLevel.Error, "a batch could not be made durable; its client was told so")]
    public static partial void StoreFailed(this ILogger logger, Exception failure);

    [LoggerMessage(12, LogLevel.Critical, "batch {Id} is AT RISK: its rows are missing")]
    public static partial void RowsMissing(this ILogger logger, string id);

    [LoggerMessage(13, LogLevel.Critical, "batch {Id} is AT RISK: its rows do not match its commitments")]
    public static partial void RowsCorrupt(this ILogger logger, string id);

    [LoggerMessage(14, LogLevel.Warning, "batch {Id} was read from other rows: {Missing} missing, {Wrong} wrong")]
    public static partial void RowsReconstructed(this ILogger logger, string id, int missing, int wrong);

    [LoggerMessage(15, LogLevel.Warning, "batch {Id}: {Missing} rows were missing, {Wrong} wrong; {Repaired} are written anew")]
    public static partial void RowsRepaired(this ILogger logger, string id, int missing, int wrong, int repaired);

    [LoggerMessage(16, LogLevel.Critical, "batch {Id} cannot be put together: of {Rows} rows {Missing} are missing and {Wrong} wrong")]
    public static partial void BatchLost(this ILogger logger, string id, int missing, int wrong, int rows);

    [LoggerMessage(17, LogLevel.Warning, "provider {Provider} refused: {Reason}")]
    public static partial void ProviderRefused(this ILogger logger, string provider, string reason);

    [LoggerMessage(18, LogLevel.Error, "the scrub failed: {Reason}; it goes on at its next look")]
    public static partial void ScrubFailed(this ILogger logger, string reason);

    [LoggerMessage(19, LogLevel.Error, "batch {Id}: the payload held in the ledger is not the one that was put; it is read from its rows")]
    public static partial void HeldPayloadCorrupt(this ILogger logger, string id);

    // L1 follower: 20–29
    [LoggerMessage(20, LogLevel.Warning, "L1 reorganised: following anew from block {LastGood}")]
    public static partial void Reorganised(this ILogger logger, long lastGood);

    [LoggerMessage(21, LogLevel.Warning, "L1 does not answer: {Reason}; trying again")]
    public static partial void L1Unreachable(this ILogger logger, string reason);

    [LoggerMessage(22, LogLevel.Error, "the balance of {Account} is {Balance} ether, below the alarm at {Alarm}: without ether no anchors and no proofs")]
    public static partial void BalanceLow(this ILogger logger, string account, string balance, string alarm);

    [LoggerMessage(23, LogLevel.Warning, "transaction {Hash} (nonce {Nonce}): {What}")]
    public static partial void TransactionOnItsWay(this ILogger logger, string hash, ulong nonce, string what);

    [LoggerMessage(24, LogLevel.Warning, "L1 endpoint {Endpoint} ({Host}) is not believed: {Reason}")]
    public static partial void EndpointNotBelieved(this ILogger logger, int endpoint, string host, string reason);

    [LoggerMessage(25, LogLevel.Information, "L1 endpoint {Endpoint} ({Host}) is believed again")]
    public static partial void EndpointBelieved(this ILogger logger, int endpoint, string host);

    // Anchors: 30–39
    [LoggerMessage(30, LogLevel.Information, "anchoring {Batches} batches, {Blobs} blobs")]
    public static partial void Anchoring(this ILogger logger, int batches, int blobs);

    [LoggerMessage(31, LogLevel.Information, "anchored in transaction {Transaction}, block {Block}, {Gas} gas")]
    public static partial void Anchored(this ILogger logger, string transaction, ulong block, ulong gas);

    [LoggerMessage(32, LogLevel.Error, "anchoring failed: {Reason}; the batches wait for the next try")]
    public static partial void AnchoringFailed(this ILogger logger, string reason);

    // Proofs: 40–49
    [LoggerMessage(40, LogLevel.Information, "proving epoch {Epoch}: {Samples} samples of blobs {Lo} to {Hi}")]
    public static partial void Proving(this ILogger logger, ulong epoch, int samples, ulong lo, ulong hi);

    [LoggerMessage(41, LogLevel.Information, "epoch {Epoch} proven in transaction {Transaction}, block {Block}, {Gas} gas")]
    public static partial void Proven(this ILogger logger, ulong epoch, string transaction, ulong block, ulong gas);

    [LoggerMessage(42, LogLevel.Critical, "epoch {Epoch} cannot be proven: {Reason}")]
    public static partial void ProvingFailed(this ILogger logger, ulong epoch, string reason);

    // Http: 50–59
    [LoggerMessage(50, LogLevel.Error, "{Method} {Path} failed")]
    public static partial void RequestFailed(this ILogger logger, string method, string path, Exception failure);

    // Light node: 60–69
    [LoggerMessage(60, LogLevel.Warning, "this round failed: {Reason}; trying again")]
    public static partial void LightRoundFailed(this ILogger logger, string reason);

    [LoggerMessage(61, LogLevel.Critical, "operator {Operator} anchored a commitment that is no point of the group, at blob position {Position}")]
    public static partial void InvalidCommitment(this ILogger logger, string @operator, ulong position);

    [LoggerMessage(62, LogLevel.Critical, "operator {Operator} LIED about epoch {Epoch}: partial sum {Chunk} is not that of the anchored commitments")]
    public static partial void WrongPartialSum(this ILogger logger, string @operator, ulong epoch, int chunk);

    [LoggerMessage(63, LogLevel.Information, "operator {Operator} proved epoch {Epoch}: every partial sum is right")]
    public static partial void ProofRight(this ILogger logger, string @operator, ulong epoch);

    [LoggerMessage(64, LogLevel.Warning, "operator {Operator} missed epoch {Epoch}")]
    public static partial void EpochMissed(this ILogger logger, string @operator, ulong epoch);

    [LoggerMessage(65, LogLevel.Warning, "answered: {About}, in transaction {Transaction}, {Gas} gas")]
    public static partial void Answered(this ILogger logger, string about, string transaction, ulong gas);

    [LoggerMessage(66, LogLevel.Warning, "not answered: {About}: the contract refuses: {Reason}")]
    public static partial void AnswerRefused(this ILogger logger, string about, string reason);

    [LoggerMessage(67, LogLevel.Error, "not answered: {About}: the budget is spent ({Spent} wei)")]
    public static partial void BudgetSpent(this ILogger logger, string about, string spent);

    [LoggerMessage(68, LogLevel.Error, "not answered: {About}: there is no key, this light node only watches")]
    public static partial void NoKey(this ILogger logger, string about);

    [LoggerMessage(69, LogLevel.Information, "read L1 up to block {Block} of {Head}")]
    public static partial void CatchingUp(this ILogger logger, ulong block, ulong head);

    // Demands and reports: 70–79
    [LoggerMessage(70, LogLevel.Warning, "operator {Operator} did not give blob {Position}: {Reason}; {Failures} looks in a row")]
    public static partial void BlobWithheld(this ILogger logger, string @operator, ulong position, string reason, int failures);

    [LoggerMessage(71, LogLevel.Information, "operator {Operator}: {Count} random cells of live blobs are there and right")]
    public static partial void SamplesRight(this ILogger logger, string @operator, int count);

    [LoggerMessage(72, LogLevel.Critical, "operator {Operator} WITHHOLDS blob {Position}: demanding it on L1 with a bond of {Bond} wei")]
    public static partial void Demanding(this ILogger logger, string @operator, ulong position, string bond);

    [LoggerMessage(73, LogLevel.Warning, "demand {Demand}: operator {Operator} published blob {Position} on L1")]
    public static partial void DemandAnswered(this ILogger logger, ulong demand, string @operator, ulong position);

    [LoggerMessage(74, LogLevel.Critical, "demand {Demand}: operator {Operator} stayed SILENT about blob {Position} and is slashed")]
    public static partial void DemandUnanswered(this ILogger logger, ulong demand, string @operator, ulong position);

    [LoggerMessage(75, LogLevel.Warning, "blob {Position} is demanded (demand {Demand}): publishing it on L1 until block {Deadline}")]
    public static partial void Publishing(this ILogger logger, ulong demand, ulong position, ulong deadline);

    [LoggerMessage(76, LogLevel.Warning, "demand {Demand} answered in transaction {Transaction}, block {Block}")]
    public static partial void PublishedBlob(this ILogger logger, ulong demand, string transaction, ulong block);

    [LoggerMessage(77, LogLevel.Critical, "demand {Demand} is NOT ANSWERED yet: {Reason}; the stake is at risk, trying again")]
    public static partial void PublishingFailed(this ILogger logger, ulong demand, string reason);

    [LoggerMessage(78, LogLevel.Warning, "operator {Operator}: the miss of epoch {Epoch} is not reported, since the report costs more than its reward of {Reward} wei")]
    public static partial void MissNotWorthReporting(this ILogger logger, string @operator, ulong epoch, string reward);

    // Placement, retention, leadership: 80–89
    [LoggerMessage(80, LogLevel.Error, "batch {Id} stays in the ledger alone, since too few providers take it: {Reason}; trying again")]
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

    // Back pressure: 90–99
    [LoggerMessage(90, LogLevel.Error, "FAILOVER: puts are answered 503 from now on, so that batchers post to L1: {Reason}")]
    public static partial void FailoverBegins(this ILogger logger, string reason);

    [LoggerMessage(91, LogLevel.Warning, "failover is over: puts are taken again")]
    public static partial void FailoverEnds(this ILogger logger);

    // The program and its surroundings: 240–259
    [LoggerMessage(240, LogLevel.Warning, "this system cannot sync a file system: batches that count as stored may be lost in a power cut; run on Linux where that matters")]
    public static partial void NotDurableHere(this ILogger logger);

    [LoggerMessage(241, LogLevel.Warning, "{File} may be read by other users of this machine ({Setting}); run: chmod 600 {File}")]
    public static partial void SecretReadable(this ILogger logger, string file, string setting);

    // Rollup clients: 220–239
    [LoggerMessage(220, LogLevel.Error, "{Method} failed: {Reason}")]
    public static partial void CallFailed(this ILogger logger, string method, string reason);

    // What was promised, and where: 260–279
    [LoggerMessage(260, LogLevel.Critical, "batch {Id} is AT RISK: it is not at its providers, and its payload in the ledger is missing or not the one that was put; the next put of it stores it again")]
    public static partial void PayloadLost(this ILogger logger, string id);

    [LoggerMessage(261, LogLevel.Warning, "L1's final block went from {FinalBefore} to {Final} while blocks {TipBefore} to {Tip} were followed: nothing is given up before another look")]
    public static partial void FinalJumped(this ILogger logger, ulong finalBefore, ulong final, ulong tipBefore, ulong tip);

    [LoggerMessage(262, LogLevel.Warning, "batch {Id} is anchored for this operator and was not in its ledger: it is read from the rows at its providers")]
    public static partial void BatchRebuilt(this ILogger logger, string id);

    [LoggerMessage(263, LogLevel.Warning, "{Setting} is not what it was at the last start: rows of earlier batches are looked for at the places named now, and the scrub moves them ({Change})")]
    public static partial void PlacesChanged(this ILogger logger, string setting, string change);

    [LoggerMessage(264, LogLevel.Information, "the ledger is bound to chain {ChainId}, contract {Contract} and account {Account}")]
    public static partial void LedgerBound(this ILogger logger, ulong chainId, string contract, string account);

    // L1 endpoints: 200–219
    [LoggerMessage(200, LogLevel.Warning, "{Work} waits: {Reason}; trying again")]
    public static partial void Waits(this ILogger logger, string work, string reason);

    [LoggerMessage(201, LogLevel.Error, "{Work} has waited for {Seconds} s: {Reason}; trying again")]
    public static partial void StillWaits(this ILogger logger, string work, long seconds, string reason);

    [LoggerMessage(202, LogLevel.Information, "{Work} goes on after {Seconds} s")]
    public static partial void WaitsNoMore(this ILogger logger, string work, long seconds);

    [LoggerMessage(203, LogLevel.Error, "{Operator} cannot anchor: {Reason}; puts are refused until that changes")]
    public static partial void CannotAnchor(this ILogger logger, string @operator, string reason);

    [LoggerMessage(204, LogLevel.Warning, "{Operator} can anchor again: puts are taken")]
    public static partial void CanAnchorAgain(this ILogger logger, string @operator);

    [LoggerMessage(205, LogLevel.Warning, "the L1 endpoint names no final block: until it does, no batch counts as final and none is given up")]
    public static partial void NothingFinal(this ILogger logger);

    [LoggerMessage(206, LogLevel.Error, "the L1 endpoint calls block {Block} final, and it is not on its chain: not believed")]
    public static partial void FinalNotBelieved(this ILogger logger, ulong block);

    [LoggerMessage(207, LogLevel.Warning, "logs are read from block {Block} on: {Doubt}")]
    public static partial void StartInDoubt(this ILogger logger, ulong block, string doubt);

    [LoggerMessage(208, LogLevel.Warning, "logs are read from block {Block} on, where the contract was deployed, and not from block {Hint} (FromBlock, --from-block), which is later")]
    public static partial void StartTooLate(this ILogger logger, ulong block, ulong hint);

    [LoggerMessage(209, LogLevel.Error, "a log of {Operator} is left out: {Reason}")]
    public static partial void OddLog(this ILogger logger, string @operator, string reason);

    [LoggerMessage(210, LogLevel.Error, "anchors of {Operator} before anchor {Index} are missing here; L1 is read anew from block {Block} on")]
    public static partial void AnchorsMissing(this ILogger logger, string @operator, uint index, ulong block);

    [LoggerMessage(211, LogLevel.Error, "{What} of {Operator} could not be looked at: {Reason}; it is tried again, and others are looked at meanwhile")]
    public static partial void OddOperator(this ILogger logger, string what, string @operator, string reason);

    [LoggerMessage(212, LogLevel.Warning, "the balance of {Account} could not be read: {Reason}")]
    public static partial void BalanceUnknown(this ILogger logger, string account, string reason);

    // What clients ask too much of: 300–319
    [LoggerMessage(300, LogLevel.Warning, "{Method} {Path} was not served: {Reason}")]
    public static partial void NotServed(this ILogger logger, string method, string path, string reason);

    // Providers: 280–299
    [LoggerMessage(280, LogLevel.Error, "provider {Provider} hangs: {Reason}; it is left alone until it answers, and its rows go elsewhere")]
    public static partial void ProviderHangs(this ILogger logger, string provider, string reason);

    [LoggerMessage(281, LogLevel.Warning, "provider {Provider} answers again")]
    public static partial void ProviderAnswers(this ILogger logger, string provider);

    [LoggerMessage(282, LogLevel.Error, "{Round} has taken {Seconds:0} s and is not over: {Cause}")]
    public static partial void RoundOverdue(this ILogger logger, string round, double seconds, string cause);

    [LoggerMessage(283, LogLevel.Warning, "batch {Id} is given up, and rows of it are left at {Providers}; they are deleted later")]
    public static partial void RowsLeftOver(this ILogger logger, string id, string providers);

    [LoggerMessage(284, LogLevel.Warning, "provider {Provider}: {Files} temporary files of interrupted writes are deleted")]
    public static partial void StraysSwept(this ILogger logger, string provider, int files);

    [LoggerMessage(285, LogLevel.Warning, "provider {Provider} was not swept of temporary files: {Reason}")]
    public static partial void SweepFailed(this ILogger logger, string provider, string reason);

    [LoggerMessage(286, LogLevel.Warning, "provider {Provider} does not take conditional puts ({Reason}): names are looked for before they are put")]
    public static partial void PutsUnconditionally(this ILogger logger, string provider, string reason);

    [LoggerMessage(287, LogLevel.Error, "the ledger knows rows at {Store}, which is none of the providers that the settings name: they count as missing")]
    public static partial void StoreUnknown(this ILogger logger, string store);

    [LoggerMessage(288, LogLevel.Warning, "not ready: {Reason}")]
    public static partial void NotReady(this ILogger logger, string reason);

    [LoggerMessage(289, LogLevel.Warning, "ready again")]
    public static partial void ReadyAgain(this ILogger logger);
}
