using Meeda.Chain.Verification;
using Meeda.DevNet;
using Meeda.Ethereum;
using Meeda.Protocol.Anchors;
using Xunit;

namespace Meeda.Node.Tests.Services;

public sealed class DetectionTests
{
    /// <summary>The table of contracts/README.md: one blob of 10,000 and of 100,000, with 2,560 draws.</summary>
    [Theory]
    [InlineData(10_000, 0.226, 0.964)]
    [InlineData(100_000, 0.0253, 0.283)]
    public void Of_OneBlobLost_IsTheTables(uint blobs, double inOneEpoch, double inARetention)
    {
        Anchor[] anchors =
        [
            new(0, Bytes32.Zero, 0, 7, 1, 50), // expired
            new(1, Bytes32.Zero, 7, blobs - 1, 2, 200),
            new(2, Bytes32.Zero, 6 + blobs, 1, 3, 201),
        ];
        Detection detection = Detection.Of(
            anchors,
            head: 50,
            LocalParameters.Value with
            {
                ColdSamples = 2_560,
                HotEpochs = 2,
                EpochBlocks = 7_200,
                Retention = 108_000,
            }
        );
        Assert.Equal(blobs, detection.LiveBlobs);
        Assert.Equal(inOneEpoch, detection.InOneEpoch, tolerance: 0.0006);
        Assert.Equal(inARetention, detection.InARetention, tolerance: 0.001);
    }

    [Fact]
    public void Of_NothingLive_IsNothing() =>
        Assert.Equal(new Detection(0, 0, 0), Detection.Of([], 5, LocalParameters.Value));
}
