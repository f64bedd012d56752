using Meeda.Chain.Contract;
using Meeda.Chain.Payments;
using Meeda.Ethereum;
using Meeda.Hosting;
using Meeda.L1.Rpc;
using Meeda.L1.Signing;
using Meeda.L1.Transactions;

namespace Meeda.Node.Cli.Spending;

/// <summary>Sends planned transactions in order.</summary>
internal static class TransactionRoute
{
    /// <summary>
    /// Sends them from an account that nothing else sends from. Pending transactions belong to another sender, so the
    /// command fails instead of replacing them.
    /// </summary>
    /// <exception cref="SetupException">
    /// The account has pending transactions, or a transaction failed; the message names it.
    /// </exception>
    public static async Task<IReadOnlyList<TransactionReceipt>> SendAloneAsync(
        EthereumClient client,
        ITransactionSigner signer,
        TransactionSenderOptions options,
        IReadOnlyList<PlannedTransaction> plan,
        CancellationToken cancellationToken
    )
    {
        ulong mined = await client.GetTransactionCountAsync(signer.Address, BlockTag.Latest, cancellationToken);
        ulong known = await client.GetTransactionCountAsync(signer.Address, BlockTag.Pending, cancellationToken);
        if (known != mined)
        {
            throw new SetupException(
                $"key: {signer.Address} has {known - mined} pending transactions; wait until they are mined. An "
                    + "operator that runs elsewhere with this key must be asked there"
            );
        }

        using var sender = new TransactionSender(client, signer, options);
        return await SendAsync(sender, plan, cancellationToken);
    }

    /// <summary>Sends them through a sender.</summary>
    /// <exception cref="SetupException">A transaction failed; the message names it.</exception>
    public static async Task<IReadOnlyList<TransactionReceipt>> SendAsync(
        TransactionSender sender,
        IReadOnlyList<PlannedTransaction> plan,
        CancellationToken cancellationToken
    )
    {
        var receipts = new List<TransactionReceipt>();
        foreach (PlannedTransaction planned in plan)
        {
            try
            {
                receipts.Add(await sender.SendAsync(planned.Request, cancellationToken));
            }
            catch (Exception failure) when (RevertReason.Explains(failure))
            {
                string done = receipts.Count == 0 ? "nothing was sent before" : $"done before: {Hashes(receipts)}";
                throw new SetupException($"{planned.What}: {RevertReason.Of(failure).TrimEnd('.')}; {done}");
            }
        }

        return receipts;
    }

    /// <summary>The receipts of mined transactions.</summary>
    public static async Task<IReadOnlyList<TransactionReceipt>> ReceiptsAsync(
        EthereumClient client,
        IEnumerable<string> hashes,
        CancellationToken cancellationToken
    )
    {
        var receipts = new List<TransactionReceipt>();
        foreach (string hash in hashes)
        {
            receipts.Add(
                await client.GetTransactionReceiptAsync(Bytes32.Parse(hash), cancellationToken)
                    ?? throw new SetupException($"transaction {hash}: L1 no longer has it")
            );
        }

        return receipts;
    }

    private static string Hashes(IEnumerable<TransactionReceipt> receipts) =>
        string.Join(", ", receipts.Select(receipt => receipt.TransactionHash));
}
