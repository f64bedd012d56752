using System.Runtime.InteropServices;

namespace Meeda.Kzg.Curves;

/// <summary>
/// Owns native memory: a table, and all that is worked on beside it. Everything is freed at once, by
/// <see cref="SafeHandle.Dispose()"/> or by the collector, and not before the last <see cref="Lease"/> has ended: a
/// thread that is at work when another one disposes of the owner finishes its sum.
/// </summary>
internal sealed unsafe partial class NativeArena : SafeHandle
{
    private const int MadvHugePage = 14;

    private const nuint PageLength = 1 << 21;

    // Used while this is made only, and by the one call of ReleaseHandle.
    private readonly List<nint> _blocks = [];

    /// <summary>An arena without memory.</summary>
    public NativeArena()
        : base(invalidHandleValue: 0, ownsHandle: true) => SetHandle(1);

    /// <inheritdoc/>
    public override bool IsInvalid => handle == 0;

    /// <summary>
    /// Adds memory in whole large pages, which Linux gives on request: the engine reads its table at random, and small
    /// pages would cost a page walk for most reads. Where there are none, in small ones.
    /// </summary>
    /// <param name="bytes">How many bytes.</param>
    /// <returns>The first byte, at the beginning of a large page. Valid while a <see cref="Lease"/> lasts.</returns>
    public void* Allocate(nuint bytes)
    {
        nuint length = (bytes + PageLength - 1) & ~(PageLength - 1);
        void* memory = NativeMemory.AlignedAlloc(length, PageLength);
        _blocks.Add((nint)memory);
        if (OperatingSystem.IsLinux())
        {
            // What the system makes of the advice does not matter.
            _ = Madvise(memory, length, MadvHugePage);
        }

        return memory;
    }

    /// <summary>Keeps the memory until the lease is disposed of.</summary>
    /// <exception cref="ObjectDisposedException">The owner was disposed of.</exception>
    public Lease Use() => new(this);

    /// <inheritdoc/>
    protected override bool ReleaseHandle()
    {
        foreach (nint block in _blocks)
        {
            NativeMemory.AlignedFree((void*)block);
        }

        return true;
    }

    [LibraryImport("libc", EntryPoint = "madvise")]
    private static partial int Madvise(void* memory, nuint bytes, int advice);

    /// <summary>The time for which a thread uses the memory.</summary>
    public readonly ref struct Lease
    {
        private readonly NativeArena _arena;

        /// <summary>Begins the use.</summary>
        /// <param name="arena">Whose memory is used.</param>
        public Lease(NativeArena arena)
        {
            bool taken = false;
            arena.DangerousAddRef(ref taken);
            _arena = arena;
        }

        /// <summary>Ends the use.</summary>
        public void Dispose() => _arena.DangerousRelease();
    }
}
