using System.Numerics;

namespace Meeda.Operator.Accounts;

/// <summary>What an operator's people do with its account on L1.</summary>
internal enum AccountOperationKind
{
    /// <summary>Register the account where there is none, add to its stake, and name its operator key.</summary>
    Stake,

    /// <summary>Ask for the stake back.</summary>
    Unstake,

    /// <summary>Take that request back.</summary>
    CancelUnstake,

    /// <summary>Move the free stake into the owner's credit, and pay it out.</summary>
    Withdraw,

    /// <summary>Set the price for each byte and block.</summary>
    Price,

    /// <summary>Credit the charges of proven epochs to the owner.</summary>
    Settle,

    /// <summary>Pay out all that the contracts owe the owner.</summary>
    Claim,

    /// <summary>Name the configured operator key.</summary>
    SetKey,
}

/// <summary>One of these operations.</summary>
/// <param name="Kind">What is done.</param>
/// <param name="Amount">The wei of a stake, or the price; 0 for the others.</param>
internal sealed record AccountOperation(AccountOperationKind Kind, BigInteger Amount = default);

/// <summary>An operation that waits for the running operator.</summary>
/// <param name="Sequence">Its number.</param>
/// <param name="Operation">What is done.</param>
internal sealed record PendingOperation(long Sequence, AccountOperation Operation);

/// <summary>How an operation ended.</summary>
/// <param name="Transactions">The hashes of its transactions that L1 took, in their order.</param>
/// <param name="Problem">Why it, or the rest of it, was not done; null where all of it was.</param>
internal sealed record OperationOutcome(IReadOnlyList<string> Transactions, string? Problem);
