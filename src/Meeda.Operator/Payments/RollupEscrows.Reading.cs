using Meeda.Chain.Contract;
using Meeda.Chain.L1;
using Meeda.Ethereum;
using Meeda.Http;
using Meeda.L1.Rpc;

namespace Meeda.Operator.Payments;

/// <content>What L1 says of escrows.</content>
internal sealed partial class RollupEscrows
{
    // A reorganisation may move charges of the last blocks: they are read again.
    private const ulong ReadAgain = 64;

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
        return new RollupEscrow(state, [.. kept, .. read], parameters.EpochBlocks, parameters.Retention)
        {
            Domain = before?.Domain ?? await system.Escrow.DomainAsync(cancellationToken),
        };
    }
}
