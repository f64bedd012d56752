using System.Buffers.Binary;

namespace Meeda.Protocol.Proofs;

/// <summary>
/// An operator's live blob positions at an epoch's block: <c>[Lo, Hot)</c> older, <c>[Hot, Hi)</c> recent.
/// </summary>
/// <param name="Lo">The first blob not expired.</param>
/// <param name="Hot">The first blob of the last <c>HotEpochs</c> epochs; <paramref name="Hi"/> where there is
/// none.</param>
/// <param name="Hi">One past the last blob anchored before the epoch's block.</param>
public readonly record struct LiveRange(ulong Lo, ulong Hot, ulong Hi);

/// <summary>One challenged blob.</summary>
/// <param name="Position">The operator's blob position.</param>
/// <param name="Weight">The coefficient <c>ρ</c> of the blob in the combination; never zero.</param>
public readonly record struct Sample(ulong Position, UInt128 Weight);

/// <summary>
/// Which blobs an epoch challenges and with which weights (docs/protocol.md, "Proof of availability").
/// </summary>
public static class Sampler
{
    /// <summary>The samples that one partial sum covers.</summary>
    public const int ChunkSize = 128;

    /// <summary>
    /// How many samples an epoch has: at most <paramref name="hotSamples"/> recent ones and
    /// <paramref name="coldSamples"/> older ones.
    /// </summary>
    public static uint Count(LiveRange range, uint hotSamples, uint coldSamples) =>
        HotCount(range, hotSamples) + (range.Hot > range.Lo ? coldSamples : 0);

    /// <summary>The number of partial sums of an epoch: <c>ceil(samples / 128)</c>.</summary>
    public static uint ChunkCount(LiveRange range, uint hotSamples, uint coldSamples) =>
        (Count(range, hotSamples, coldSamples) + ChunkSize - 1) / ChunkSize;

    /// <summary>All samples of an epoch in order.</summary>
    /// <param name="seed">The epoch's seed.</param>
    /// <param name="range">The live blobs.</param>
    /// <param name="hotSamples">The contract's <c>hotSamples</c>.</param>
    /// <param name="coldSamples">The contract's <c>coldSamples</c>.</param>
    public static Sample[] Draw(EpochSeed seed, LiveRange range, uint hotSamples, uint coldSamples)
    {
        uint hot = HotCount(range, hotSamples);
        bool allHot = hot == range.Hi - range.Hot;
        var samples = new Sample[Count(range, hotSamples, coldSamples)];
        Span<byte> bytes = stackalloc byte[32];
        for (uint j = 0; j < samples.Length; j++)
        {
            seed.Draw(j).CopyTo(bytes);
            UInt128 high = BinaryPrimitives.ReadUInt128BigEndian(bytes);
            UInt128 low = BinaryPrimitives.ReadUInt128BigEndian(bytes[16..]);
            ulong position =
                j >= hot ? range.Lo + (ulong)(high % (range.Hot - range.Lo))
                : allHot ? range.Hot + j
                : range.Hot + (ulong)(high % (range.Hi - range.Hot));
            samples[j] = new Sample(position, low == 0 ? 1 : low);
        }

        return samples;
    }

    private static uint HotCount(LiveRange range, uint hotSamples) => (uint)Math.Min(range.Hi - range.Hot, hotSamples);
}
