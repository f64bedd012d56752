using Meeda.Kzg.Fields;
using Meeda.Kzg.Fields.Kernels;

namespace Meeda.Kzg.Polynomials;

/// <summary>
/// <see cref="FourierTransform"/> on elements as bytes, 32 big-endian for each, all below the modulus, in the same
/// orders: coefficients ascending, values bit-reversed.
/// Safe for use by many threads at once.
/// </summary>
/// <param name="size">Coefficients and values of a transform, a power of two, 64 at least.</param>
internal abstract class ByteTransform(int size)
{
    /// <summary>Coefficients and values of a transform.</summary>
    public int Size { get; } = size;

    /// <summary>The fastest transform that the processor supports.</summary>
    public static ByteTransform Create(int size) =>
        FrLanes512.IsSupported ? new VectorByteTransform<FrLanes512>(size)
        : FrLanes256.IsSupported ? new VectorByteTransform<FrLanes256>(size)
        : new ScalarByteTransform(size);

    /// <summary>The values of a polynomial.</summary>
    /// <param name="coefficients">The first coefficients, a multiple of 8; the others are 0.</param>
    /// <param name="values">All values.</param>
    public abstract void Evaluate(ReadOnlySpan<byte> coefficients, Span<byte> values);

    /// <summary>The coefficients of a polynomial.</summary>
    /// <param name="values">All values.</param>
    /// <param name="coefficients">All coefficients.</param>
    public abstract void Interpolate(ReadOnlySpan<byte> values, Span<byte> coefficients);

    /// <summary>The values of several polynomials, each multiplied by a factor.</summary>
    /// <param name="coefficients">Coefficient 0 of each, then coefficient 1 of each, and so on; those that are not
    /// there are 0.</param>
    /// <param name="count">Polynomials, a multiple of 8.</param>
    /// <param name="factor">The factor.</param>
    /// <param name="values">Value 0 of each, then value 1 of each, and so on.</param>
    public abstract void EvaluateMany(ReadOnlySpan<byte> coefficients, int count, Fr factor, Span<byte> values);
}
