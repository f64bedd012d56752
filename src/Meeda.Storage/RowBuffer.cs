using System.Buffers;

namespace Meeda.Storage;

/// <summary>
/// Memory for a moment. Short pieces come from the shared pool; long ones do not, since that keeps one for each
/// thread that ever gave one back, which for a batch of 16 MiB would be
/// gigabytes.
/// </summary>
internal readonly struct RowBuffer : IDisposable
{
    private const int MaxPooled = 1 << 20;

    private readonly byte[] _bytes;

    /// <summary>Memory of a length; what is in it is not defined.</summary>
    public RowBuffer(int length)
    {
        _bytes =
            length <= MaxPooled ? ArrayPool<byte>.Shared.Rent(length) : GC.AllocateUninitializedArray<byte>(length);
        Memory = _bytes.AsMemory(0, length);
    }

    /// <summary>The memory.</summary>
    public Memory<byte> Memory { get; }

    /// <inheritdoc/>
    public void Dispose()
    {
        if (Memory.Length <= MaxPooled)
        {
            ArrayPool<byte>.Shared.Return(_bytes);
        }
        else
        {
            LargeObjectCollector.Released(Memory.Length);
        }
    }
}

/// <summary>
/// Collects after that many bytes of long arrays were let go of. Left to itself the collector lets the heap grow to
/// several times of what is in use, while it counts few objects;
/// there being few, a collection takes milliseconds.
/// </summary>
internal static class LargeObjectCollector
{
    private const long ReleaseThreshold = 64L << 20;

    private static long _left;

    /// <summary>Takes note of long arrays that no one uses any more.</summary>
    public static void Released(long bytes)
    {
        long left = Interlocked.Add(ref _left, bytes);
        if (left >= ReleaseThreshold && Interlocked.CompareExchange(ref _left, 0, left) == left)
        {
            GC.Collect(GC.MaxGeneration, GCCollectionMode.Forced, blocking: true, compacting: false);
        }
    }
}
