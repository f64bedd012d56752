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
using Microsoft.Extensions.Options;

namespace Meeda.Operator.Payments;

/// <summary>
/// Whether rollups' escrows cover their batches: asked before a batch is promised, and again before it is anchored.
/// What is promised is anchored whether it is paid or not; so that little of it is unpaid, an escrow is reckoned with
/// as of an L1 block, less what the ledger knows to be charged after that block or not yet.
/// </summary>
internal sealed class RollupEscrows(
    IOptions<L1Options> options,
    IOptions<SignInOptions> signIn,
    SystemContract system,
    EthereumClient client,
    OperatorAccount account,
    Ledger ledger,
    TimeProvider time,
    ILogger<RollupEscrows> logger
)
{
    // A reorganisation may move charges of the last blocks: they are read again.
    private const ulong ReadAgain = 64;
    private const decimal WeiOfEther = 1_000_000_000_000_000_000m;

    private readonly ConcurrentDictionary<Address, Entry> _entries = new();

    /// <summary>
    /// Makes sure that a rollup's escrow covers a batch beside those that are promised already, and reserves its cost
    /// until the ledger has the batch.
    /// </summary>
    /// <param name="tenant">Whose rollup pays; where there is none, nothing is checked.</param>
    /// <param name="bytes">The batch's payload bytes.</param>
    /// <param name="cancellationToken">Ends the waiting.</param>
    /// <returns>The reservation, to be disposed of once the ledger has the batch; null where nothing is paid.</returns>
    /// <exception cref="DaException">It does not (<see cref="DaError.PaymentRequired"/>), or is not known.</exception>
    public async Task<IDisposable?> ReserveAsync(Tenant? tenant, long bytes, CancellationToken cancellationToken)
    {
        if (tenant?.Payer is not { } payer)
        {
            return tenant?.Signer is null
                ? null
                : throw new DaException(
                    DaError.PaymentRequired,
                    "escrow: a tenant that signed in is paid for by its rollup, and none is named any more"
                );
        }

        RollupEscrow escrow = await ReadAsync(payer, cancellationToken);
        EnsureBounded(tenant, escrow, bytes);
        long uncharged = await ledger.UnchargedBytesAsync(payer, escrow.State.Block, cancellationToken);
        Entry entry = _entries[payer];
        lock (entry)
        {
            if (escrow.WhyNot(bytes, uncharged + entry.ReservedBytes) is { } problem)
            {
                throw new DaException(DaError.PaymentRequired, $"escrow: {payer}: {problem}; nothing of it is stored");
            }

            entry.ReservedBytes += bytes;
        }

        return new Reservation(entry, bytes);
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
    public async Task<IReadOnlyDictionary<StoredBatch, Address>> CoveredAsync(
        IReadOnlyList<StoredBatch> batches,
        CancellationToken cancellationToken
    )
    {
        var covered = new Dictionary<StoredBatch, Address>();
        var before = new Dictionary<Address, long>();
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

            long uncharged = before.GetValueOrDefault(payer);
            if (escrow.WhyNot(batch.PayloadLength, uncharged) is { } problem)
            {
                logger.AnchoredUnpaid(batch.Id.ToString(), payer.ToString(), problem);
                continue;
            }

            covered.Add(batch, payer);
            before[payer] = uncharged + batch.PayloadLength;
        }

        return covered;
    }

    /// <summary>The escrows that were asked for since the process began, as last read.</summary>
    public IReadOnlyDictionary<Address, RollupEscrow> Known =>
        _entries
            .Where(entry => entry.Value.Escrow is not null)
            .ToDictionary(entry => entry.Key, entry => entry.Value.Escrow!);

    /// <summary>
    /// A rollup's escrow, without its charges and of which nothing is kept where it was not asked for before: strangers
    /// ask for it.
    /// </summary>
    /// <exception cref="DaException">L1 does not answer.</exception>
    public async Task<RollupEscrow> PeekAsync(Address rollup, CancellationToken cancellationToken)
    {
        if (_entries.ContainsKey(rollup))
        {
            return await ReadAsync(rollup, cancellationToken);
        }

        try
        {
            SystemParameters parameters = await system.ParametersAsync(cancellationToken);
            ulong block = await client.GetBlockNumberAsync(cancellationToken);
            EscrowState state = await system.Escrow.StateAsync(rollup, account.Address, block, cancellationToken);
            return new RollupEscrow(state, [], parameters.EpochBlocks, parameters.Retention);
        }
        catch (Exception failure) when (failure is L1UnreachableException or JsonRpcException)
        {
            throw Unknown(rollup, failure);
        }
    }

    /// <summary>A rollup's escrow, at most a poll old; older only while L1 does not answer.</summary>
    /// <exception cref="DaException">L1 does not answer, and it was never read.</exception>
    public async Task<RollupEscrow> ReadAsync(Address rollup, CancellationToken cancellationToken)
    {
        Entry entry = _entries.GetOrAdd(rollup, _ => new Entry());
        await entry.Gate.WaitAsync(cancellationToken);
        try
        {
            if (entry.Escrow is null || time.GetElapsedTime(entry.ReadAt) > options.Value.PollInterval)
            {
                entry.Escrow = await ReadAsync(rollup, entry.Escrow, cancellationToken);
                entry.ReadAt = time.GetTimestamp();
                OperatorMetrics.Record(rollup, entry.Escrow);
            }

            return entry.Escrow;
        }
        catch (Exception failure) when (failure is L1UnreachableException or JsonRpcException)
        {
            return entry.Escrow ?? throw Unknown(rollup, failure);
        }
        finally
        {
            entry.Gate.Release();
        }
    }

    private static DaException Unknown(Address rollup, Exception failure) =>
        new(
            ErrorCode.L1Unavailable,
            $"escrow: what {rollup} prepaid is not known: {Outage.Explain(failure).Reason}",
            failure
        );

    private async Task<RollupEscrow> ReadAsync(
        Address rollup,
        RollupEscrow? before,
        CancellationToken cancellationToken
    )
    {
        SystemParameters parameters = await system.ParametersAsync(cancellationToken);
        ulong block = await client.GetBlockNumberAsync(cancellationToken);
        EscrowState state = await system.Escrow.StateAsync(rollup, account.Address, block, cancellationToken);
        ulong epochBegan = block / parameters.EpochBlocks * parameters.EpochBlocks;
        ulong keptUpTo =
            before is null ? 0
            : Math.Min(before.State.Block, block) is var seen && seen > ReadAgain ? seen - ReadAgain
            : 0;
        ulong from = Math.Max(epochBegan, keptUpTo);
        IReadOnlyList<ChargeEvent> read = await system.Escrow.ReadChargesAsync(
            rollup,
            account.Address,
            from,
            block,
            cancellationToken
        );
        IEnumerable<ChargeEvent> kept = (before?.Charges ?? []).Where(charge =>
            charge.Block >= epochBegan && charge.Block < from
        );
        return new RollupEscrow(state, [.. kept, .. read], parameters.EpochBlocks, parameters.Retention);
    }

    private sealed class Entry
    {
        public SemaphoreSlim Gate { get; } = new(1);

        public RollupEscrow? Escrow { get; set; }

        public long ReadAt { get; set; }

        // Guarded by this object: payload bytes that were admitted and are not in the ledger yet.
        public long ReservedBytes { get; set; }
    }

    private sealed class Reservation(Entry entry, long bytes) : IDisposable
    {
        private int _isDisposed;

        public void Dispose()
        {
            if (Interlocked.Exchange(ref _isDisposed, 1) == 0)
            {
                lock (entry)
                {
                    entry.ReservedBytes -= bytes;
                }
            }
        }
    }
}
