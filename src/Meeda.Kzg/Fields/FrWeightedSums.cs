using Meeda.Kzg.Fields.Kernels;

namespace Meeda.Kzg.Fields;

/// <summary>
/// Many sums <c>Σ w·a_i</c> of scalar field elements with weights below 2^128, kept as plain integers and reduced
/// when they are read, or when no more
/// would fit. Not safe for use by several threads at once.
/// </summary>
internal abstract class FrWeightedSums
{
    /// <summary>The fastest that the processor supports.</summary>
    /// <param name="count">The number of sums, a multiple of 8.</param>
    public static FrWeightedSums Create(int count) =>
        FrLanes512.IsSupported ? new VectorWeightedSums<FrLanes512>(count)
        : FrLanes256.IsSupported ? new VectorWeightedSums<FrLanes256>(count)
        : new ScalarWeightedSums(count);

    /// <summary>Adds <c>weight·a_i</c> to sum <c>i</c> for every element.</summary>
    /// <param name="elements">As many elements as sums, 32 bytes big-endian each, all below the modulus.</param>
    /// <param name="weight">The weight.</param>
    public abstract void Add(ReadOnlySpan<byte> elements, UInt128 weight);

    /// <summary>Writes the sums modulo <c>r</c>, 32 bytes big-endian each.</summary>
    public abstract void Write(Span<byte> sums);
}
