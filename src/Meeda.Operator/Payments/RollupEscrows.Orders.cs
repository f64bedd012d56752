using System.Collections.Concurrent;
using System.Numerics;
using Meeda.Chain.Contract;
using Meeda.Ethereum;
using Meeda.Http;
using Meeda.L1.Rpc;
using Meeda.L1.Signing;
using Meeda.Operator.Persistence;
using Meeda.Operator.Tenants;
using Meeda.Protocol.Batches;
using Meeda.Protocol.Signatures;

namespace Meeda.Operator.Payments;

/// <content>Orders that rollups sign (docs/protocol.md, "Payments").</content>
internal sealed partial class RollupEscrows
{
    private const int MaxUnsigned = 3;
    private static readonly TimeSpan UnsignedPause = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan SlotTime = TimeSpan.FromSeconds(12);

    // Tenants whose orders were not signed by the poster, how many of late, and since when: each costs a commitment.
    private readonly ConcurrentDictionary<long, (int Count, long Since)> _unsigned = new();

    /// <summary>
    /// Makes sure that the contract takes the order that comes with a batch: the rollup's poster signed it, and it
    /// allows one more anchor. Where no order comes, nothing is checked.
    /// </summary>
    /// <param name="tenant">Who puts the batch.</param>
    /// <param name="batch">The batch, with its payer and order.</param>
    /// <param name="cancellationToken">Ends the waiting.</param>
    /// <exception cref="DaException">It does not.</exception>
    public async Task EnsureSignedAsync(Tenant? tenant, StoredBatch batch, CancellationToken cancellationToken)
    {
        if (batch is not { Payer: { } payer, Order: { } order })
        {
            return;
        }

        RollupEscrow escrow = await ReadAsync(payer, cancellationToken);
        Address? signer = SignerOf(escrow, payer, batch.Id, order);
        EscrowPosters posters = escrow.State.Posters;
        if (signer is null || signer != posters.Current || signer != posters.Lasting)
        {
            NoteUnsigned(tenant);
            throw new DaException(
                DaError.MalformedRequest,
                $"{SignedOrder.HeaderName}: {Named(signer)} signed an order of {payer} for batch {batch.Id} and "
                    + $"operator {account.Address}; expected is {posters.Lasting}"
                    + (posters.Lasting == posters.Current ? "" : $", once it is the poster ({posters.Current} leaves)")
            );
        }

        if (await WhyNotSpentAsync(escrow, payer, batch, order, cancellationToken) is { } problem)
        {
            throw new DaException(DaError.PaymentRequired, $"escrow: {payer}: {problem}; nothing of it is stored");
        }
    }

    /// <summary>Why the contract would not take an order with an anchor now; null where it would.</summary>
    private async Task<string?> WhyNotOrderedAsync(
        RollupEscrow escrow,
        Address payer,
        StoredBatch batch,
        SignedOrder order,
        CancellationToken cancellationToken
    ) =>
        SignerOf(escrow, payer, batch.Id, order) == escrow.State.Posters.Current
            ? await WhyNotSpentAsync(escrow, payer, batch, order, cancellationToken)
            : $"its order is not signed by {escrow.State.Posters.Current}, the rollup's poster";

    /// <summary>Why nothing is left of an order for another anchor. While L1 does not answer, all of it counts as left:
    /// this is asked again before the anchor.</summary>
    private async Task<string?> WhyNotSpentAsync(
        RollupEscrow escrow,
        Address payer,
        StoredBatch batch,
        SignedOrder order,
        CancellationToken cancellationToken
    )
    {
        BigInteger spent = BigInteger.Zero;
        try
        {
            spent = await system.Escrow.SpentByOrdersAsync(payer, account.Address, batch.Id, cancellationToken);
        }
        catch (Exception failure) when (failure is L1UnreachableException or JsonRpcException) { }

        return escrow.WhyNotByOrder(batch.PayloadLength, order, spent);
    }

    /// <summary>Makes sure that an order holds long enough, and that the tenant's last ones were signed.</summary>
    private void EnsureOrderMayCome(Tenant tenant, SignedOrder order, ulong head)
    {
        ulong until = head + (ulong)payments.Value.MinOrderBlocks;
        if (order.Deadline < until)
        {
            throw new DaException(
                DaError.MalformedRequest,
                $"{SignedOrder.HeaderName}: it holds until block {order.Deadline}; it must hold until block {until} at "
                    + $"least, L1 is at {head} (Meeda__Payments__MinOrderBlocks)"
            );
        }

        if (
            _unsigned.TryGetValue(tenant.Id, out (int Count, long Since) unsigned)
            && unsigned.Count >= MaxUnsigned
            && time.GetElapsedTime(unsigned.Since) < UnsignedPause
        )
        {
            throw new DaException(
                DaError.Overloaded,
                $"{SignedOrder.HeaderName}: {unsigned.Count} orders of this key were not signed by the rollup's "
                    + "poster; try again in a minute"
            );
        }
    }

    private void NoteUnsigned(Tenant? tenant)
    {
        if (tenant is not null)
        {
            long now = time.GetTimestamp();
            _unsigned.AddOrUpdate(
                tenant.Id,
                _ => (1, now),
                (_, before) =>
                    time.GetElapsedTime(before.Since) < UnsignedPause ? (before.Count + 1, before.Since) : (1, now)
            );
        }
    }

    /// <summary>L1's height, which goes on while L1 does not answer.</summary>
    private ulong HeadOf(RollupEscrow escrow, Entry entry) =>
        escrow.State.Block + (ulong)(time.GetElapsedTime(entry.ReadAt) / SlotTime);

    private static string Named(Address? signer) => signer is null ? "nobody" : $"{signer}";

    private Address? SignerOf(RollupEscrow escrow, Address payer, BatchId batch, SignedOrder order)
    {
        Bytes32 digest = new Order(payer, batch, account.Address, order.MaxWei, order.Deadline).Digest(escrow.Domain);
        return SignatureRecovery.TryRecover(digest, order.ToSignature(), out Address signer) ? signer : null;
    }
}
