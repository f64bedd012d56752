using System.Buffers.Binary;
using Meeda.Ethereum;
using Meeda.Kzg.Fields;

namespace Meeda.Protocol.Proofs;

/// <summary>
/// The randomness of one operator's proof of one epoch (docs/protocol.md, "Proof of availability"):
/// <c>seed_e = keccak256(prevrandao(D_e) ‖ uint64 e ‖ operator ‖ verifier ‖ uint256 chainId)</c>. The block is fixed
/// in advance, and its mix does not depend on what its builder puts into it.
/// </summary>
/// <param name="Value">The 32 bytes.</param>
public readonly record struct EpochSeed(Bytes32 Value)
{
    /// <summary>Derives the seed.</summary>
    /// <param name="mix">The RANDAO mix in the header of block <c>D_e = B_e + SeedDelay</c> (EIP-4399).</param>
    /// <param name="epoch">The epoch's number.</param>
    /// <param name="operatorAddress">The account of the operator that proves.</param>
    /// <param name="verifier">The contract that records proofs.</param>
    /// <param name="chainId">The L1's chain id.</param>
    public static EpochSeed Derive(Bytes32 mix, ulong epoch, Address operatorAddress, Address verifier, ulong chainId)
    {
        Span<byte> preimage = stackalloc byte[32 + 8 + 20 + 20 + 32];
        preimage.Clear();
        mix.CopyTo(preimage);
        BinaryPrimitives.WriteUInt64BigEndian(preimage[32..], epoch);
        operatorAddress.CopyTo(preimage[40..]);
        verifier.CopyTo(preimage[60..]);
        BinaryPrimitives.WriteUInt64BigEndian(preimage[104..], chainId);
        return new EpochSeed(Keccak256.Hash(preimage));
    }

    /// <summary>The hash of draw <paramref name="index"/>: <c>h_j = keccak256(seed_e ‖ uint32 j)</c>.</summary>
    public Bytes32 Draw(uint index)
    {
        Span<byte> preimage = stackalloc byte[36];
        Value.CopyTo(preimage);
        BinaryPrimitives.WriteUInt32BigEndian(preimage[32..], index);
        return Keccak256.Hash(preimage);
    }

    /// <summary>
    /// The point at which the combined polynomial is opened: <c>z = keccak256(seed_e ‖ "z") mod r</c>.
    /// </summary>
    public Fr Challenge()
    {
        Span<byte> preimage = stackalloc byte[33];
        Value.CopyTo(preimage);
        preimage[32] = (byte)'z';
        return Fr.Reduce(Keccak256.Hash(preimage).ToArray());
    }
}
