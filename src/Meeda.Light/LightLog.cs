namespace Meeda.Light;

/// <summary>Log messages of the light node: ids 60 to 79.</summary>
internal static partial class LightLog
{
    [LoggerMessage(
        61,
        LogLevel.Critical,
        "Operator {Operator} anchored an invalid commitment at blob position {Position}"
    )]
    public static partial void InvalidCommitment(this ILogger logger, string @operator, ulong position);

    [LoggerMessage(
        62,
        LogLevel.Critical,
        "Operator {Operator} submitted an invalid proof for epoch {Epoch}: partial sum {Chunk} is not that of the "
            + "anchored commitments"
    )]
    public static partial void WrongPartialSum(this ILogger logger, string @operator, ulong epoch, int chunk);

    [LoggerMessage(63, LogLevel.Information, "Operator {Operator} proved epoch {Epoch}: every partial sum is valid")]
    public static partial void ProofRight(this ILogger logger, string @operator, ulong epoch);

    [LoggerMessage(64, LogLevel.Warning, "Operator {Operator} missed epoch {Epoch}")]
    public static partial void EpochMissed(this ILogger logger, string @operator, ulong epoch);

    [LoggerMessage(65, LogLevel.Warning, "Challenged {About} in transaction {Transaction}, {Gas} gas")]
    public static partial void Answered(this ILogger logger, string about, string transaction, ulong gas);

    [LoggerMessage(293, LogLevel.Information, "Claimed {Owed} in transaction {Transaction}")]
    public static partial void Claimed(this ILogger logger, string owed, string transaction);

    [LoggerMessage(66, LogLevel.Warning, "Not challenged: {About}: the contract reverts: {Reason}")]
    public static partial void AnswerRefused(this ILogger logger, string about, string reason);

    [LoggerMessage(67, LogLevel.Error, "Not challenged: {About}: the budget is spent ({Spent} wei)")]
    public static partial void BudgetSpent(this ILogger logger, string about, string spent);

    [LoggerMessage(68, LogLevel.Error, "Not challenged: {About}: no key is configured, this light node only watches")]
    public static partial void NoKey(this ILogger logger, string about);

    [LoggerMessage(
        70,
        LogLevel.Warning,
        "Operator {Operator} did not serve blob {Position}: {Reason}; {Failures} attempts in a row"
    )]
    public static partial void BlobWithheld(
        this ILogger logger,
        string @operator,
        ulong position,
        string reason,
        int failures
    );

    [LoggerMessage(
        71,
        LogLevel.Information,
        "Operator {Operator}: {Count} random cells of live blobs are available and valid"
    )]
    public static partial void SamplesRight(this ILogger logger, string @operator, int count);

    [LoggerMessage(
        72,
        LogLevel.Critical,
        "Operator {Operator} withholds blob {Position}: demanding it on L1 with a bond of {Bond} wei"
    )]
    public static partial void Demanding(this ILogger logger, string @operator, ulong position, string bond);

    [LoggerMessage(73, LogLevel.Warning, "Demand {Demand}: operator {Operator} published blob {Position} on L1")]
    public static partial void DemandAnswered(this ILogger logger, ulong demand, string @operator, ulong position);

    [LoggerMessage(
        74,
        LogLevel.Critical,
        "Demand {Demand} expired: operator {Operator} was slashed for not publishing blob {Position}"
    )]
    public static partial void DemandUnanswered(this ILogger logger, ulong demand, string @operator, ulong position);

    [LoggerMessage(
        78,
        LogLevel.Warning,
        "Operator {Operator}: the miss of epoch {Epoch} is not reported, since the report costs more than its "
            + "reward of {Reward} wei"
    )]
    public static partial void MissNotWorthReporting(this ILogger logger, string @operator, ulong epoch, string reward);

    [LoggerMessage(
        211,
        LogLevel.Error,
        "Operator {Operator}: {Check} could not be checked, retrying: {Reason}; other operators are checked meanwhile"
    )]
    public static partial void OddOperator(this ILogger logger, string @operator, string check, string reason);
}
