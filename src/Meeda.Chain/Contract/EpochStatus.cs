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

/// <summary>What the contract recorded about an epoch of an account.</summary>
/// <param name="Status">Whether it was proven, missed or found fraudulent.</param>
/// <param name="ProvenAt">The block of the proof; 0 where there is none.</param>
/// <param name="Earns">Whether the stake was high enough, when it was proven, that the epoch is paid for.</param>
/// <param name="LoAnchor">The first anchor that was live at the epoch's block.</param>
/// <param name="EndAnchor">One past the last of them.</param>
internal sealed record EpochRecord(EpochStatus Status, ulong ProvenAt, bool Earns, uint LoAnchor, uint EndAnchor);
