using System.Numerics;
using Meeda.Ethereum;

namespace Meeda.L1.Signing;

/// <summary>A recoverable secp256k1 signature (Yellow Paper, appendix F).</summary>
/// <param name="YParity">The parity of the y coordinate of the point whose x is <paramref name="R"/>: 0 or 1.</param>
/// <param name="R">The first number.</param>
/// <param name="S">The second number, in the lower half of the group's order (EIP-2).</param>
public readonly record struct Signature(int YParity, BigInteger R, BigInteger S)
{
    /// <summary>The compact form: r, and s with the parity in its top bit (EIP-2098).</summary>
    public (Bytes32 R, Bytes32 Vs) ToCompact() => (Word(R), Word(S | ((BigInteger)YParity << 255)));

    /// <summary>r, s and v, which is 27 or 28: 65 bytes (yellow paper, appendix F).</summary>
    public byte[] ToArray() => [.. Word(R).ToArray(), .. Word(S).ToArray(), (byte)(27 + YParity)];

    private static Bytes32 Word(BigInteger value)
    {
        Span<byte> bytes = stackalloc byte[Bytes32.Length];
        bytes.Clear();
        value.TryWriteBytes(
            bytes[(Bytes32.Length - value.GetByteCount(isUnsigned: true))..],
            out _,
            isUnsigned: true,
            isBigEndian: true
        );
        return Bytes32.FromBytes(bytes);
    }
}
