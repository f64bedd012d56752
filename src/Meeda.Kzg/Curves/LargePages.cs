using System.Runtime.InteropServices;

namespace Meeda.Kzg.Curves;

/// <summary>Asks for large pages where the system gives them on request (Linux): the engine reads its table at random, and small pages would cost a page walk for most reads.</summary>
internal static unsafe partial class LargePages
{
    private const int MadvHugePage = 14;

    /// <summary>Advice for memory that nobody has touched yet; what the system makes of it does not matter.</summary>
    /// <param name="memory">Aligned to 2 MiB.</param>
    /// <param name="bytes">How many bytes.</param>
    public static void Advise(void* memory, nuint bytes)
    {
        if (OperatingSystem.IsLinux())
        {
            _ = Madvise(memory, bytes, MadvHugePage);
        }
    }

    [LibraryImport("libc", EntryPoint = "madvise")]
    private static partial int Madvise(void* memory, nuint bytes, int advice);
}
