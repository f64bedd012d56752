using System.Runtime.InteropServices;

namespace Meeda.Kzg.Curves;

/// <summary>
/// Asks for large pages where the system gives them on request (Linux): the engine reads its table at random, and
/// small pages would cost a page walk for most reads.
/// </summary>
internal static unsafe partial class LargePages
{
    private const int MadvHugePage = 14;

    private const nuint PageLength = 1 << 21;

    /// <summary>
    /// Memory in whole large pages, freed by <see cref="NativeMemory.AlignedFree"/>; where there are none, in small
    /// ones.
    /// </summary>
    /// <param name="bytes">How many bytes.</param>
    public static void* Allocate(nuint bytes)
    {
        nuint length = (bytes + PageLength - 1) & ~(PageLength - 1);
        void* memory = NativeMemory.AlignedAlloc(length, PageLength);
        if (OperatingSystem.IsLinux())
        {
            // What the system makes of the advice does not matter.
            _ = Madvise(memory, length, MadvHugePage);
        }

        return memory;
    }

    [LibraryImport("libc", EntryPoint = "madvise")]
    private static partial int Madvise(void* memory, nuint bytes, int advice);
}
