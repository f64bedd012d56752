using System.Collections.Concurrent;

namespace Meeda.Storage.Redundancy;

/// <summary>The valid rows of a batch, and the numbers of missing and corrupt ones.</summary>
internal sealed class RowSet
{
    private int _missing;
    private int _wrong;

    /// <summary>The valid rows, by number.</summary>
    public Dictionary<int, byte[]> Blobs { get; } = [];

    /// <summary>Valid rows that are not at their assigned provider.</summary>
    public ConcurrentDictionary<int, bool> Misplaced { get; } = new();

    /// <summary>Rows that are at no place.</summary>
    public int Missing => _missing;

    /// <summary>Rows that do not match their commitments.</summary>
    public int Wrong => _wrong;

    /// <summary>Records a valid row.</summary>
    public void Found(int row, bool isHome)
    {
        if (!isHome)
        {
            Misplaced[row] = true;
        }
    }

    /// <summary>Records that no place has a valid copy of a row, and whether one has a corrupt copy.</summary>
    public void NotFound(bool isThere) => Interlocked.Increment(ref isThere ? ref _wrong : ref _missing);
}
