using System.Numerics;

namespace Meeda.L1.Signing;

/// <summary>A recoverable secp256k1 signature (Yellow Paper, appendix F).</summary>
/// <param name="YParity">The parity of the y coordinate of the point whose x is <paramref name="R"/>: 0 or 1.</param>
/// <param name="R">The first number.</param>
/// <param name="S">The second number, in the lower half of the group's order (EIP-2).</param>
public readonly record struct Signature(int YParity, BigInteger R, BigInteger S);
