using Meeda.Chain.Contract;
using Meeda.Ethereum;
using Meeda.L1.Rpc;
using Meeda.L1.Transactions;

namespace Meeda.Light;

/// <summary>Sends a light node's transactions within its budget. Without a key it only watches.</summary>
internal sealed class ChallengeSender(
    LightOptions options,
    LightLedger ledger,
    TransactionSender? sender,
    ILogger<ChallengeSender> logger
)
{
    /// <summary>The account that answers, or null where it only watches.</summary>
    public Address? Account => sender?.Address;

    /// <summary>Sends a transaction.</summary>
    /// <param name="request">What it should do.</param>
    /// <param name="about">What it answers, for the log.</param>
    /// <param name="cancellationToken">Ends the waiting; the transaction may be mined all the same.</param>
    /// <returns>
    /// Whether there is nothing more to send: it is done, or the contract refuses it, which means that another party
    /// was first or the window is over. False
    /// where it may be tried again.
    /// </returns>
    public async Task<bool> SendAsync(TransactionRequest request, string about, CancellationToken cancellationToken)
    {
        if (sender is null)
        {
            logger.NoKey(about);
            return true;
        }

        // A bond counts as spent: the publisher gets it.
        if (
            await ledger.SpentAsync(cancellationToken) is var spent
            && (spent >= options.Budget || spent + request.Value > options.Budget)
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
