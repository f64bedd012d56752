using System.Numerics;
using Meeda.Ethereum.Signing;

namespace Meeda.Ethereum.Transactions;

/// <summary>A transaction of type 2 (EIP-1559).</summary>
/// <param name="ChainId">The chain (EIP-155).</param>
/// <param name="Nonce">Its place among the sender's.</param>
/// <param name="MaxPriorityFeePerGas">The tip, in wei for each gas.</param>
/// <param name="MaxFeePerGas">The most that is paid, base fee and tip, in wei for each gas.</param>
/// <param name="GasLimit">The most gas it may use.</param>
/// <param name="To">Whom it calls; null makes a contract.</param>
/// <param name="Value">The wei that go with it.</param>
/// <param name="Data">The calldata.</param>
public sealed record FeeMarketTransaction(
    ulong ChainId, ulong Nonce, BigInteger MaxPriorityFeePerGas, BigInteger MaxFeePerGas, ulong GasLimit, Address? To, BigInteger Value, byte[] Data)
{
    private const byte Type = 0x02;

    /// <summary>The hash that is signed.</summary>
    public Bytes32 SigningHash() => Keccak256.Hash([Type, .. Rlp.EncodeList(Fields())]);

    /// <summary>The signed transaction as it goes over the wire; its Keccak-256 is its hash.</summary>
    public byte[] Sign(PrivateKeySigner signer)
    {
        Signature signature = signer.Sign(SigningHash());
        return [Type, .. Rlp.EncodeList([.. Fields(), Rlp.Encode(signature.YParity), Rlp.Encode(signature.R), Rlp.Encode(signature.S)])];
    }

    private IEnumerable<byte[]> Fields() =>
    [
        Rlp.Encode(ChainId),
        Rlp.Encode(Nonce),
        Rlp.Encode(MaxPriorityFeePerGas),
        Rlp.Encode(MaxFeePerGas),
        Rlp.Encode(GasLimit),
        Rlp.Encode(To is { } address ? address.ToArray() : []),
        Rlp.Encode(Value),
        Rlp.Encode(Data),
        Rlp.EncodeList(),
    ];
}
