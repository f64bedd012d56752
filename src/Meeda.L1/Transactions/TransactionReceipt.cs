using System.Numerics;
using Meeda.Ethereum;
using Meeda.L1.Rpc;

namespace Meeda.L1.Transactions;

/// <summary>The outcome of a transaction.</summary>
/// <param name="TransactionHash">Its hash.</param>
/// <param name="BlockNumber">The block that includes it.</param>
/// <param name="BlockHash">That block's hash.</param>
/// <param name="GasUsed">The gas it used.</param>
/// <param name="ContractAddress">The contract it created, or null.</param>
/// <param name="Succeeded">False if it reverted.</param>
/// <param name="Logs">The logs that it emitted.</param>
/// <param name="EffectiveGasPrice">Base fee and tip, in wei per gas.</param>
public sealed record TransactionReceipt(
    Bytes32 TransactionHash,
    ulong BlockNumber,
    Bytes32 BlockHash,
    ulong GasUsed,
    Address? ContractAddress,
    bool Succeeded,
    IReadOnlyList<Log> Logs,
    BigInteger EffectiveGasPrice = default
);

/// <summary>A transaction was mined and reverted: its gas is paid, and it changed nothing.</summary>
/// <param name="receipt">Its receipt.</param>
/// <param name="revertData">
/// The contract's error, ABI-encoded, read by a call on the state around its block; empty if unknown.
/// </param>
public sealed class TransactionRevertedException(TransactionReceipt receipt, byte[]? revertData = null)
    : Exception($"transaction {receipt.TransactionHash} reverted in block {receipt.BlockNumber}")
{
    /// <summary>The transaction's receipt.</summary>
    public TransactionReceipt Receipt => receipt;

    /// <summary>The contract's error, ABI-encoded, or empty.</summary>
    public byte[] RevertData => revertData ?? [];
}
