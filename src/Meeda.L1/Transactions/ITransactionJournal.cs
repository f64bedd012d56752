using System.Numerics;
using Meeda.Ethereum;

namespace Meeda.L1.Transactions;

/// <summary>
/// A nonce that was signed for, with all that is needed to bring its request into the chain after a restart.
/// </summary>
/// <param name="ChainId">The chain.</param>
/// <param name="Nonce">The nonce.</param>
/// <param name="Request">What it should do.</param>
/// <param name="GasLimit">The most gas it may use.</param>
/// <param name="Tip">The latest transaction's tip, in wei for each gas.</param>
/// <param name="MaxFeePerGas">The maximum that it pays, in wei for each gas.</param>
/// <param name="MaxFeePerBlobGas">The maximum that it pays in wei for each blob gas; 0 without blobs.</param>
/// <param name="Wire">The latest transaction in its network encoding.</param>
/// <param name="Hashes">The hashes of all that were signed for this nonce, oldest first: a block may hold any one of
/// them.</param>
/// <param name="IsConfirmed">Whether it is part of the chain, as deep as was asked for.</param>
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
/// What a <see cref="TransactionSender"/> knows of its nonces, kept where it survives the process. It is written
/// before anything is sent, so that whoever comes after
/// sends the same again and nothing else in its place. Where several processes take turns, a write of one whose turn
/// is over throws, and then nothing is sent.
/// </summary>
public interface ITransactionJournal
{
    /// <summary>Everything that is kept.</summary>
    Task<IReadOnlyList<JournaledTransaction>> ReadAsync(CancellationToken cancellationToken);

    /// <summary>Keeps a nonce's latest state, in the place of an earlier one.</summary>
    Task WriteAsync(JournaledTransaction transaction, CancellationToken cancellationToken);

    /// <summary>Forgets a nonce of the account on a chain.</summary>
    Task RemoveAsync(ulong chainId, ulong nonce, CancellationToken cancellationToken);
}
