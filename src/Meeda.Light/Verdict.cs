namespace Meeda.Light;

/// <summary>What a light node found out about something that an operator did.</summary>
internal enum Verdict
{
    /// <summary>Not checked yet.</summary>
    Pending = 0,

    /// <summary>Follows the protocol.</summary>
    Valid = 1,

    /// <summary>Violates the protocol, and no fraud proof of it is on L1 yet.</summary>
    Invalid = 2,

    /// <summary>Nothing is left to do: the operator was slashed, or the matter expired.</summary>
    Resolved = 3,
}
