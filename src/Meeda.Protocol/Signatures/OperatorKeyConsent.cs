using Meeda.Ethereum;

namespace Meeda.Protocol.Signatures;

/// <summary>
/// An operator key's consent to act for an account. The key signs it (EIP-712) before the owner sets the key.
/// </summary>
/// <param name="Account">The account's id.</param>
/// <param name="Key">The key's address.</param>
/// <param name="Nonce">The account's <c>keyNonce</c>.</param>
public sealed record OperatorKeyConsent(Address Account, Address Key, ulong Nonce)
{
    private static readonly Bytes32 Type = Keccak256.Hash("OperatorKey(address account,address key,uint256 nonce)"u8);

    /// <summary>The message that the key signs.</summary>
    /// <param name="anchors">The domain of the contract that keeps the accounts.</param>
    public Bytes32 Digest(ContractDomain anchors) =>
        anchors.Digest(new StructEncoder(Type, 3).Add(Account).Add(Key).Add(Nonce).Hash());
}
