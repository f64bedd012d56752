using System.Numerics;
using Meeda.Ethereum;
using Meeda.L1.Rpc;
using Nethereum.Model;

namespace Meeda.L1.Transactions;

/// <summary>A transaction of type 2 (EIP-1559).</summary>
/// <param name="ChainId">The chain (EIP-155).</param>
/// <param name="Nonce">Its place among the sender's.</param>
/// <param name="MaxPriorityFeePerGas">The tip, in wei for each gas.</param>
/// <param name="MaxFeePerGas">The maximum that is paid, base fee and tip, in wei for each gas.</param>
/// <param name="GasLimit">The most gas it may use.</param>
/// <param name="To">The called account; null creates a contract.</param>
/// <param name="Value">The wei that go with it.</param>
/// <param name="Data">The calldata.</param>
public sealed record FeeMarketTransaction(
    ulong ChainId,
    ulong Nonce,
    BigInteger MaxPriorityFeePerGas,
    BigInteger MaxFeePerGas,
    ulong GasLimit,
    Address? To,
    BigInteger Value,
    byte[] Data
) : UnsignedTransaction
{
    /// <inheritdoc/>
    public override IReadOnlyDictionary<string, object?> ToJsonRpc(Address from) =>
        new Dictionary<string, object?>
        {
            ["from"] = from.ToString(),
            ["to"] = To?.ToString(),
            ["gas"] = JsonFields.Quantity(GasLimit),
            ["maxFeePerGas"] = JsonFields.Quantity(MaxFeePerGas),
            ["maxPriorityFeePerGas"] = JsonFields.Quantity(MaxPriorityFeePerGas),
            ["value"] = JsonFields.Quantity(Value),
            ["nonce"] = JsonFields.Quantity(Nonce),
            ["data"] = JsonFields.Data(Data),
            ["chainId"] = JsonFields.Quantity(ChainId),
            ["accessList"] = Array.Empty<object>(),
        };

    private protected override SignedTypeTransaction ToModel() =>
        new Transaction1559(
            ChainId,
            Nonce,
            MaxPriorityFeePerGas,
            MaxFeePerGas,
            GasLimit,
            To?.ToString(),
            Value,
            JsonFields.Data(Data),
            accessList: []
        );
}
