using System.Globalization;
using Meeda.L1.Transactions;

namespace Meeda.Chain.L1;

/// <summary>Logs and counts what happens to transactions on their way.</summary>
internal sealed class TransactionLog(ILogger<TransactionSender> logger)
{
    /// <summary>Takes note of an event.</summary>
    public void Take(TransactionEvent happened)
    {
        ChainMetrics.TransactionEvents.Add(
            1,
            new KeyValuePair<string, object?>("kind", happened.Kind.ToString().ToLowerInvariant())
        );
        string gwei = ((decimal)happened.MaxFeePerGas / 1_000_000_000m).ToString("0.###", CultureInfo.InvariantCulture);
        logger.TransactionOnItsWay(
            happened.Hash.ToString(),
            happened.Nonce,
            happened.Kind switch
            {
                TransactionEventKind.Dropped => "the mempool did not know it any more; it was resubmitted",
                TransactionEventKind.Raised => $"no block took its predecessor for long; it pays up to {gwei} gwei",
                TransactionEventKind.InTheWay =>
                    "no block took it for long, and a proof waits behind it: its blob fee may rise up to "
                        + "MaxUrgentBlobFee",
                _ => $"no block takes it, and its fee may not rise beyond {gwei} gwei (MaxFee); it waits for L1 to "
                    + "become cheaper",
            }
        );
    }
}
