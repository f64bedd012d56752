using Meeda.Chain.Contract;
using Meeda.Ethereum;
using Meeda.L1.Rpc;
using Meeda.L1.Transactions;

namespace Meeda.Light;

/// <summary>Sends a light node's transactions within its budget. Without a key it sends nothing.</summary>
internal sealed class ChallengeSender(
    LightOptions options,
    LightLedger ledger,
    TransactionSender? sender,
    ILogger<ChallengeSender> logger
)
{
    /// <summary>The account that sends challenges, or null without a key.</summary>
    public Address? Account => sender?.Address;

    /// <summary>Has what a contract owes paid out, which brings in more than it costs.</summary>
    /// <param name="request">The transaction.</param>
    /// <param name="owed">What is owed, in words.</param>
    /// <param name="cancellationToken">Ends the wait; the transaction may still be mined.</param>
    public async Task ClaimAsync(TransactionRequest request, string owed, CancellationToken cancellationToken)
    {
        TransactionReceipt receipt = await sender!.SendAsync(request, cancellationToken);
        await ledger.AddSpendingAsync(
            receipt.TransactionHash,
            receipt.GasUsed * receipt.EffectiveGasPrice,
            cancellationToken
        );
        logger.Claimed(owed, receipt.TransactionHash.ToString());
    }

    /// <summary>Sends a transaction.</summary>
    /// <param name="request">The transaction.</param>
    /// <param name="about">The violation that it challenges, for the log.</param>
    /// <param name="cancellationToken">Ends the wait; the transaction may still be mined.</param>
    /// <returns>
    /// True where nothing more is to be sent: the transaction is mined, or the contract rejected it because another
    /// party was first or the window is over. False where a later attempt may succeed.
    /// </returns>
    public async Task<bool> SendAsync(TransactionRequest request, string about, CancellationToken cancellationToken)
    {
        if (sender is null)
        {
            logger.NoKey(about);
            return true;
        }

        // A bond counts as spent: what publishing does not cost of it is credited, and claimed apart from this. Bonds
        // get half of the budget, so that an operator which withholds and then publishes does not silence this node.
        if (
            await ledger.SpentAsync(cancellationToken) is var spent
            && (spent >= options.Budget || (request.Value > 0 && spent + request.Value > options.Budget / 2))
        )
        {
            logger.BudgetSpent(about, spent.ToString(System.Globalization.CultureInfo.InvariantCulture));
            return false;
        }

        try
        {
            TransactionReceipt receipt = await sender.SendAsync(request, cancellationToken);
            await ledger.AddSpendingAsync(
                receipt.TransactionHash,
                request.Value + (receipt.GasUsed * receipt.EffectiveGasPrice),
                cancellationToken
            );
            logger.Answered(about, receipt.TransactionHash.ToString(), receipt.GasUsed);
            return true;
        }
        catch (TransactionRevertedException reverted)
        {
            await ledger.AddSpendingAsync(
                reverted.Receipt.TransactionHash,
                reverted.Receipt.GasUsed * reverted.Receipt.EffectiveGasPrice,
                cancellationToken
            );
            logger.AnswerRefused(about, RevertReason.Of(reverted));
            return true;
        }
        catch (JsonRpcException refusal) when (refusal.RevertData.Length >= 4)
        {
            logger.AnswerRefused(about, RevertReason.Of(refusal));
            return true;
        }
    }
}
