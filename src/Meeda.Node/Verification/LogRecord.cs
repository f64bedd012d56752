using Meeda.Ethereum;
using Meeda.Ethereum.JsonRpc;
using Meeda.Node.L1;
using Meeda.Node.Storage;
using Meeda.Protocol.Anchors;
using Meeda.Protocol.Batches;

namespace Meeda.Node.Verification;

/// <summary>One operator's anchors and proofs as L1's logs tell them at one moment, held in memory: for a verifier that looks once and keeps nothing.</summary>
internal sealed class LogRecord : IAnchorRecord
{
    // Execution clients limit a log query's range; 2,000 blocks is below every common limit.
    private const ulong MaxRange = 2_000;

    private readonly Address _operator;
    private readonly IReadOnlyList<AnchorSeen> _anchors;
    private readonly IReadOnlyList<ProofSeen> _proofs;
    private readonly BlockPoint _tip;

    private LogRecord(Address operatorAddress, IReadOnlyList<AnchorSeen> anchors, IReadOnlyList<ProofSeen> proofs, BlockPoint tip)
    {
        _operator = operatorAddress;
        _anchors = anchors;
        _proofs = proofs;
        _tip = tip;
    }

    /// <summary>Reads everything of an operator.</summary>
    /// <param name="first">The block of the contract's deployment, or any before it.</param>
    public static async Task<LogRecord> ReadAsync(
        EthereumClient client, MeedaVerifierContract contract, Address operatorAddress, ulong first, CancellationToken cancellationToken)
    {
        Block head = await client.GetBlockAsync(BlockTag.Latest, cancellationToken) ?? throw new InvalidDataException("L1 has no newest block");
        var anchors = new List<AnchorSeen>();
        var proofs = new List<ProofSeen>();
        foreach ((ulong from, ulong to) in Ranges(first, head.Number))
        {
            OperatorEvents events = await contract.ReadEventsAsync(operatorAddress, from, to, cancellationToken);
            anchors.AddRange(events.Anchors);
            proofs.AddRange(events.Proofs.Select(proof => proof.Seen));
        }

        return new LogRecord(operatorAddress, anchors, proofs, new BlockPoint(head.Number, head.Hash));
    }

    /// <summary>A run of blocks in pieces that a node answers.</summary>
    public static IEnumerable<(ulong First, ulong Last)> Ranges(ulong first, ulong last)
    {
        for (ulong from = first; from <= last; from += MaxRange)
        {
            yield return (from, Math.Min(last, from + MaxRange - 1));
        }
    }

    /// <inheritdoc/>
    public Task<IReadOnlyList<Anchor>> AnchorsAsync(Address operatorAddress, CancellationToken cancellationToken) =>
        Task.FromResult<IReadOnlyList<Anchor>>(operatorAddress == _operator ? [.. _anchors.Select(seen => seen.Anchor)] : []);

    /// <inheritdoc/>
    public Task<byte[]> CommitmentsAsync(Address operatorAddress, uint anchorIndex, CancellationToken cancellationToken) =>
        Task.FromResult(_anchors[(int)anchorIndex].Commitments);

    /// <inheritdoc/>
    public Task<IReadOnlyList<BatchAnchoring>> AnchoringsAsync(BatchId id, CancellationToken cancellationToken) => Task.FromResult<IReadOnlyList<BatchAnchoring>>(
        [.. _anchors.SelectMany(seen => seen.Batches.Where(batch => batch.Batch == id).Select(batch => new BatchAnchoring(_operator, batch, seen.Anchor, seen.TransactionHash)))]);

    /// <inheritdoc/>
    public Task<IReadOnlyList<ProofSeen>> ProofsAsync(Address operatorAddress, ulong first, ulong last, CancellationToken cancellationToken) =>
        Task.FromResult<IReadOnlyList<ProofSeen>>([.. _proofs.Where(proof => operatorAddress == _operator && proof.Epoch >= first && proof.Epoch <= last).OrderBy(proof => proof.Epoch)]);

    /// <inheritdoc/>
    public Task<BlockPoint?> TipAsync(CancellationToken cancellationToken) => Task.FromResult<BlockPoint?>(_tip);
}
