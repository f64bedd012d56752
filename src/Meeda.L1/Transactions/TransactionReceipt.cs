using System.Numerics;
using Meeda.Ethereum;
using Meeda.L1.Rpc;

namespace Meeda.L1.Transactions;

/// <summary>What came of a transaction.</summary>
/// <param name="TransactionHash">Its hash.</param>
/// <param name="BlockNumber">The block that holds it.</param>
/// <param name="BlockHash">That block's hash.</param>
/// <param name="GasUsed">The gas it used.</param>
/// <param name="ContractAddress">The contract it made, or null.</param>
/// <param name="Succeeded">False where it reverted.</param>
/// <param name="Logs">What contracts wrote.</param>
/// <param name="EffectiveGasPrice">The wei that each gas cost, base fee and tip.</param>
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

/// <summary>A transaction that a block holds and that reverted: its gas is paid, and it changed nothing.</summary>
/// <param name="receipt">Its receipt.</param>
/// <param name="revertData">What the contract said (ABI of its error), read by a call on the state around its block;
/// empty where that is not known.</param>
public sealed class TransactionRevertedException(TransactionReceipt receipt, byte[]? revertData = null)
    : Exception($"transaction {receipt.TransactionHash} reverted in block {receipt.BlockNumber}")
{
    /// <summary>The transaction's receipt.</summary>
    public TransactionReceipt Receipt => receipt;

    /// <summary>What the contract said, or empty.</summary>
    public byte[] RevertData => revertData ?? [];
}
