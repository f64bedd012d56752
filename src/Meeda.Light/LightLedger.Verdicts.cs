using Meeda.Chain.Index;
using Meeda.Ethereum;

namespace Meeda.Light;

/// <content>The anchors, proofs and demands that the light node still has to check or challenge.</content>
internal sealed partial class LightLedger
{
    /// <summary>The operators with anchors, each with the first epoch that was not checked for a miss.</summary>
    public async Task<IReadOnlyList<(Address Operator, ulong NextEpoch)>> OperatorsAsync(
        CancellationToken cancellationToken
    ) =>
        [
            .. (
                await QueryAsync<(byte[] Address, long NextEpoch)>(
                    "SELECT address, next_epoch FROM operator",
                    null,
                    cancellationToken
                )
            ).Select(row => (Address.FromBytes(row.Address), (ulong)row.NextEpoch)),
        ];

    /// <summary>Records the first epoch of an operator that was not checked for a miss.</summary>
    public Task SetNextEpochAsync(Address operatorAddress, ulong epoch, CancellationToken cancellationToken) =>
        ExecuteAsync(
            "UPDATE operator SET next_epoch = @epoch WHERE address = @address",
            new { epoch = (long)epoch, address = operatorAddress.ToArray() },
            cancellationToken
        );

    /// <summary>Anchors with a verdict, oldest first, without their batches.</summary>
    public async Task<IReadOnlyList<OperatorAnchor>> AnchorsWithAsync(
        Verdict verdict,
        int max,
        CancellationToken cancellationToken
    ) =>
        [
            .. (
                await QueryAsync<LeavesRow>(
                    $"""
                    SELECT operator AS Operator, transaction_hash AS TransactionHash, commitments AS Commitments, {ChainIndex.AnchorRow.Columns}
                    FROM anchor WHERE verdict = {(int)verdict} ORDER BY block_number LIMIT @max
                    """,
                    new { max },
                    cancellationToken
                )
            ).Select(row => row.ToAnchor()),
        ];

    /// <summary>Records the verdicts on anchors.</summary>
    public Task SetAnchorVerdictsAsync(
        IEnumerable<(Address Operator, uint AnchorIndex, Verdict Verdict)> found,
        CancellationToken cancellationToken
    ) =>
        ExecuteAsync(
            "UPDATE anchor SET verdict = @verdict WHERE operator = @address AND anchor_index = @index",
            found.Select(each => new
            {
                verdict = (int)each.Verdict,
                address = each.Operator.ToArray(),
                index = (long)each.AnchorIndex,
            }),
            cancellationToken
        );

    /// <summary>Proofs with a verdict, oldest first.</summary>
    public async Task<IReadOnlyList<(Address Operator, ProofEvent Proof)>> ProofsWithAsync(
        Verdict verdict,
        int max,
        CancellationToken cancellationToken
    ) =>
        [
            .. (
                await QueryAsync<OwnedProofRow>(
                    $"SELECT operator AS Operator, {ChainIndex.ProofRow.Columns} FROM proof WHERE verdict = "
                        + $"{(int)verdict} ORDER BY block_number LIMIT @max",
                    new { max },
                    cancellationToken
                )
            ).Select(row => (Address.FromBytes(row.Operator), row.ToProof())),
        ];

    /// <summary>The verdict on a proof, or null where L1 has no proof of the epoch.</summary>
    public async Task<Verdict?> ProofVerdictAsync(
        Address operatorAddress,
        ulong epoch,
        CancellationToken cancellationToken
    ) =>
        (Verdict?)
            (
                await QueryAsync<long?>(
                    "SELECT verdict FROM proof WHERE operator = @address AND epoch = @epoch",
                    new { address = operatorAddress.ToArray(), epoch = (long)epoch },
                    cancellationToken
                )
            ).SingleOrDefault();

    /// <summary>Records the verdict on a proof.</summary>
    public Task SetProofVerdictAsync(
        Address operatorAddress,
        ulong epoch,
        Verdict verdict,
        CancellationToken cancellationToken
    ) =>
        ExecuteAsync(
            "UPDATE proof SET verdict = @verdict WHERE operator = @address AND epoch = @epoch",
            new
            {
                verdict = (int)verdict,
                address = operatorAddress.ToArray(),
                epoch = (long)epoch,
            },
            cancellationToken
        );

    /// <summary>The demands of one account that are not closed.</summary>
    public async Task<IReadOnlyList<DemandEvent>> OpenDemandsAsync(
        Address demander,
        CancellationToken cancellationToken
    ) =>
        [
            .. (
                await QueryAsync<ChainIndex.DemandRow>(
                    $"SELECT {ChainIndex.DemandRow.Columns} FROM demand WHERE verdict = 0 AND demander = @demander "
                        + "ORDER BY id",
                    new { demander = demander.ToArray() },
                    cancellationToken
                )
            ).Select(row => row.ToDemand()),
        ];

    /// <summary>The demands of any account whose deadline was before a block and that are not closed, oldest
    /// first.</summary>
    public async Task<IReadOnlyList<DemandEvent>> OverdueDemandsAsync(
        ulong block,
        int max,
        CancellationToken cancellationToken
    ) =>
        [
            .. (
                await QueryAsync<ChainIndex.DemandRow>(
                    $"SELECT {ChainIndex.DemandRow.Columns} FROM demand WHERE verdict = 0 AND deadline < @block "
                        + "ORDER BY id LIMIT @max",
                    new { block = (long)block, max },
                    cancellationToken
                )
            ).Select(row => row.ToDemand()),
        ];

    /// <summary>Whether a blob was demanded in block <paramref name="first"/> or later, by any account.</summary>
    public async Task<bool> WasDemandedAsync(
        Address operatorAddress,
        ulong position,
        ulong first,
        CancellationToken cancellationToken
    ) =>
        (
            await QueryAsync<long>(
                "SELECT id FROM demand WHERE operator = @address AND position = @position AND block_number >= @first",
                new
                {
                    address = operatorAddress.ToArray(),
                    position = (long)position,
                    first = (long)first,
                },
                cancellationToken
            )
        ).Any();

    /// <summary>Closes a demand.</summary>
    public Task CloseDemandAsync(ulong id, CancellationToken cancellationToken) =>
        ExecuteAsync(
            $"UPDATE demand SET verdict = {(int)Verdict.Resolved} WHERE id = @id",
            new { id = (long)id },
            cancellationToken
        );

    private sealed record LeavesRow(
        byte[] Operator,
        byte[] TransactionHash,
        byte[] Commitments,
        long AnchorIndex,
        byte[] Root,
        long FirstBlob,
        long BlobCount,
        long BlockNumber,
        long Expiry
    )
    {
        public OperatorAnchor ToAnchor() =>
            new(
                Address.FromBytes(Operator),
                new AnchorEvent(
                    new ChainIndex.AnchorRow(AnchorIndex, Root, FirstBlob, BlobCount, BlockNumber, Expiry).ToAnchor(),
                    Bytes32.FromBytes(TransactionHash),
                    Commitments,
                    []
                )
            );
    }

    private sealed record OwnedProofRow(
        byte[] Operator,
        long Epoch,
        long BlockNumber,
        byte[] TransactionHash,
        byte[] Seed
    )
    {
        public ProofEvent ToProof() => new ChainIndex.ProofRow(Epoch, BlockNumber, TransactionHash, Seed).ToProof();
    }
}
