namespace Meeda.Operator.Batches;

/// <summary>
/// The states of a batch. A batch passes through them in this order and skips none. A reorganisation of L1, or a
/// promise for another term (a put of the same bytes, a renewal), moves it back until there is an anchor
/// again.</summary>
public enum BatchState
{
    /// <summary>Durable in the ledger: it survives a crash of the process.</summary>
    Stored,

    /// <summary>
    /// Its rows are durable at their providers: it survives the loss of as many of them as the policy tolerates.
    /// </summary>
    Placed,

    /// <summary>In an anchor in an L1 block: the operator's stake secures it.</summary>
    Anchored,

    /// <summary>That block is final: no reorganisation can undo the anchor.</summary>
    Final,

    /// <summary>L1 has reached the anchor's expiry: it need no longer be kept, unless it is renewed.</summary>
    Expired,
}
