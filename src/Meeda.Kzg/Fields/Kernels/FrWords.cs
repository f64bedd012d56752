namespace Meeda.Kzg.Fields.Kernels;

/// <summary>Constants of the conversion between limbs of 43 bits and words of 64, the same for every vector width.</summary>
internal static class FrWords
{
    /// <summary>The bits of a limb.</summary>
    public const ulong LimbMask = (1UL << 43) - 1;

    /// <summary>The bits of the double 2^52.</summary>
    public const ulong TwoTo52 = 0x4330000000000000;

    /// <summary>The bits of the double 1.5·2^52.</summary>
    public const ulong Rounding = 0x4338000000000000;

    /// <summary>Limb 0 of <c>r</c>, where every limb but the top one has 2^44 on loan from the limb above, which are 2 of its units.</summary>
    public const ulong PositiveModulus0 = 0x17ff00000001;

    /// <summary>Limb 1 of <c>r</c>, where every limb but the top one has 2^44 on loan from the limb above, which are 2 of its units.</summary>
    public const ulong PositiveModulus1 = 0x17cb7fdffffd;

    /// <summary>Limb 2 of <c>r</c>, where every limb but the top one has 2^44 on loan from the limb above, which are 2 of its units.</summary>
    public const ulong PositiveModulus2 = 0x154ef6900bfd;

    /// <summary>Limb 3 of <c>r</c>, where every limb but the top one has 2^44 on loan from the limb above, which are 2 of its units.</summary>
    public const ulong PositiveModulus3 = 0x140404d0ec00;

    /// <summary>Limb 4 of <c>r</c>, where every limb but the top one has 2^44 on loan from the limb above, which are 2 of its units.</summary>
    public const ulong PositiveModulus4 = 0x11d7d483339b;

    /// <summary>Limb 5 of <c>r</c>, where every limb but the top one has 2^44 on loan from the limb above, which are 2 of its units.</summary>
    public const ulong PositiveModulus5 = 0xe7db4ea651;

    /// <summary>Limb 0 of <c>2^258 - r</c>.</summary>
    public const ulong Complement0 = 0xffffffff;

    /// <summary>Limb 1 of <c>2^258 - r</c>.</summary>
    public const ulong Complement1 = 0x3480200000;

    /// <summary>Limb 2 of <c>2^258 - r</c>.</summary>
    public const ulong Complement2 = 0x2b1096ff400;

    /// <summary>Limb 3 of <c>2^258 - r</c>.</summary>
    public const ulong Complement3 = 0x3fbfb2f13fd;

    /// <summary>Limb 4 of <c>2^258 - r</c>.</summary>
    public const ulong Complement4 = 0x6282b7ccc62;

    /// <summary>Limb 5 of <c>2^258 - r</c>.</summary>
    public const ulong Complement5 = 0x71824b159ac;
}
