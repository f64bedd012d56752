using System.Runtime.CompilerServices;

namespace Meeda.Kzg.Fields.Kernels;

/// <summary>The floating-point rounding mode, which .NET leaves at the nearest even number, and native code in the same process could change.</summary>
internal static class RoundingMode
{
    /// <summary>Throws where rounding is not to nearest even: the kernels' results would be wrong.</summary>
    public static void RequireNearest()
    {
        // Of units in the last place of 1: a half goes to the even 1, three quarters and three halves go up, and so on below 0.
        double unit = Math.BitIncrement(1.0) - 1.0;
        if (Sum(1, unit / 2) != 1
            || Sum(1, unit * 0.75) != 1 + unit
            || Sum(-1, unit * -0.75) != -1 - unit
            || Sum(1 + unit, unit / 2) != 1 + (2 * unit))
        {
            throw new InvalidOperationException("floating-point rounding is not to the nearest even number");
        }
    }

    // Out of line, so that the sum is made when it runs.
    [MethodImpl(MethodImplOptions.NoInlining | MethodImplOptions.NoOptimization)]
    private static double Sum(double a, double b) => a + b;
}
