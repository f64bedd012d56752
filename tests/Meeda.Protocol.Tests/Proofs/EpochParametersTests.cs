using CsCheck;
using Meeda.Ethereum;
using Meeda.Protocol.Anchors;
using Meeda.Protocol.Proofs;
using Xunit;

namespace Meeda.Protocol.Tests.Proofs;

public sealed class EpochParametersTests
{
    private static readonly EpochParameters Parameters = new(
        EpochBlocks: 10,
        HotEpochs: 2,
        HotSamples: 8,
        ColdSamples: 16,
        SeedDelay: 2,
        ProofWindow: 5
    );

    [Fact]
    public void LiveRangeAt_NoAnchors_IsNothing() => Assert.Null(Parameters.LiveRangeAt(5, []));

    [Fact]
    public void LiveRangeAt_AnchorInTheEpochsOwnBlock_IsNotYetLive() =>
        Assert.Null(Parameters.LiveRangeAt(5, [new Anchor(0, Bytes32.Zero, 0, 3, 50, 1_000)]));

    [Fact]
    public void LiveRangeAt_ExpiryAtTheEpochsBlock_IsExpired() =>
        Assert.Null(Parameters.LiveRangeAt(5, [new Anchor(0, Bytes32.Zero, 0, 3, 20, 50)]));

    [Fact]
    public void LiveRangeAt_OldAndRecentAnchors_AreToldApart()
    {
        Anchor[] anchors =
        [
            new(0, Bytes32.Zero, 0, 4, 10, 40),
            new(1, Bytes32.Zero, 4, 2, 29, 60),
            new(2, Bytes32.Zero, 6, 5, 30, 70),
            new(3, Bytes32.Zero, 11, 1, 55, 90),
        ];

        (LiveRange range, RangeHints hints) = Parameters.LiveRangeAt(5, anchors)!.Value;

        Assert.Equal(new LiveRange(4, 6, 11), range);
        Assert.Equal(new RangeHints(1, 2, 3), hints);
    }

    [Fact]
    public void LiveRangeAt_AnyHistory_IsWhatADefinitionByPositionsSays() =>
        (
            from steps in Gen.Select(Gen.UInt[0, 15], Gen.UInt[1, 5], Gen.UInt[0, 40]).Array[0, 30]
            from epoch in Gen.ULong[0, 30]
            select (steps, epoch)
        ).Sample(
            given =>
            {
                var anchors = new List<Anchor>();
                ulong block = 1;
                ulong expiry = 0;
                ulong first = 0;
                foreach ((uint wait, uint blobs, uint retention) in given.steps)
                {
                    block += wait;
                    expiry = Math.Max(expiry, block + retention);
                    anchors.Add(new Anchor((uint)anchors.Count, Bytes32.Zero, first, blobs, block, expiry));
                    first += blobs;
                }

                ulong at = Parameters.BlockOf(given.epoch);
                ulong[] live = [.. anchors.Where(a => a.BlockNumber < at && a.Expiry > at).SelectMany(Positions)];
                ulong[] hot =
                [
                    .. anchors
                        .Where(a => a.BlockNumber < at && a.Expiry > at && a.BlockNumber + 20 >= at)
                        .SelectMany(Positions),
                ];
                if (Parameters.LiveRangeAt(given.epoch, anchors) is not { } found)
                {
                    return live.Length == 0;
                }

                return live.Length > 0
                    && found.Range.Lo == live[0]
                    && found.Range.Hi == live[^1] + 1
                    && found.Range.Hi - found.Range.Lo == (ulong)live.Length
                    && found.Range.Hi - found.Range.Hot == (ulong)hot.Length;
            },
            iter: 2_000
        );

    private static IEnumerable<ulong> Positions(Anchor anchor)
    {
        for (ulong position = anchor.FirstBlob; position < anchor.EndBlob; position++)
        {
            yield return position;
        }
    }
}
