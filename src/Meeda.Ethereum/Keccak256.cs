using Org.BouncyCastle.Crypto.Digests;

namespace Meeda.Ethereum;

/// <summary>Keccak-256 with the original padding, which Ethereum uses (not SHA3-256 of FIPS 202).</summary>
public static class Keccak256
{
    /// <summary>The hash of some bytes.</summary>
    public static Bytes32 Hash(ReadOnlySpan<byte> data)
    {
        var digest = new KeccakDigest(256);
        digest.BlockUpdate(data);
        Span<byte> hash = stackalloc byte[Bytes32.Length];
        digest.DoFinal(hash);
        return Bytes32.FromBytes(hash);
    }
}
