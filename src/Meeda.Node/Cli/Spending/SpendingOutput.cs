namespace Meeda.Node.Cli.Spending;

/// <summary>What a command that sends transactions prints with <c>--json</c>. Amounts are wei, decimal.</summary>
/// <param name="ChainId">L1's chain id.</param>
/// <param name="From">The sender.</param>
/// <param name="Balance">The sender's balance before.</param>
/// <param name="Transactions">The transactions in their order; none where there was nothing to do.</param>
/// <param name="Value">The ether that goes with them.</param>
/// <param name="GasCost">What their gas costs at the fees of now.</param>
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
/// <param name="What">What it brings about.</param>
/// <param name="To">Whom it calls; null where it creates a contract.</param>
/// <param name="Value">The wei that go with it.</param>
/// <param name="Data">The calldata, hex.</param>
/// <param name="Gas">The gas that it is reckoned with.</param>
/// <param name="Hash">Its hash; null where it was not sent.</param>
/// <param name="Block">The block that holds it.</param>
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
