namespace Meeda.Node.Cli.Spending;

/// <summary>What a command that sends transactions prints with <c>--json</c>. Amounts are wei, decimal.</summary>
/// <param name="ChainId">L1's chain id.</param>
/// <param name="From">The sender.</param>
/// <param name="Balance">The sender's balance before.</param>
/// <param name="Transactions">The transactions in order; empty if there was nothing to do.</param>
/// <param name="Value">The total value sent with them.</param>
/// <param name="GasCost">The cost of their gas at current fees.</param>
/// <param name="DryRun">Whether nothing was sent.</param>
internal sealed record SpendingOutput(
    ulong ChainId,
    string From,
    string Balance,
    IReadOnlyList<TransactionOutput> Transactions,
    string Value,
    string GasCost,
    bool DryRun
);

/// <summary>One of these transactions.</summary>
/// <param name="What">Its effect, in words.</param>
/// <param name="To">The recipient; null if it creates a contract.</param>
/// <param name="Value">Its value, in wei.</param>
/// <param name="Data">The calldata, hex.</param>
/// <param name="Gas">The estimated gas.</param>
/// <param name="Hash">Its hash; null if it was not sent.</param>
/// <param name="Block">The block that includes it.</param>
/// <param name="GasUsed">The gas that it used.</param>
internal sealed record TransactionOutput(
    string What,
    string? To,
    string Value,
    string Data,
    ulong Gas,
    string? Hash,
    ulong? Block,
    ulong? GasUsed
);
