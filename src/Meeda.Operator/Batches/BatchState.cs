namespace Meeda.Operator.Batches;

/// <summary>
/// How far a batch has come. A batch goes through them in this order and skips none; a reorganisation of L1, or a
/// promise for another
/// term (a put of the same bytes, a renewal), takes it back until there is an anchor again.</summary>
public enum BatchState
{
    /// <summary>Durable in the ledger: it survives whatever happens to the process.</summary>
    Stored,

    /// <summary>
    /// Its rows are durable at their providers: it survives the loss of as many of them as the policy says.
    /// </summary>
    Placed,

    /// <summary>In an anchor in an L1 block: the operator's stake answers for it.</summary>
    Anchored,

    /// <summary>That block is final: no reorganisation takes the anchor back.</summary>
    Final,

    /// <summary>L1 has reached the anchor's expiry: it need no longer be kept, unless it is renewed.</summary>
    Expired,
}
