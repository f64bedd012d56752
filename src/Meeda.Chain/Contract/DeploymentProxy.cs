using Meeda.Ethereum;
using Meeda.L1.Transactions;

namespace Meeda.Chain.Contract;

/// <summary>
/// The deterministic deployment proxy, which stands at the same address on most chains and creates by CREATE2
/// (EIP-1014): its calldata is a salt and creation code.
/// </summary>
internal static class DeploymentProxy
{
    /// <summary>Where it stands.</summary>
    public static Address Address { get; } = Address.Parse("0x4e59b44847b379578588920ca78fbf26c0b4956c");

    /// <summary>The transaction that creates a contract.</summary>
    public static TransactionRequest Create(byte[] creationCode, Bytes32 salt) =>
        new(Address, [.. salt.ToArray(), .. creationCode]);

    /// <summary>Where that contract stands: the hash of 0xff, the proxy, the salt and the hash of the creation
    /// code.</summary>
    public static Address AddressOf(byte[] creationCode, Bytes32 salt)
    {
        Bytes32 hash = Keccak256.Hash([
            0xff,
            .. Address.ToArray(),
            .. salt.ToArray(),
            .. Keccak256.Hash(creationCode).ToArray(),
        ]);
        return Address.FromBytes(hash.ToArray().AsSpan(Bytes32.Length - Address.Length));
    }
}
