using Meeda.Chain.Index;
using Meeda.Ethereum;
using Meeda.Operator.Persistence;

namespace Meeda.Node.Tests;

/// <summary>The ledger calls of tests that do not name an operator.</summary>
internal static class LedgerOfOne
{
    public static Task AdvanceAsync(
        this Ledger ledger,
        BlockPoint tip,
        IReadOnlyList<AnchorEvent> anchors,
        IReadOnlyList<ProofEvent> proofs,
        CancellationToken cancellationToken,
        Address operatorAddress = default
    ) =>
        ledger.AdvanceAsync(
            tip,
            new ChainEvents(
                [.. anchors.Select(seen => new OperatorAnchor(operatorAddress, seen))],
                [.. proofs.Select(seen => (operatorAddress, seen))],
                []
            ),
            cancellationToken
        );
}
