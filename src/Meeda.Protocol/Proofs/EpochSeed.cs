using System.Buffers.Binary;
using Meeda.Ethereum;
using Meeda.Kzg.Fields;

namespace Meeda.Protocol.Proofs;

/// <summary>
/// The randomness of one operator's proof of one epoch (docs/protocol.md, "Proof of availability"):
/// <c>seed_e = keccak256(blockhash(B_e) ‖ uint64 e ‖ operator ‖ contract ‖ uint256 chainId)</c>. The block is fixed
/// in advance, so no one moves
/// the seed by choosing when to call.
/// </summary>
/// <param name="Value">The 32 bytes.</param>
public readonly record struct EpochSeed(Bytes32 Value)
{
    /// <summary>Derives the seed.</summary>
    /// <param name="blockHash">The hash of block <c>B_e = epoch · EpochBlocks</c>.</param>
    /// <param name="epoch">The epoch's number.</param>
    /// <param name="operatorAddress">The operator that proves.</param>
    /// <param name="contract">The verifier contract.</param>
    /// <param name="chainId">The L1's chain id.</param>
    public static EpochSeed Derive(
        Bytes32 blockHash,
        ulong epoch,
        Address operatorAddress,
        Address contract,
        ulong chainId
    )
    {
        Span<byte> preimage = stackalloc byte[32 + 8 + 20 + 20 + 32];
        preimage.Clear();
        blockHash.CopyTo(preimage);
        BinaryPrimitives.WriteUInt64BigEndian(preimage[32..], epoch);
        operatorAddress.CopyTo(preimage[40..]);
        contract.CopyTo(preimage[60..]);
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
