namespace Meeda.Light;

/// <summary>What the light node logs: ids 60 to 79.</summary>
internal static partial class LightLog
{
    [LoggerMessage(
        61,
        LogLevel.Critical,
        "operator {Operator} anchored a commitment that is no point of the group, at blob position {Position}"
    )]
    public static partial void InvalidCommitment(this ILogger logger, string @operator, ulong position);

    [LoggerMessage(
        62,
        LogLevel.Critical,
        "operator {Operator} LIED about epoch {Epoch}: partial sum {Chunk} is not that of the anchored commitments"
    )]
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

    [LoggerMessage(
        70,
        LogLevel.Warning,
        "operator {Operator} did not give blob {Position}: {Reason}; {Failures} looks in a row"
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
        "operator {Operator}: {Count} random cells of live blobs are there and right"
    )]
    public static partial void SamplesRight(this ILogger logger, string @operator, int count);

    [LoggerMessage(
        72,
        LogLevel.Critical,
        "operator {Operator} WITHHOLDS blob {Position}: demanding it on L1 with a bond of {Bond} wei"
    )]
    public static partial void Demanding(this ILogger logger, string @operator, ulong position, string bond);

    [LoggerMessage(73, LogLevel.Warning, "demand {Demand}: operator {Operator} published blob {Position} on L1")]
    public static partial void DemandAnswered(this ILogger logger, ulong demand, string @operator, ulong position);

    [LoggerMessage(
        74,
        LogLevel.Critical,
        "demand {Demand}: operator {Operator} stayed SILENT about blob {Position} and is slashed"
    )]
    public static partial void DemandUnanswered(this ILogger logger, ulong demand, string @operator, ulong position);

    [LoggerMessage(
        78,
        LogLevel.Warning,
        "operator {Operator}: the miss of epoch {Epoch} is not reported, since the report costs more than its "
            + "reward of {Reward} wei"
    )]
    public static partial void MissNotWorthReporting(this ILogger logger, string @operator, ulong epoch, string reward);

    [LoggerMessage(
        211,
        LogLevel.Error,
        "{What} of {Operator} could not be looked at: {Reason}; it is tried again, and others are looked at meanwhile"
    )]
    public static partial void OddOperator(this ILogger logger, string what, string @operator, string reason);
}
