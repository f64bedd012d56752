using System.Globalization;
using System.Text.RegularExpressions;

namespace Meeda.Mefs;

/// <summary>
/// How far an object's chunks have come: "total: T, dispatch: a, sent: b, confirm: c" in the node's words.
/// </summary>
/// <param name="Total">All chunks.</param>
/// <param name="Dispatched">Chunks queued to a storage provider.</param>
/// <param name="Sent">Chunks that a provider acknowledged.</param>
/// <param name="Confirmed">Chunks on the data chain; the node deletes its own copy of them.</param>
public readonly partial record struct ObjectState(long Total, long Dispatched, long Sent, long Confirmed)
{
    /// <summary>Whether every chunk is confirmed.</summary>
    public bool IsConfirmed => Total > 0 && Confirmed >= Total;

    /// <summary>Reads the node's words; false where they are others.</summary>
    public static bool TryParse(string text, out ObjectState state)
    {
        state = default;
        Match match = Pattern().Match(text);
        if (!match.Success)
        {
            return false;
        }

        Span<long> numbers = stackalloc long[4];
        for (int i = 0; i < numbers.Length; i++)
        {
            if (
                !long.TryParse(
                    match.Groups[i + 1].ValueSpan,
                    NumberStyles.None,
                    CultureInfo.InvariantCulture,
                    out numbers[i]
                )
            )
            {
                return false;
            }
        }

        state = new(numbers[0], numbers[1], numbers[2], numbers[3]);
        return true;
    }

    [GeneratedRegex(@"^total: (\d+), dispatch: (\d+), sent: (\d+), confirm: (\d+)$")]
    private static partial Regex Pattern();
}

/// <summary>An object as the node describes it.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Size">Bytes of its content.</param>
/// <param name="StoredBytes">Bytes stored for it, redundancy and padding included.</param>
/// <param name="ContentId">Its etag, or null where the etag is an MD5 or missing.</param>
/// <param name="State">How far its chunks have come.</param>
public sealed record ObjectInfo(string Name, long Size, long StoredBytes, ContentId? ContentId, ObjectState State);

/// <summary>A page of a listing.</summary>
/// <param name="Objects">The objects, in the order of their names.</param>
/// <param name="NextMarker">Where the next page starts, or null at the end.</param>
public sealed record ObjectPage(IReadOnlyList<ObjectInfo> Objects, string? NextMarker);
