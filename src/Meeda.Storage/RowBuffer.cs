using System.Buffers;

namespace Meeda.Storage;

/// <summary>
/// Short-lived memory. Short buffers come from the shared pool. Long ones do not, because the pool keeps one for each
/// thread that returned one, which for batches of 16 MiB would be gigabytes.
/// </summary>
internal readonly struct RowBuffer : IDisposable
{
    private const int MaxPooled = 1 << 20;

    private readonly byte[] _bytes;

    /// <summary>Allocates memory of a length; its content is undefined.</summary>
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
/// Forces a collection after a number of bytes of released large arrays. Otherwise the heap grows to several times the
/// live size, because the collector counts few objects. With few objects a collection takes milliseconds.
/// </summary>
internal static class LargeObjectCollector
{
    private const long ReleaseThreshold = 64L << 20;

    private static long _left;

    /// <summary>Records released large arrays.</summary>
    public static void Released(long bytes)
    {
        long left = Interlocked.Add(ref _left, bytes);
        if (left >= ReleaseThreshold && Interlocked.CompareExchange(ref _left, 0, left) == left)
        {
            GC.Collect(GC.MaxGeneration, GCCollectionMode.Forced, blocking: true, compacting: false);
        }
    }
}
