using System.Globalization;
using System.Numerics;
using Meeda.Chain.Contract;
using Meeda.Chain.Index;

namespace Meeda.Chain.Verification;

/// <content>The figures of an operator's stake.</content>
internal sealed partial class BatchInspection
{
    /// <summary>What the stake means for a blob, in words: for how much data it answers, and how likely an epoch
    /// challenges one of them.</summary>
    private async Task<string> DeterrenceAsync(
        BatchAnchoring anchoring,
        LogRecord record,
        BigInteger stake,
        ulong head,
        CancellationToken cancellationToken
    )
    {
        SystemParameters parameters = await system.ParametersAsync(cancellationToken);
        Detection detection = Detection.Of(
            await record.AnchorsAsync(anchoring.Operator, cancellationToken),
            head,
            parameters
        );
        return detection.LiveBlobs == 0
            ? ""
            : string.Create(
                CultureInfo.InvariantCulture,
                $" for {detection.LiveBlobs:N0} live blobs ({Ether(stake / detection.LiveBlobs)} ether each); "
                    + $"one epoch challenges an older blob with {detection.InOneEpoch:P2}, a whole retention with "
                    + $"{detection.InARetention:P2}"
            );
    }

    private static string Ether(BigInteger wei) =>
        ((decimal)(wei / 1_000_000_000) / 1_000_000_000m).ToString("0.######", CultureInfo.InvariantCulture);
}
