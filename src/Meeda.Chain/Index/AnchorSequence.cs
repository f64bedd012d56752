using Meeda.Protocol.Anchors;

namespace Meeda.Chain.Index;

/// <summary>
/// Checks the contract's guarantees about the anchors of one operator: indexes have no gaps, each anchor begins where
/// the previous one ends, and neither blocks nor expiries decrease. This detects an endpoint that repeats, omits or
/// invents logs.
/// </summary>
internal static class AnchorSequence
{
    /// <summary>Selects the anchors that continue the last known one.</summary>
    /// <param name="last">The last known anchor, or null where none is.</param>
    /// <param name="seen">The anchors that were read, in any order.</param>
    /// <param name="odd">Receives the anchors that do not continue, each with its reason.</param>
    /// <returns>The anchors that continue, in order.</returns>
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

/// <summary>The reason why an anchor does not continue the previous ones.</summary>
internal enum AnchorOddity
{
    /// <summary>An anchor of that index is known already.</summary>
    Repeated,

    /// <summary>The anchors in between are missing.</summary>
    Gap,

    /// <summary>Its blobs, block or expiry contradict the previous anchor.</summary>
    DoesNotFit,
}
