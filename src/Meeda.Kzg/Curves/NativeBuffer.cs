using System.Runtime.InteropServices;

namespace Meeda.Kzg.Curves;

/// <summary>Memory outside the managed heap, aligned to a page, freed with this object.</summary>
internal sealed unsafe class NativeBuffer : SafeHandle
{
    private const int Alignment = 4096;

    /// <summary>Allocates; the content is zero.</summary>
    /// <param name="bytes">How many bytes.</param>
    public NativeBuffer(long bytes)
        : base(IntPtr.Zero, ownsHandle: true)
    {
        var memory = (IntPtr)NativeMemory.AlignedAlloc((nuint)bytes, Alignment);
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

    /// <inheritdoc/>
    protected override bool ReleaseHandle()
    {
        NativeMemory.AlignedFree((void*)handle);
        GC.RemoveMemoryPressure(Bytes);
        return true;
    }
}
