using Meeda.Kzg.Fields.Kernels;

namespace Meeda.Kzg.Fields;

/// <summary>
/// <c>output_k[i] = Σ_j coefficient[k,j]·input_j[i]</c> for a run of elements at a time. Safe for use by many threads
/// at once, each with a tile of its own.
/// </summary>
internal abstract unsafe class FrLinearMap
{
    /// <summary>
    /// Elements of a run: eight cache lines, so that blobs, which lie a power of two apart, do not drive each other
    /// out of the cache.
    /// </summary>
    public const int RunLength = 16;

    /// <summary>The fastest that the processor supports.</summary>
    /// <param name="inputs">The number of inputs, at least 1.</param>
    /// <param name="coefficients">Those of output 0 first.</param>
    public static FrLinearMap Create(int inputs, ReadOnlySpan<Fr> coefficients) =>
        FrLanes512.IsSupported ? new VectorLinearMap<FrLanes512>(inputs, coefficients)
        : FrLanes256.IsSupported ? new VectorLinearMap<FrLanes256>(inputs, coefficients)
        : new ScalarLinearMap(inputs, coefficients);

    /// <summary>Memory in which a run of all inputs is kept.</summary>
    public abstract AlignedDoubles CreateTile();

    /// <summary>Reads the run of one input into the tile.</summary>
    /// <param name="tile">The tile.</param>
    /// <param name="input">The input's number.</param>
    /// <param name="elements"><see cref="RunLength"/> elements of 32 bytes, big-endian, all below the modulus.</param>
    public abstract void Read(AlignedDoubles tile, int input, ReadOnlySpan<byte> elements);

    /// <summary>Writes the run of one output.</summary>
    /// <param name="tile">The tile, read from all inputs.</param>
    /// <param name="output">The output's number.</param>
    /// <param name="elements"><see cref="RunLength"/> elements of 32 bytes, big-endian.</param>
    public abstract void Write(AlignedDoubles tile, int output, Span<byte> elements);
}
