using System.Globalization;
using System.Security.Cryptography;
using Meeda.Kzg.Curves;
using Meeda.Kzg.Fields;
using Meeda.Kzg.Polynomials;

namespace Meeda.Kzg.Commitments;

/// <summary>
/// Setups other than Ethereum's: nothing vouches for their bytes, so that everything that can be checked is.
/// </summary>
public sealed partial class TrustedSetup
{
    /// <summary>
    /// Loads a setup from the text form that c-kzg and the consensus-specs' tools use: the lines <c>4096</c> and
    /// <c>65</c>, then a point a line in hex, in the order that this type names. Takes a fraction of a second: every
    /// point must be in its subgroup, and all of them must be powers of one <c>τ</c>, in both bases.
    /// </summary>
    /// <param name="text">The text; read to its end.</param>
    /// <exception cref="KzgFormatException">
    /// A line is not what it should be, or the points do not belong together.
    /// </exception>
    /// <remarks>No check can show that no party knows <c>τ</c>; the ceremony ensures that.</remarks>
    public static TrustedSetup LoadText(TextReader text)
    {
        ArgumentNullException.ThrowIfNull(text);
        ReadCount(text, G1Count, "points of G1");
        ReadCount(text, G2Count, "points of G2");
        var points = new byte[ByteLength];
        for (int start = 0, line = 3; start < ByteLength; line++)
        {
            bool isG2 = start >= G2Offset && start < MonomialOffset;
            int length = isG2 ? G2Affine.CompressedLength : G1Point.CompressedLength;
            if (!HexText.TryDecode(text.ReadLine()?.Trim(), points.AsSpan(start, length)))
            {
                throw new KzgFormatException($"trusted setup: line {line} is not a point of {length} bytes in hex");
            }

            start += length;
        }

        return string.IsNullOrWhiteSpace(text.ReadToEnd())
            ? Load(points)
            : throw new KzgFormatException("trusted setup: there is text after the last point");
    }

    /// <summary>
    /// Loads a setup from its points in the order that this type names, and checks them as <see cref="LoadText"/>
    /// does.
    /// </summary>
    /// <param name="points">4096 points of G1 (Lagrange), 65 points of G2, 4096 points of G1 (monomial),
    /// compressed.</param>
    /// <exception cref="KzgFormatException">The length is another, a point is invalid, or the points do not belong
    /// together.</exception>
    public static TrustedSetup Load(ReadOnlySpan<byte> points)
    {
        if (points.Length != ByteLength)
        {
            throw new KzgFormatException($"trusted setup: {points.Length} bytes, {ByteLength} are expected");
        }

        var setup = new TrustedSetup(points.ToArray());
        ThrowIfOutsideG1(points[..G2Offset], "Lagrange");
        ThrowIfOutsideG1(points[MonomialOffset..], "monomial");
        setup.ThrowIfNotPowers();
        setup.ThrowIfBasesDiffer();
        return setup;
    }

    private static void ReadCount(TextReader text, int expected, string what)
    {
        string? line = text.ReadLine();
        if (
            !int.TryParse(line?.Trim(), NumberStyles.None, CultureInfo.InvariantCulture, out int count)
            || count != expected
        )
        {
            throw new KzgFormatException(
                $"trusted setup: {expected} {what} are expected, and the text does not say so"
            );
        }
    }

    private static void ThrowIfOutsideG1(ReadOnlySpan<byte> compressed, string basis)
    {
        var points = new G1Affine[G1Count];
        int valid = PointDecoder.Decode(compressed, points);
        if (valid < points.Length)
        {
            throw new KzgFormatException($"trusted setup: {basis} point {valid} is not in G1");
        }
    }

    /// <summary>Every point is τ times the one before, in both groups, from the generators on.</summary>
    private void ThrowIfNotPowers()
    {
        if (Monomial[0] != G1Affine.Generator || G2(0) != G2Affine.Generator || Monomial[1].IsInfinity)
        {
            throw new KzgFormatException("trusted setup: its first powers are not the generators, or τ is 0");
        }

        // e(Σ r_i·τ^(i+1)·G1, G2) = e(Σ r_i·τ^i·G1, τ·G2): false for a wrong power, but for a chance of 2^-250.
        G2Lines generator = new(G2(0)),
            tau = new(G2(1));
        Fr[] weights = RandomScalars(G1Count - 1);
        G1Point powers = MultiScalarMultiplication.Sum(Monomial.AsSpan(0, G1Count - 1), weights);
        G1Point nextPowers = MultiScalarMultiplication.Sum(Monomial.AsSpan(1), weights);
        bool holds = Pairing.IsProductOne([nextPowers, -powers], generator, tau);
        for (int power = 1; holds && power < G2Count; power++)
        {
            holds =
                G2(power).IsInSubgroup()
                && Pairing.IsProductOne([new(Monomial[power]), -G1Point.Generator], generator, new G2Lines(G2(power)));
        }

        if (!holds)
        {
            throw new KzgFormatException("trusted setup: its points are not the powers of one τ");
        }
    }

    /// <summary>
    /// Random values commit to the same in the Lagrange basis as the polynomial that has them does in the monomial
    /// one.
    /// </summary>
    private void ThrowIfBasesDiffer()
    {
        Fr[] values = RandomScalars(G1Count);
        Fr[] coefficients = [.. values];
        new FourierTransform(G1Count).Interpolate(coefficients);
        G1Affine[] lagrange = EvaluationDomain.InBitReversedOrder((G1Affine[])Lagrange.Clone());
        if (MultiScalarMultiplication.Sum(lagrange, values) != MultiScalarMultiplication.Sum(Monomial, coefficients))
        {
            throw new KzgFormatException("trusted setup: its Lagrange points are not those of its powers of τ");
        }
    }

    private static Fr[] RandomScalars(int count)
    {
        var scalars = new Fr[count];
        Span<byte> bytes = stackalloc byte[Fr.Length];
        for (int i = 0; i < count; i++)
        {
            RandomNumberGenerator.Fill(bytes);
            scalars[i] = Fr.Reduce(bytes);
        }

        return scalars;
    }
}
