using System.Collections.Concurrent;
using System.Numerics;
using Meeda.Chain.Contract;
using Meeda.Chain.L1;
using Meeda.Ethereum;
using Meeda.Http;
using Meeda.L1.Rpc;
using Meeda.Operator.L1;
using Meeda.Operator.Persistence;
using Meeda.Operator.SignIn;
using Meeda.Operator.Tenants;
using Meeda.Protocol.Signatures;
using Microsoft.Extensions.Options;

namespace Meeda.Operator.Payments;

/// <summary>
/// Whether rollups' escrows cover their batches: asked before a batch is promised, and again before it is anchored.
/// What is promised is anchored whether it is paid or not; so that little of it is unpaid, an escrow is reckoned with
/// as of an L1 block, less what the ledger knows to be charged after that block or not yet.
/// </summary>
internal sealed partial class RollupEscrows(
    IOptions<L1Options> options,
    IOptions<SignInOptions> signIn,
    IOptions<PaymentOptions> payments,
    SystemContract system,
    EthereumClient client,
    OperatorAccount account,
    Ledger ledger,
    TimeProvider time,
    ILogger<RollupEscrows> logger
)
{
    private const decimal WeiOfEther = 1_000_000_000_000_000_000m;

    private readonly ConcurrentDictionary<Address, Entry> _entries = new();

    /// <summary>
    /// Makes sure that a rollup's escrow covers a batch beside those that are promised already, and reserves its cost
    /// until the ledger has the batch.
    /// </summary>
    /// <param name="tenant">Whose rollup pays; where there is none, nothing is checked.</param>
    /// <param name="bytes">The batch's payload bytes.</param>
    /// <param name="order">The order that comes with it, whose signature <see cref="EnsureSignedAsync"/> checks; null
    /// where the rollup's standing limit pays.</param>
    /// <param name="cancellationToken">Ends the waiting.</param>
    /// <returns>The reservation, to be disposed of once the ledger has the batch; null where nothing is paid.</returns>
    /// <exception cref="DaException">It does not (<see cref="DaError.PaymentRequired"/>), or is not known.</exception>
    public async Task<IDisposable?> ReserveAsync(
        Tenant? tenant,
        long bytes,
        SignedOrder? order,
        CancellationToken cancellationToken
    )
    {
        if (tenant?.Payer is not { } payer)
        {
            if (order is not null)
            {
                throw new DaException(
                    DaError.MalformedRequest,
                    $"{SignedOrder.HeaderName}: no rollup pays for what this key puts, so no order is taken"
                );
            }

            return tenant?.Signer is null
                ? null
                : throw new DaException(
                    DaError.PaymentRequired,
                    "escrow: a tenant that signed in is paid for by its rollup, and none is named any more"
                );
        }

        RollupEscrow escrow = await ReadAsync(payer, cancellationToken);
        EnsureBounded(tenant, escrow, bytes);
        Entry entry = _entries[payer];
        if (order is not null)
        {
            EnsureOrderMayCome(tenant, order, HeadOf(escrow, entry));
        }

        // Reserved before the ledger is read: what another put writes in between counts twice rather than never.
        UnchargedBytes reserved = default(UnchargedBytes).Add(bytes, order is not null);
        UnchargedBytes others;
        lock (entry)
        {
            others = entry.Reserved;
            entry.Reserved += reserved;
        }

        var reservation = new Reservation(entry, reserved);
        try
        {
            UnchargedBytes uncharged = await ledger.UnchargedBytesAsync(payer, escrow.State.Block, cancellationToken);
            return escrow.WhyNot(bytes, order, uncharged + others) is { } problem
                ? throw new DaException(DaError.PaymentRequired, $"escrow: {payer}: {problem}; nothing of it is stored")
                : reservation;
        }
        catch
        {
            reservation.Dispose();
            throw;
        }
    }

    /// <summary>
    /// Makes sure that the escrow bounds what a tenant puts that signed in: nobody else set it a limit.
    /// </summary>
    private void EnsureBounded(Tenant tenant, RollupEscrow escrow, long bytes)
    {
        if (tenant.Signer is null)
        {
            return;
        }

        if (escrow.State.Price.IsZero)
        {
            throw new DaException(
                DaError.PaymentRequired,
                "escrow: the operator sets no price any more; tenants that signed in put nothing meanwhile"
            );
        }

        BigInteger least = new(signIn.Value.MinBatchCost * WeiOfEther);
        if (escrow.CostOf(bytes) < least)
        {
            throw new DaException(
                DaError.MalformedRequest,
                $"body: {bytes} bytes cost {escrow.CostOf(bytes)} wei, and a batch of a tenant that signed in costs "
                    + $"{least} at least (Meeda__SignIn__MinBatchCost); put more at once"
            );
        }
    }

    /// <summary>Of batches that are about to be anchored, those that their rollups' escrows pay for.</summary>
    public async Task<IReadOnlySet<StoredBatch>> CoveredAsync(
        IReadOnlyList<StoredBatch> batches,
        CancellationToken cancellationToken
    )
    {
        var covered = new HashSet<StoredBatch>();
        var before = new Dictionary<Address, UnchargedBytes>();
        foreach (StoredBatch batch in batches)
        {
            if (batch.Payer is not { } payer)
            {
                continue;
            }

            RollupEscrow escrow = await ReadAsync(payer, cancellationToken);
            if (escrow.State.Price.IsZero)
            {
                continue; // Nothing would be charged for the gas that naming it costs.
            }

            UnchargedBytes uncharged = before.GetValueOrDefault(payer);
            string? problem = escrow.WhyNot(batch.PayloadLength, batch.Order, uncharged);
            if (problem is null && batch.Order is { } order)
            {
                problem = await WhyNotOrderedAsync(escrow, payer, batch, order, cancellationToken);
            }

            if (problem is not null)
            {
                logger.AnchoredUnpaid(batch.Id.ToString(), payer.ToString(), problem);
                continue;
            }

            covered.Add(batch);
            before[payer] = uncharged.Add(batch.PayloadLength, batch.Order is not null);
        }

        return covered;
    }

    private sealed class Entry
    {
        public SemaphoreSlim Gate { get; } = new(1);

        public RollupEscrow? Escrow { get; set; }

        public long ReadAt { get; set; }

        // Guarded by this object: what was admitted and is not in the ledger yet.
        public UnchargedBytes Reserved { get; set; }
    }

    private sealed class Reservation(Entry entry, UnchargedBytes bytes) : IDisposable
    {
        private int _isDisposed;

        public void Dispose()
        {
            if (Interlocked.Exchange(ref _isDisposed, 1) == 0)
            {
                lock (entry)
                {
                    entry.Reserved -= bytes;
                }
            }
        }
    }
}
