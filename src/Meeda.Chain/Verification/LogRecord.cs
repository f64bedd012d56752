using Meeda.Chain.Contract;
using Meeda.Chain.Index;
using Meeda.Ethereum;
using Meeda.L1.Rpc;
using Meeda.Protocol.Anchors;
using Meeda.Protocol.Batches;

namespace Meeda.Chain.Verification;

/// <summary>
/// One operator's anchors and proofs in L1's logs at one moment, held in memory: for a verifier that runs once and
/// keeps nothing.
/// </summary>
internal sealed class LogRecord : IAnchorRecord
{
    private readonly Address _operator;
    private readonly IReadOnlyList<AnchorEvent> _anchors;
    private readonly IReadOnlyList<ProofEvent> _proofs;
    private readonly BlockPoint _tip;

    private LogRecord(
        Address operatorAddress,
        IReadOnlyList<AnchorEvent> anchors,
        IReadOnlyList<ProofEvent> proofs,
        BlockPoint tip
    )
    {
        _operator = operatorAddress;
        _anchors = anchors;
        _proofs = proofs;
        _tip = tip;
    }

    /// <summary>Reads everything of an operator.</summary>
    /// <param name="first">The block of the contract's deployment, or any before it.</param>
    public static async Task<LogRecord> ReadAsync(
        EthereumClient client,
        SystemContract system,
        Address operatorAddress,
        ulong first,
        CancellationToken cancellationToken
    )
    {
        Block head =
            await client.GetBlockAsync(BlockTag.Latest, cancellationToken)
            ?? throw new InvalidDataException("L1 has no newest block");
        IReadOnlyList<OperatorEvents> events = await ReadAllAsync(
            client,
            first,
            head.Number,
            (from, to) => system.ReadEventsAsync(operatorAddress, from, to, cancellationToken),
            cancellationToken
        );
        var odd = new List<(AnchorEvent Seen, AnchorOddity Oddity)>();
        IReadOnlyList<AnchorEvent> anchors = AnchorSequence.Continue(
            null,
            [.. events.SelectMany(each => each.Anchors)],
            odd
        );
        return first > 0 && odd.Exists(each => each.Oddity == AnchorOddity.Gap)
            ? await ReadAsync(client, system, operatorAddress, first: 0, cancellationToken) // older anchors
            : new LogRecord(
                operatorAddress,
                anchors,
                [.. events.SelectMany(each => each.Proofs).Select(proof => proof.Seen)],
                new BlockPoint(head.Number, head.Hash)
            );
    }

    /// <summary>The operators that ever anchored a batch.</summary>
    /// <param name="client">L1.</param>
    /// <param name="system">The contracts.</param>
    /// <param name="id">The batch.</param>
    /// <param name="first">The block of the contract's deployment, or any before it.</param>
    /// <param name="cancellationToken">Ends the reading.</param>
    public static async Task<IReadOnlyCollection<Address>> HoldersAsync(
        EthereumClient client,
        SystemContract system,
        BatchId id,
        ulong first,
        CancellationToken cancellationToken
    )
    {
        IReadOnlyList<IReadOnlyList<Address>> holders = await ReadAllAsync(
            client,
            first,
            await client.GetBlockNumberAsync(cancellationToken),
            (from, to) => system.ReadHoldersAsync(id, from, to, cancellationToken),
            cancellationToken
        );
        return [.. holders.SelectMany(some => some).Distinct()];
    }

    /// <summary>Reads the logs of a range of blocks, in pieces that the endpoint accepts.</summary>
    public static async Task<IReadOnlyList<T>> ReadAllAsync<T>(
        EthereumClient client,
        ulong first,
        ulong last,
        Func<ulong, ulong, Task<T>> read,
        CancellationToken cancellationToken
    )
        where T : class
    {
        var ranges = new BlockRanges(client);
        var answers = new List<T>();
        ulong next = first;
        while (next <= last)
        {
            ulong from = next;
            ulong to = ranges.LastFrom(from, last);
            if (await ranges.TryReadAsync(from, to, () => read(from, to), cancellationToken) is { } answer)
            {
                answers.Add(answer);
                next = to + 1;
            }
        }

        return answers;
    }

    /// <inheritdoc/>
    public Task<IReadOnlyList<Anchor>> AnchorsAsync(Address operatorAddress, CancellationToken cancellationToken) =>
        Task.FromResult<IReadOnlyList<Anchor>>(
            operatorAddress == _operator ? [.. _anchors.Select(seen => seen.Anchor)] : []
        );

    /// <inheritdoc/>
    public Task<byte[]> CommitmentsAsync(
        Address operatorAddress,
        uint anchorIndex,
        CancellationToken cancellationToken
    ) => Task.FromResult(_anchors[(int)anchorIndex].Commitments);

    /// <inheritdoc/>
    public Task<Bytes32> IdRootAsync(Address operatorAddress, uint anchorIndex, CancellationToken cancellationToken) =>
        Task.FromResult(AnchorRoots.IdRootOf([.. _anchors[(int)anchorIndex].Batches.Select(batch => batch.Batch)]));

    /// <inheritdoc/>
    public Task<IReadOnlyList<BatchAnchoring>> AnchoringsAsync(BatchId id, CancellationToken cancellationToken) =>
        Task.FromResult<IReadOnlyList<BatchAnchoring>>([
            .. _anchors.SelectMany(seen =>
                seen.Batches.Where(batch => batch.Batch == id)
                    .Select(batch => new BatchAnchoring(_operator, batch, seen.Anchor, seen.TransactionHash))
            ),
        ]);

    /// <inheritdoc/>
    public Task<IReadOnlyList<ProofEvent>> ProofsAsync(
        Address operatorAddress,
        ulong first,
        ulong last,
        CancellationToken cancellationToken
    ) =>
        Task.FromResult<IReadOnlyList<ProofEvent>>([
            .. _proofs
                .Where(proof => operatorAddress == _operator && proof.Epoch >= first && proof.Epoch <= last)
                .OrderBy(proof => proof.Epoch),
        ]);

    /// <inheritdoc/>
    public Task<BlockPoint?> TipAsync(CancellationToken cancellationToken) => Task.FromResult<BlockPoint?>(_tip);
}
