using System.Numerics;
using CsCheck;
using Meeda.Ethereum;
using Meeda.Protocol.Proofs;
using Xunit;

namespace Meeda.Protocol.Tests.Proofs;

public sealed class SamplerTests
{
    private static readonly EpochSeed Seed = new(Keccak256.Hash("seed"u8));

    [Theory]
    [InlineData(0, 0, 5, 5)] // all hot, all challenged
    [InlineData(0, 0, 8, 8)]
    [InlineData(0, 0, 9, 8)] // more hot blobs than HotSamples: so many draws
    [InlineData(0, 9, 9, 16)] // no hot blobs: cold draws only
    [InlineData(3, 9, 11, 18)]
    [InlineData(3, 3, 3, 0)]
    public void Count_IsHotPlusColdSamples(ulong lo, ulong hot, ulong hi, uint expected) =>
        Assert.Equal(expected, Sampler.Count(new LiveRange(lo, hot, hi), hotSamples: 8, coldSamples: 16));

    [Fact]
    public void Draw_FewHotBlobs_ChallengesEachOnceInOrder()
    {
        Sample[] samples = Sampler.Draw(Seed, new LiveRange(100, 100, 107), hotSamples: 8, coldSamples: 16);

        Assert.Equal([100, 101, 102, 103, 104, 105, 106], samples.Select(sample => (int)sample.Position));
    }

    [Fact]
    public void Draw_AnyRange_IsTheDefinitionOverBigIntegers() =>
        (
            from lo in Gen.ULong[0, 1_000]
            from cold in Gen.ULong[0, 50]
            from hot in Gen.ULong[0, 20]
            select new LiveRange(lo, lo + cold, lo + cold + hot)
        ).Sample(
            range =>
            {
                Sample[] samples = Sampler.Draw(Seed, range, hotSamples: 8, coldSamples: 16);
                uint h = (uint)Math.Min(range.Hi - range.Hot, 8);
                return samples
                    .Select(
                        (sample, j) =>
                        {
                            byte[] hash = Keccak256.Hash([.. Seed.Value.ToArray(), 0, 0, 0, (byte)j]).ToArray();
                            var high = new BigInteger(hash.AsSpan(0, 16), isUnsigned: true, isBigEndian: true);
                            var low = new BigInteger(hash.AsSpan(16), isUnsigned: true, isBigEndian: true);
                            BigInteger position =
                                j >= h ? range.Lo + (high % (range.Hot - range.Lo))
                                : range.Hi - range.Hot == h ? range.Hot + (ulong)j
                                : range.Hot + (high % (range.Hi - range.Hot));
                            return sample.Position == position && sample.Weight == (UInt128)low;
                        }
                    )
                    .All(right => right);
            },
            iter: 500
        );

    [Fact]
    public void Derive_AnyInputChanged_IsAnotherSeed()
    {
        Bytes32 block = Keccak256.Hash("block"u8);
        Address account = Address.Parse("0x1111111111111111111111111111111111111111");
        Address contract = Address.Parse("0x2222222222222222222222222222222222222222");
        EpochSeed[] seeds =
        [
            EpochSeed.Derive(block, 7, account, contract, 1),
            EpochSeed.Derive(Bytes32.Zero, 7, account, contract, 1),
            EpochSeed.Derive(block, 8, account, contract, 1),
            EpochSeed.Derive(block, 7, contract, contract, 1),
            EpochSeed.Derive(block, 7, account, account, 1),
            EpochSeed.Derive(block, 7, account, contract, 2),
        ];

        Assert.Equal(seeds.Length, seeds.Distinct().Count());
        byte[] packed =
        [
            .. block.ToArray(),
            .. new byte[7],
            7,
            .. account.ToArray(),
            .. contract.ToArray(),
            .. new byte[31],
            1,
        ];
        Assert.Equal(Keccak256.Hash(packed), seeds[0].Value);
    }
}
