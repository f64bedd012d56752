using System.Data.Common;
using Meeda.Ethereum;
using Meeda.Hosting.Persistence;

namespace Meeda.Operator.Persistence;

/// <summary>
/// The permanent owner of a ledger, data folder and providers: one chain, one contract and one account.
/// </summary>
/// <param name="ChainId">The chain (EIP-155).</param>
/// <param name="Contract">The MeedaSystem contract.</param>
/// <param name="Account">The operator's account.</param>
internal sealed record LedgerBinding(ulong ChainId, Address Contract, Address Account)
{
    /// <summary>The first difference from another binding, in words; null if they are equal.</summary>
    public string? DifferenceFrom(LedgerBinding other) =>
        (ChainId == other.ChainId, Contract == other.Contract, Account == other.Account) switch
        {
            (false, _, _) => $"it belongs to chain {ChainId}, L1 is chain {other.ChainId}",
            (_, false, _) => $"it belongs to contract {Contract}, the settings name {other.Contract}",
            (_, _, false) => $"it belongs to account {Account}, the key is that of {other.Account}",
            _ => null,
        };
}

/// <content>The ledger's owner.</content>
internal sealed partial class Ledger
{
    /// <summary>The ledger's owner; null before its first start.</summary>
    public static async Task<LedgerBinding?> FindBindingAsync(Database database, CancellationToken cancellationToken)
    {
        if (!await database.HasTableAsync("binding", cancellationToken))
        {
            return null;
        }

        await using DbConnection connection = await database.ConnectAsync(cancellationToken);
        return await connection.QueryFirstOrDefaultAsync<LedgerBinding>(
            "SELECT chain_id, contract, account FROM binding",
            cancellationToken
        );
    }

    /// <inheritdoc cref="FindBindingAsync(Database, CancellationToken)"/>
    public Task<LedgerBinding?> FindBindingAsync(CancellationToken cancellationToken) =>
        FindBindingAsync(database, cancellationToken);

    /// <summary>
    /// Binds the ledger at its first start; if several operators start together, the first one does. A ledger from
    /// before bindings existed is adopted.
    /// </summary>
    /// <param name="binding">The owner.</param>
    /// <param name="head">L1's head.</param>
    /// <param name="cancellationToken">Stops the work.</param>
    public async Task BindAsync(LedgerBinding binding, ulong head, CancellationToken cancellationToken) =>
        await database.WriteAsync(
            (connection, transaction) =>
                connection.ExecuteAsync(
                    """
                    INSERT INTO binding (one, chain_id, contract, account, places, tolerated_losses, began_at)
                    SELECT 1, @ChainId, @Contract, @Account, '', 0, CASE WHEN EXISTS (SELECT 1 FROM batch) OR EXISTS (SELECT 1 FROM followed_block) THEN 0 ELSE @Head END
                    WHERE true
                    ON CONFLICT DO NOTHING;
                    -- what was read before there were bindings, with its batches
                    UPDATE anchor SET operator = @Account WHERE operator = @Nobody;
                    UPDATE proof SET operator = @Account WHERE operator = @Nobody;
                    """,
                    new
                    {
                        binding.ChainId,
                        binding.Contract,
                        binding.Account,
                        Nobody = Array.Empty<byte>(),
                        Head = head,
                    },
                    transaction,
                    cancellationToken
                ),
            cancellationToken
        );

    /// <summary>Records where rows are written from now on.</summary>
    /// <param name="places">The providers in order, without credentials.</param>
    /// <param name="toleratedLosses">The number of providers that may be lost.</param>
    /// <param name="cancellationToken">Stops the work.</param>
    /// <returns>The changes since the last start, in words; empty if there are none, and at the first start.</returns>
    public async Task<IReadOnlyList<(string Setting, string Change)>> NotePlacesAsync(
        IReadOnlyList<string> places,
        int toleratedLosses,
        CancellationToken cancellationToken
    )
    {
        var changes = new List<(string, string)>();
        string now = string.Join('\n', places);
        await database.WriteAsync(
            async (connection, transaction) =>
            {
                changes.Clear();
                (string before, long losses) = await connection.QueryFirstOrDefaultAsync<(string, long)>(
                    "SELECT places, tolerated_losses FROM binding",
                    null,
                    transaction,
                    cancellationToken
                );
                if (before is { Length: > 0 } && before != now)
                {
                    changes.Add(
                        ("Meeda__Storage__Providers", $"before: {before.Replace("\n", ", ", StringComparison.Ordinal)}")
                    );
                }

                if (before is { Length: > 0 } && losses != toleratedLosses)
                {
                    changes.Add(("Meeda__Storage__ToleratedLosses", $"before: {losses}"));
                }

                await connection.ExecuteAsync(
                    "UPDATE binding SET places = @now, tolerated_losses = @losses",
                    new { now, losses = toleratedLosses },
                    transaction,
                    cancellationToken
                );
            },
            cancellationToken
        );
        return changes;
    }
}
