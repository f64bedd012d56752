using Meeda.L1.Rpc;
using Meeda.L1.Signing;
using Meeda.L1.Transactions;

namespace Meeda.Chain.Contract;

/// <summary>Messages about failed transactions, with the contract's own error where there is one.</summary>
internal static class RevertReason
{
    /// <summary>
    /// One message about a failure; for a revert with the contract's error and its arguments, for example
    /// <c>StakeTooLow(stake: 5, minimum: 10)</c>.
    /// </summary>
    public static string Of(Exception failure) =>
        failure switch
        {
            TransactionRevertedException reverted =>
                $"{reverted.Message}: {Describe(reverted.RevertData, "the contract said nothing")}",
            JsonRpcException { RevertData.Length: >= 4 } refusal =>
                $"it would revert: {Describe(refusal.RevertData, refusal.NodeMessage)}",
            _ => failure.Message,
        };

    /// <summary>Whether a failure to send is one of L1, the signer or the contract, which <see cref="Of"/>
    /// explains.</summary>
    public static bool Explains(Exception failure) =>
        failure
            is JsonRpcException
                or L1UnreachableException
                or SigningException
                or TransactionRevertedException
                or NonceTakenException
                or BlobFeeException
                or FeeLimitException;

    private static string Describe(byte[] revertData, string otherwise) =>
        ContractArtifact
            .Parts.Append(ContractArtifact.Bounty)
            .Select(part => part.Contract.TryDescribeRevert(revertData, out string? reason) ? reason : null)
            .FirstOrDefault(reason => reason is not null)
        ?? otherwise;
}
