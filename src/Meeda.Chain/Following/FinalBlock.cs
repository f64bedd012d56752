using Meeda.Chain.Index;
using Meeda.L1.Rpc;

namespace Meeda.Chain.Following;

/// <summary>
/// The last block that L1 calls final, as far as it was followed. It never goes back, and is trusted only if it is a
/// block of the chain that was followed, so that no single answer moves it beyond what was read.
/// </summary>
/// <param name="client">L1.</param>
/// <param name="chain">What was read.</param>
/// <param name="logger">Where an endpoint without finality, or with another chain's, is reported once.</param>
internal sealed class FinalBlock(EthereumClient client, IFollowedChain chain, ILogger logger)
{
    private bool _isMissing;
    private ulong? _rejected;
    private ulong _number;

    /// <summary>Its number; 0 before L1 was asked, and where the endpoint names none.</summary>
    public ulong Number => Volatile.Read(ref _number);

    /// <summary>Asks L1 once.</summary>
    public async Task PollAsync(CancellationToken cancellationToken)
    {
        if (await client.GetBlockAsync(BlockTag.Finalized, cancellationToken) is not { } said)
        {
            if (!_isMissing)
            {
                logger.NothingFinal();
            }

            _isMissing = true;
            return;
        }

        _isMissing = false;
        BlockPoint? tip = await chain.TipAsync(cancellationToken);
        if (tip is not { } followed || Math.Min(followed.Number, said.Number) <= Number)
        {
            return;
        }

        // Another answer, by number: a block beyond the head has none. And what was followed must be of the same
        // chain, up to the lower of the two.
        if (
            !await client.IsCanonicalAsync(new BlockPoint(said.Number, said.Hash), cancellationToken)
            || said.Number > await client.GetBlockNumberAsync(cancellationToken)
            || !await client.IsCanonicalAsync(followed, cancellationToken)
        )
        {
            if (_rejected != said.Number)
            {
                logger.FinalBlockRejected(said.Number);
            }

            _rejected = said.Number;
            return;
        }

        Volatile.Write(ref _number, Math.Max(Number, Math.Min(followed.Number, said.Number)));
    }
}
