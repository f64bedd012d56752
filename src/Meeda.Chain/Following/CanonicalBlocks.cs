using Meeda.Chain.Index;
using Meeda.L1.Rpc;

namespace Meeda.Chain.Following;

/// <summary>Whether a block is still one of L1's.</summary>
internal static class CanonicalBlocks
{
    /// <summary>Whether L1's block of that number is this one.</summary>
    public static async Task<bool> IsCanonicalAsync(
        this EthereumClient client,
        BlockPoint point,
        CancellationToken cancellationToken
    ) => (await client.GetBlockAsync(BlockTag.Number(point.Number), cancellationToken))?.Hash == point.Hash;
}
