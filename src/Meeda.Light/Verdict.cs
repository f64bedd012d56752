namespace Meeda.Light;

/// <summary>A light node's verdict on an anchor or a proof.</summary>
internal enum Verdict
{
    /// <summary>Not checked yet.</summary>
    Pending = 0,

    /// <summary>Follows the protocol.</summary>
    Valid = 1,

    /// <summary>Violates the protocol, and no fraud proof of it is on L1 yet.</summary>
    Invalid = 2,

    /// <summary>Resolved: the operator was slashed, or the challenge window is over.</summary>
    Resolved = 3,
}
