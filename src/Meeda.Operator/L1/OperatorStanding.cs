using Meeda.Chain.Contract;

namespace Meeda.Operator.L1;

/// <summary>
/// Whether the contract would accept an anchor of this operator. It rejects an operator without a stake, slashed, or
/// exiting, whose new batches could never be anchored. The last successful read counts until the next one.
/// </summary>
internal sealed class OperatorStanding(
    MeedaVerifierContract contract,
    OperatorAccount account,
    TimeProvider time,
    ILogger<OperatorStanding> logger
)
{
    private volatile Refusal? _refusal;

    /// <summary>Why the contract takes no anchor, in words; null where it does, as far as is known.</summary>
    public string? Problem => _refusal?.Reason;

    /// <summary>For how long it has been so; zero where it is not.</summary>
    public TimeSpan FailingFor => _refusal is { } refusal ? time.GetElapsedTime(refusal.Since) : TimeSpan.Zero;

    /// <summary>Asks the contract.</summary>
    public async Task PollAsync(CancellationToken cancellationToken)
    {
        string? reason = await contract.WhyNoAnchorAsync(account.Address, cancellationToken);
        Refusal? before = _refusal;
        _refusal = reason is null ? null : new Refusal(reason, before?.Since ?? time.GetTimestamp());
        if (reason is not null && before?.Reason != reason)
        {
            logger.CannotAnchor(account.Address.ToString(), reason);
        }
        else if (reason is null && before is not null)
        {
            logger.CanAnchorAgain(account.Address.ToString());
        }
    }

    private sealed record Refusal(string Reason, long Since);
}
