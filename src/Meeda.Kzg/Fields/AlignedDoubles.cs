namespace Meeda.Kzg.Fields;

/// <summary>Memory for vectors that the collector leaves where it is, and gives back like any array.</summary>
/// <param name="length">How many doubles, all 0 at first.</param>
internal sealed unsafe class AlignedDoubles(int length)
{
    /// <summary>Doubles to spare in an array for <see cref="Align"/>.</summary>
    public const int Padding = Alignment / sizeof(double);

    private const int Alignment = 64;

    private readonly double[] _array = GC.AllocateArray<double>(length + Padding, pinned: true);

    /// <summary>
    /// The first double, at the beginning of a cache line. Of use for as long as this object is reachable.
    /// </summary>
    public double* Pointer
    {
        get
        {
            fixed (double* first = _array)
            {
                return Align(first);
            }
        }
    }

    /// <summary>The next cache line.</summary>
    public static double* Align(double* pointer) =>
        (double*)(((nuint)pointer + Alignment - 1) & ~(nuint)(Alignment - 1));
}
