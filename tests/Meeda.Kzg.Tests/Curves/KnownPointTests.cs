using Meeda.Kzg.Curves;

namespace Meeda.Kzg.Tests.Curves;

public sealed class KnownPointTests
{
    [Fact]
    public void TryDecodeKnown_APointOfTheSubgroup_IsThatOfTryDecode()
    {
        var compressed = new byte[G1Point.CompressedLength];
        (G1Point.Generator + G1Point.Generator).Encode(compressed);
        Assert.True(G1Point.TryDecode(compressed, out G1Point checkedPoint));
        Assert.True(G1Point.TryDecodeKnown(compressed, out G1Point known));
        Assert.Equal(checkedPoint, known);
    }

    [Fact]
    public void TryDecodeKnown_NoPointOfTheCurve_IsRefused()
    {
        var compressed = new byte[G1Point.CompressedLength];
        compressed[0] = 0x80;
        compressed[^1] = 0x01;
        Assert.False(G1Point.TryDecodeKnown(compressed, out _));
        Assert.False(G1Point.TryDecodeKnown(compressed.AsSpan(1), out _));
    }
}
