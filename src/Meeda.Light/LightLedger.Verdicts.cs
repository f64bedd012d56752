using Dapper;
using Meeda.Chain.Index;
using Meeda.Ethereum;
using Microsoft.Data.Sqlite;

namespace Meeda.Light;

/// <summary>What the light node still has to look at or to answer.</summary>
internal sealed partial class LightLedger
{
    /// <summary>The operators that ever anchored, with the first epoch whose miss was not looked at.</summary>
    public async Task<IReadOnlyList<(Address Operator, ulong NextEpoch)>> OperatorsAsync(
        CancellationToken cancellationToken
    )
    {
        await using SqliteConnection connection = await ConnectAsync(cancellationToken);
        IEnumerable<(byte[] Address, long NextEpoch)> rows = await connection.QueryAsync<(byte[], long)>(
            "SELECT address, next_epoch FROM operator"
        );
        return [.. rows.Select(row => (Address.FromBytes(row.Address), (ulong)row.NextEpoch))];
    }

    /// <summary>Notes up to where an operator's misses were looked at.</summary>
    public async Task SetNextEpochAsync(Address operatorAddress, ulong epoch, CancellationToken cancellationToken)
    {
        await using SqliteConnection connection = await ConnectAsync(cancellationToken);
        await connection.ExecuteAsync(
            "UPDATE operator SET next_epoch = @epoch WHERE address = @address",
            new { epoch = (long)epoch, address = operatorAddress.ToArray() }
        );
    }

    /// <summary>Some anchors with that verdict, oldest first, without their batches.</summary>
    public async Task<IReadOnlyList<OperatorAnchor>> AnchorsWithAsync(
        Verdict verdict,
        int most,
        CancellationToken cancellationToken
    )
    {
        await using SqliteConnection connection = await ConnectAsync(cancellationToken);
        IEnumerable<AnchorRow> rows = await connection.QueryAsync<AnchorRow>(
            $"""
            SELECT {AnchorRow.Columns}, operator AS Operator, transaction_hash AS TransactionHash, commitments AS Commitments
            FROM anchor WHERE verdict = {(int)verdict} ORDER BY block_number LIMIT @most
            """,
            new { most }
        );
        return [.. rows.Select(row => row.ToOperatorAnchor())];
    }

    /// <summary>Notes what was found out about anchors.</summary>
    public async Task SetAnchorVerdictsAsync(
        IEnumerable<(Address Operator, uint AnchorIndex, Verdict Verdict)> found,
        CancellationToken cancellationToken
    )
    {
        await using SqliteConnection connection = await ConnectAsync(cancellationToken);
        await using System.Data.Common.DbTransaction transaction = await connection.BeginTransactionAsync(
            cancellationToken
        );
        await connection.ExecuteAsync(
            "UPDATE anchor SET verdict = @verdict WHERE operator = @address AND anchor_index = @index",
            found.Select(each => new
            {
                verdict = (int)each.Verdict,
                address = each.Operator.ToArray(),
                index = (long)each.AnchorIndex,
            }),
            transaction
        );
        await transaction.CommitAsync(cancellationToken);
    }

    /// <summary>Some proofs with that verdict, oldest first.</summary>
    public async Task<IReadOnlyList<(Address Operator, ProofEvent Proof)>> ProofsWithAsync(
        Verdict verdict,
        int most,
        CancellationToken cancellationToken
    )
    {
        await using SqliteConnection connection = await ConnectAsync(cancellationToken);
        IEnumerable<(byte[] Operator, long Epoch, long BlockNumber, byte[] TransactionHash, byte[] Seed)> rows =
            await connection.QueryAsync<(byte[], long, long, byte[], byte[])>(
                "SELECT operator, epoch, block_number, transaction_hash, seed FROM proof WHERE verdict = "
                    + $"{(int)verdict} ORDER BY block_number LIMIT @most",
                new { most }
            );
        return
        [
            .. rows.Select(row =>
                (
                    Address.FromBytes(row.Operator),
                    new ProofEvent(
                        (ulong)row.Epoch,
                        (ulong)row.BlockNumber,
                        Bytes32.FromBytes(row.TransactionHash),
                        Bytes32.FromBytes(row.Seed)
                    )
                )
            ),
        ];
    }

    /// <summary>What was found out about a proof, or null where none was seen.</summary>
    public async Task<Verdict?> ProofVerdictAsync(
        Address operatorAddress,
        ulong epoch,
        CancellationToken cancellationToken
    )
    {
        await using SqliteConnection connection = await ConnectAsync(cancellationToken);
        return (Verdict?)
            await connection.ExecuteScalarAsync<int?>(
                "SELECT verdict FROM proof WHERE operator = @address AND epoch = @epoch",
                new { address = operatorAddress.ToArray(), epoch = (long)epoch }
            );
    }

    /// <summary>Notes what was found out about a proof.</summary>
    public async Task SetProofVerdictAsync(
        Address operatorAddress,
        ulong epoch,
        Verdict verdict,
        CancellationToken cancellationToken
    )
    {
        await using SqliteConnection connection = await ConnectAsync(cancellationToken);
        await connection.ExecuteAsync(
            "UPDATE proof SET verdict = @verdict WHERE operator = @address AND epoch = @epoch",
            new
            {
                verdict = (int)verdict,
                address = operatorAddress.ToArray(),
                epoch = (long)epoch,
            }
        );
    }

    /// <summary>The demands of somebody that were not seen to be over.</summary>
    public async Task<IReadOnlyList<DemandEvent>> OpenDemandsAsync(
        Address demander,
        CancellationToken cancellationToken
    )
    {
        await using SqliteConnection connection = await ConnectAsync(cancellationToken);
        IEnumerable<(
            long Id,
            byte[] Operator,
            long Position,
            byte[] Demander,
            byte[] VersionedHash,
            long Deadline,
            long BlockNumber
        )> rows = await connection.QueryAsync<(long, byte[], long, byte[], byte[], long, long)>(
            "SELECT id, operator, position, demander, versioned_hash, deadline, block_number FROM demand WHERE "
                + "verdict = 0 AND demander = @demander ORDER BY id",
            new { demander = demander.ToArray() }
        );
        return
        [
            .. rows.Select(row => new DemandEvent(
                (ulong)row.Id,
                Address.FromBytes(row.Operator),
                (ulong)row.Position,
                Address.FromBytes(row.Demander),
                Bytes32.FromBytes(row.VersionedHash),
                (ulong)row.Deadline,
                (ulong)row.BlockNumber
            )),
        ];
    }

    /// <summary>Whether somebody demanded a blob from block <paramref name="first"/> on.</summary>
    public async Task<bool> WasDemandedAsync(
        Address operatorAddress,
        ulong position,
        ulong first,
        CancellationToken cancellationToken
    )
    {
        await using SqliteConnection connection = await ConnectAsync(cancellationToken);
        return await connection.ExecuteScalarAsync<long>(
                "SELECT COUNT(*) FROM demand WHERE operator = @address AND position = @position AND block_number "
                    + ">= @first",
                new
                {
                    address = operatorAddress.ToArray(),
                    position = (long)position,
                    first = (long)first,
                }
            ) != 0;
    }

    /// <summary>Notes that a demand is over.</summary>
    public async Task CloseDemandAsync(ulong id, CancellationToken cancellationToken)
    {
        await using SqliteConnection connection = await ConnectAsync(cancellationToken);
        await connection.ExecuteAsync(
            $"UPDATE demand SET verdict = {(int)Verdict.Resolved} WHERE id = @id",
            new { id = (long)id }
        );
    }
}
