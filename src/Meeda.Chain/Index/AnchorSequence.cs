using Meeda.Protocol.Anchors;

namespace Meeda.Chain.Index;

/// <summary>
/// What the contract guarantees about the anchors of one operator: they are numbered without gaps, each begins where
/// the one before ends, and neither blocks nor expiries go
/// back. An endpoint that repeats, leaves out or makes up logs is found out by it.
/// </summary>
internal static class AnchorSequence
{
    /// <summary>Takes the anchors that go on from the last known one.</summary>
    /// <param name="last">The last known anchor, or null where none is.</param>
    /// <param name="seen">What was read, in any order.</param>
    /// <param name="odd">What does not go on, each with its reason.</param>
    /// <returns>Those that do, in their order.</returns>
    public static IReadOnlyList<AnchorEvent> Continue(
        Anchor? last,
        IReadOnlyList<AnchorEvent> seen,
        ICollection<(AnchorEvent Seen, AnchorOddity Oddity)> odd
    )
    {
        var taken = new List<AnchorEvent>(seen.Count);
        foreach (AnchorEvent each in seen.OrderBy(each => each.Anchor.Index))
        {
            AnchorOddity? oddity = Oddity(last, each.Anchor);
            if (oddity is { } found)
            {
                odd.Add((each, found));
                continue;
            }

            taken.Add(each);
            last = each.Anchor;
        }

        return taken;
    }

    private static AnchorOddity? Oddity(Anchor? last, Anchor anchor)
    {
        ulong index = last is null ? 0 : (ulong)last.Index + 1;
        return anchor.Index < index ? AnchorOddity.Repeated
            : anchor.Index > index ? AnchorOddity.Gap
            : anchor.FirstBlob != (last?.EndBlob ?? 0)
            || anchor.BlockNumber < last?.BlockNumber
            || anchor.Expiry < last?.Expiry
                ? AnchorOddity.DoesNotFit
            : null;
    }
}

/// <summary>Why an anchor does not go on from those before it.</summary>
internal enum AnchorOddity
{
    /// <summary>There is one of that number already.</summary>
    Repeated,

    /// <summary>Those between are missing.</summary>
    Gap,

    /// <summary>Its blobs, block or expiry contradict the one before.</summary>
    DoesNotFit,
}
