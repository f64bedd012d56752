using System.Collections.Concurrent;

namespace Meeda.Storage.Redundancy;

/// <summary>The good rows of a batch, and how many were not.</summary>
internal sealed class RowSet
{
    private int _missing;
    private int _wrong;

    /// <summary>The good rows, by number.</summary>
    public Dictionary<int, byte[]> Blobs { get; } = [];

    /// <summary>Good rows that are not where they belong.</summary>
    public ConcurrentDictionary<int, bool> Misplaced { get; } = new();

    /// <summary>Rows that are nowhere.</summary>
    public int Missing => _missing;

    /// <summary>Rows that are not those committed to.</summary>
    public int Wrong => _wrong;

    /// <summary>Notes that a row was found good.</summary>
    public void Found(int row, bool isHome)
    {
        if (!isHome)
        {
            Misplaced[row] = true;
        }
    }

    /// <summary>Notes that a row is nowhere good; whether a wrong one is there.</summary>
    public void NotFound(bool isThere) => Interlocked.Increment(ref isThere ? ref _wrong : ref _missing);
}
