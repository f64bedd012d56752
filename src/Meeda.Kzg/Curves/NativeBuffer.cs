using System.Runtime.InteropServices;

namespace Meeda.Kzg.Curves;

/// <summary>
/// Memory outside the managed heap, freed with this object. Large pages are asked for where the system gives them on request (Linux): the engine reads its table at random,
/// and small pages would cost a page walk for most reads.
/// </summary>
internal sealed unsafe partial class NativeBuffer : SafeHandle
{
    private const int Alignment = 2 << 20;
    private const int AdviseLargePages = 14; // MADV_HUGEPAGE

    /// <summary>Allocates; the content is zero.</summary>
    /// <param name="bytes">How many bytes.</param>
    public NativeBuffer(long bytes)
        : base(IntPtr.Zero, ownsHandle: true)
    {
        var memory = (IntPtr)NativeMemory.AlignedAlloc((nuint)bytes, Alignment);
        if (OperatingSystem.IsLinux() && bytes >= Alignment)
        {
            // Advice: what it answers does not matter.
            _ = Advise(memory, (nuint)bytes, AdviseLargePages);
        }

        NativeMemory.Clear((void*)memory, (nuint)bytes);
        SetHandle(memory);
        GC.AddMemoryPressure(bytes);
        Bytes = bytes;
    }

    /// <summary>Its length.</summary>
    public long Bytes { get; }

    /// <inheritdoc/>
    public override bool IsInvalid => handle == IntPtr.Zero;

    /// <summary>Its beginning. The buffer must be kept alive while it is used.</summary>
    public T* Pointer<T>()
        where T : unmanaged => (T*)handle;

    [LibraryImport("libc", EntryPoint = "madvise")]
    private static partial int Advise(IntPtr address, nuint length, int advice);

    /// <inheritdoc/>
    protected override bool ReleaseHandle()
    {
        NativeMemory.AlignedFree((void*)handle);
        GC.RemoveMemoryPressure(Bytes);
        return true;
    }
}
