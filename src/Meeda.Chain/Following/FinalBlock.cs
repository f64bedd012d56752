using Meeda.Chain.Index;
using Meeda.L1.Rpc;

namespace Meeda.Chain.Following;

/// <summary>
/// The last final block of L1, up to the last followed one. It never decreases. An answer is accepted only if the block
/// is on the followed chain, so that no single answer moves it beyond the blocks that were read.
/// </summary>
/// <param name="client">L1.</param>
/// <param name="chain">The followed chain.</param>
/// <param name="logger">Receives one message about an endpoint without finality, or with that of another chain.</param>
internal sealed class FinalBlock(EthereumClient client, IFollowedChain chain, ILogger logger)
{
    private bool _isMissing;
    private ulong? _rejected;
    private ulong _number;

    /// <summary>Its number; 0 before the first answer, and where the endpoint names no final block.</summary>
    public ulong Number => Volatile.Read(ref _number);

    /// <summary>Reads the final block from L1 once.</summary>
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

        // A second query, by number, rejects a block beyond the head. The followed chain must also agree with it, up to
        // the lower of the two blocks.
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
