namespace Meeda.Chain.Contract;

/// <summary>What the contract says about an operator's epoch.</summary>
internal enum EpochStatus
{
    /// <summary>No proof is recorded.</summary>
    None = 0,

    /// <summary>A proof is recorded and was not shown to be wrong.</summary>
    Proven = 1,

    /// <summary>A miss was reported.</summary>
    Missed = 2,

    /// <summary>A partial sum was shown to be wrong.</summary>
    Fraudulent = 3,
}
