namespace Meeda.Chain.Contract;

/// <summary>The contract's status of an operator's epoch.</summary>
internal enum EpochStatus
{
    /// <summary>No proof is recorded.</summary>
    None = 0,

    /// <summary>A proof is recorded and no fraud proof has refuted it.</summary>
    Proven = 1,

    /// <summary>A miss was reported.</summary>
    Missed = 2,

    /// <summary>A fraud proof has refuted a partial sum.</summary>
    Fraudulent = 3,
}
