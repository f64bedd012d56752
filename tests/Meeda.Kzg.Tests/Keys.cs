using Meeda.Kzg.Cells;
using Meeda.Kzg.Commitments;

namespace Meeda.Kzg.Tests;

/// <summary>The keys of Ethereum's setup, made once for all tests.</summary>
internal static class Keys
{
    public static CommitmentKey Commitment { get; } = new(TrustedSetup.Ethereum);

    public static VerificationKey Verification { get; } = new(TrustedSetup.Ethereum);

    public static CellProver Cells { get; } = new(TrustedSetup.Ethereum);

    public static CellVerifier CellVerifier { get; } = new(TrustedSetup.Ethereum);
}
