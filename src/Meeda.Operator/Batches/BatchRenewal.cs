using Meeda.Http;
using Meeda.Operator.L1;
using Meeda.Operator.Payments;
using Meeda.Operator.Persistence;
using Meeda.Operator.Tenants;
using Meeda.Protocol.Signatures;

namespace Meeda.Operator.Batches;

/// <summary>Promises stored batches for another term.</summary>
internal sealed class BatchRenewal(
    Ledger ledger,
    Terms terms,
    TenantCosts costs,
    RollupEscrows escrows,
    IntakePressure pressure,
    OperatorStanding standing,
    TimeProvider time
)
{
    /// <summary>
    /// Promises a batch for another term from now on. Another anchor is owed, and paid for by the tenant of the current
    /// request, unless the last one is recent enough.
    /// </summary>
    /// <param name="batch">The batch as the ledger has it.</param>
    /// <param name="cancellationToken">Ends the work; nothing is then promised.</param>
    /// <returns>The batch afterwards; null where it had expired and is no longer kept.</returns>
    /// <exception cref="DaException">Another tenant put it, the tenant's quota or the rollup's escrow does not cover
    /// it, or the operator's stake does not carry it.</exception>
    public async Task<StoredBatch?> RenewAsync(StoredBatch batch, CancellationToken cancellationToken)
    {
        standing.EnsureAnchoring();
        Tenant? tenant = costs.Current;
        EnsureOwned(batch, tenant);
        SignedOrder? order = costs.Order;
        long? from = terms.AnchorFrom; // one for both: what is found to need no anchor is then owed none
        if (!await ledger.NeedsAnchorAsync(batch, from, cancellationToken))
        {
            return await PromiseAsync(batch, from, tenant, order, cancellationToken);
        }

        await pressure.EnsureCarriedAsync(batch.BlobCount, isPaid: tenant?.Payer is not null, cancellationToken);
        using IDisposable? reserved = await escrows.ReserveAsync(tenant, batch.PayloadLength, order, cancellationToken);
        StoredBatch paid = batch with { Payer = tenant?.Payer, Order = order };
        await escrows.EnsureSignedAsync(tenant, paid, cancellationToken);
        TenantUsage cost = TenantCosts.OfRenewal(batch.BlobCount);
        costs.Charge(tenant, cost);
        try
        {
            StoredBatch? renewed = await PromiseAsync(batch, from, tenant, order, cancellationToken);
            // Meanwhile an anchor may have come that is recent enough: no other one is owed.
            cost = renewed?.OwedSince is null ? cost : TenantUsage.None;
            return renewed;
        }
        finally
        {
            costs.GiveBack(tenant, cost);
        }
    }

    private async Task<StoredBatch?> PromiseAsync(
        StoredBatch batch,
        long? anchorFrom,
        Tenant? tenant,
        SignedOrder? order,
        CancellationToken cancellationToken
    ) =>
        await ledger.RenewAsync(batch.Id, anchorFrom, tenant?.Payer, order, time.GetUtcNow(), cancellationToken)
            ? await ledger.FindBatchAsync(batch.Id, cancellationToken)
            : null;

    private static void EnsureOwned(StoredBatch batch, Tenant? tenant)
    {
        if (
            batch.Tenant is { } owner
            && tenant is not null
            && tenant.Id != owner
            && !tenant.Scopes.HasFlag(TenantScopes.Admin)
        )
        {
            throw new DaException(
                ErrorCode.NotOwner,
                "id: another tenant put this batch; it, or a key with the scope admin, may renew it"
            );
        }
    }
}
