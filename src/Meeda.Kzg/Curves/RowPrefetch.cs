using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics.X86;

namespace Meeda.Kzg.Curves;

/// <summary>
/// Fetches rows of points, of two cache lines each, before they are needed; where the processor cannot be asked to,
/// it does nothing.
/// </summary>
internal static unsafe class RowPrefetch
{
    private const int LineLength = 64 / sizeof(double);

    /// <summary>The first line of the row of each entry: its x.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void FirstLines(double* points, uint* entries, int count) => Lines(points, entries, count);

    /// <summary>The second line of the row of each entry: its y.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void SecondLines(double* points, uint* entries, int count) =>
        Lines(points + LineLength, entries, count);

    /// <summary>Rows that follow one another.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Rows(double* rows, int count)
    {
        if (Sse.IsSupported)
        {
            for (int i = 0; i < 2 * count; i++)
            {
                Sse.Prefetch0(rows + (LineLength * i));
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Lines(double* line, uint* entries, int count)
    {
        if (Sse.IsSupported)
        {
            for (int i = 0; i < count; i++)
            {
                Sse.Prefetch0(line + ((long)(entries[i] >> 1) * PairAdder.RowLength));
            }
        }
    }
}
