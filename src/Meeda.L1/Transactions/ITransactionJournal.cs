using System.Numerics;
using Meeda.Ethereum;

namespace Meeda.L1.Transactions;

/// <summary>A nonce that was signed for, with everything needed to complete its request after a restart.</summary>
/// <param name="ChainId">The chain.</param>
/// <param name="Nonce">The nonce.</param>
/// <param name="Request">What it should do.</param>
/// <param name="GasLimit">The gas limit.</param>
/// <param name="Tip">The latest transaction's tip, in wei per gas.</param>
/// <param name="MaxFeePerGas">The maximum that it pays, in wei per gas.</param>
/// <param name="MaxFeePerBlobGas">The maximum that it pays, in wei per blob gas; 0 without blobs.</param>
/// <param name="Wire">The latest transaction in its network encoding.</param>
/// <param name="Hashes">
/// The hashes of all transactions signed for this nonce, oldest first: a block may include any one of them.
/// </param>
/// <param name="IsConfirmed">Whether it is part of the chain with the requested confirmations.</param>
public sealed record JournaledTransaction(
    ulong ChainId,
    ulong Nonce,
    TransactionRequest Request,
    ulong GasLimit,
    BigInteger Tip,
    BigInteger MaxFeePerGas,
    BigInteger MaxFeePerBlobGas,
    byte[] Wire,
    IReadOnlyList<Bytes32> Hashes,
    bool IsConfirmed
);

/// <summary>
/// Persists a <see cref="TransactionSender"/>'s nonces. It is written before anything is sent, so that the next process
/// sends the same transactions and no others in their place. If several processes take turns, a write by a process
/// whose turn is over throws, and then nothing is sent.
/// </summary>
public interface ITransactionJournal
{
    /// <summary>Reads all entries.</summary>
    Task<IReadOnlyList<JournaledTransaction>> ReadAsync(CancellationToken cancellationToken);

    /// <summary>Stores a nonce's latest state, replacing an earlier one.</summary>
    Task WriteAsync(JournaledTransaction transaction, CancellationToken cancellationToken);

    /// <summary>Removes a nonce of the account on a chain.</summary>
    Task RemoveAsync(ulong chainId, ulong nonce, CancellationToken cancellationToken);
}
