using System.Numerics;
using System.Text.Json;

namespace Meeda.L1.Rpc;

/// <summary>A node's report of the fees of the last blocks (<c>eth_feeHistory</c>).</summary>
/// <param name="rpc">The JSON-RPC connection.</param>
internal sealed class FeeHistory(JsonRpc rpc)
{
    /// <summary>
    /// The median of what the last blocks' transactions paid as a tip, in wei for each gas; null
    /// where the node does not tell.
    /// </summary>
    public async Task<BigInteger?> MedianTipAsync(CancellationToken cancellationToken)
    {
        JsonElement? rewards = await FieldAsync("reward", [50], cancellationToken);
        BigInteger[] tips =
        [
            .. (rewards?.Items() ?? []).SelectMany(block => block.Items()).Select(tip => tip.AsBigInteger()).Order(),
        ];
        return tips.Length == 0 ? null : tips[tips.Length / 2];
    }

    /// <summary>
    /// The price of blobs in the next block, in wei for each blob gas (EIP-7516); null where the node does not tell.
    /// </summary>
    public async Task<BigInteger?> LastBlobBaseFeeAsync(CancellationToken cancellationToken)
    {
        JsonElement? prices = await FieldAsync("baseFeePerBlobGas", [], cancellationToken);
        return prices?.Items().LastOrDefault() is { ValueKind: JsonValueKind.String } last ? last.AsBigInteger() : null;
    }

    /// <summary>
    /// A list of the fees of the last ten blocks; null where the node has no such method or field. Nethereum's type
    /// does not know the fees of blobs.
    /// </summary>
    private async Task<JsonElement?> FieldAsync(string field, double[] percentiles, CancellationToken cancellationToken)
    {
        try
        {
            JsonElement history = await rpc.CallAsync(
                "eth_feeHistory",
                ["0xa", BlockTag.Latest.ToString(), percentiles],
                cancellationToken
            );
            return history.ValueKind == JsonValueKind.Object ? history.OptionalField(field) : null;
        }
        catch (Exception unsupported) when (EthereumClient.IsUnsupported(unsupported))
        {
            return null;
        }
    }
}
