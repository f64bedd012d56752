using Meeda.Kzg.Fields;
using Meeda.Kzg.Polynomials;

namespace Meeda.Kzg.Cells;

/// <summary>
/// The polynomial of a blob from at least half of its cells (consensus-specs <c>recover_polynomialcoeff</c>): with
/// <c>Z</c> the polynomial that vanishes on the
/// missing cells, <c>P·Z</c> is known on the whole domain, since it is 0 where <c>P</c> is missing; a coset, where
/// <c>Z</c> has no roots, then gives
/// <c>P = (P·Z)/Z</c>.
/// </summary>
internal sealed class CellRecovery
{
    // Any coset other than the domain itself; consensus-specs uses the generator 7 of the multiplicative group.
    private static readonly Fr CosetShift = Fr.FromUInt64(7);

    private readonly FourierTransform _transform;

    /// <summary>Uses a transform of all cells' elements.</summary>
    public CellRecovery(FourierTransform transform) => _transform = transform;

    /// <summary>
    /// The first 4096 coefficients of the polynomial through the cells. Where more than 64 cells contradict each
    /// other, the polynomial that results has nothing
    /// to do with them, as in the specification.
    /// </summary>
    /// <param name="indices">Which cells there are, ascending.</param>
    /// <param name="values">Their elements, one cell behind the other.</param>
    public Fr[] Interpolate(ReadOnlySpan<CellIndex> indices, ReadOnlySpan<Fr> values)
    {
        // 1. E: the cells at their places, zeros where one is missing.
        var product = new Fr[Cell.ExtendedElementCount];
        var isPresent = new bool[Cell.CountPerBlob];
        for (int i = 0; i < indices.Length; i++)
        {
            isPresent[indices[i].Value] = true;
            values
                .Slice(i * Cell.ElementCount, Cell.ElementCount)
                .CopyTo(product.AsSpan(indices[i].Value * Cell.ElementCount));
        }

        // 2. E·Z on the domain, which is P·Z there; Z has one value per cell.
        Fr[] vanishing = VanishingPolynomial(isPresent);
        var vanishingValues = (Fr[])vanishing.Clone();
        _transform.Evaluate(vanishingValues);
        for (int i = 0; i < product.Length; i++)
        {
            product[i] *= vanishingValues[i];
        }

        // 3. (P·Z)/Z on the coset 7·domain.
        _transform.Interpolate(product);
        EvaluateOnCoset(product);
        EvaluateOnCoset(vanishing);
        Fr.InvertAll(vanishing, vanishingValues);
        for (int i = 0; i < product.Length; i++)
        {
            product[i] *= vanishing[i];
        }

        // 4. Back to coefficients.
        _transform.Interpolate(product);
        FourierTransform.Shift(product, CosetShift.Inverse());
        return product[..EvaluationDomain.Size];
    }

    private void EvaluateOnCoset(Span<Fr> coefficients)
    {
        FourierTransform.Shift(coefficients, CosetShift);
        _transform.Evaluate(coefficients);
    }

    // Π (X^64 - h_k^64) over the missing cells k (construct_vanishing_polynomial).
    private static Fr[] VanishingPolynomial(ReadOnlySpan<bool> isPresent)
    {
        var coefficients = new Fr[Cell.ExtendedElementCount];
        coefficients[0] = Fr.One;
        int degree = 0;
        for (int cell = 0; cell < Cell.CountPerBlob; cell++)
        {
            if (isPresent[cell])
            {
                continue;
            }

            // Times (Y - root) with Y = X^64, from the highest coefficient down.
            Fr root = CellCoset.ShiftPower(cell);
            degree++;
            for (int i = degree; i >= 0; i--)
            {
                Fr lower = i > 0 ? coefficients[Cell.ElementCount * (i - 1)] : Fr.Zero;
                coefficients[Cell.ElementCount * i] = lower - (root * coefficients[Cell.ElementCount * i]);
            }
        }

        return coefficients;
    }
}
