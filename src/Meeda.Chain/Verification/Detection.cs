using Meeda.Chain.Contract;
using Meeda.Protocol.Anchors;

namespace Meeda.Chain.Verification;

/// <summary>How likely an operator's loss of a single older blob is challenged (contracts/README.md, "What is
/// bounded").</summary>
/// <param name="LiveBlobs">The operator's live blobs.</param>
/// <param name="InOneEpoch">The chance that one epoch draws the blob, 0 to 1.</param>
/// <param name="InARetention">The chance that one of the epochs in which it is an older one draws it, 0 to 1.</param>
internal sealed record Detection(ulong LiveBlobs, double InOneEpoch, double InARetention)
{
    /// <summary>
    /// Computes the chances as if all live blobs were older ones: recent ones are challenged more often.
    /// </summary>
    /// <param name="anchors">All anchors of the operator, by index.</param>
    /// <param name="head">L1's height.</param>
    /// <param name="parameters">The deployment's parameters.</param>
    public static Detection Of(IReadOnlyList<Anchor> anchors, ulong head, SystemParameters parameters)
    {
        ulong live = (ulong)anchors.Where(anchor => anchor.Expiry > head).Sum(anchor => anchor.BlobCount);
        if (live == 0)
        {
            return new Detection(0, 0, 0);
        }

        // Each of the draws finds one of the blobs: 1 - (1 - 1/n)^draws.
        double epoch = 1 - Math.Pow(1 - (1.0 / live), parameters.ColdSamples);
        uint epochs = parameters.Retention / parameters.EpochBlocks;
        uint older = epochs > parameters.HotEpochs ? epochs - parameters.HotEpochs : 0;
        return new Detection(live, epoch, 1 - Math.Pow(1 - epoch, older));
    }
}
