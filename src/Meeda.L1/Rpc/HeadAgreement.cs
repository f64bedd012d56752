using System.Collections.Immutable;
using Meeda.Ethereum;

namespace Meeda.L1.Rpc;

/// <summary>The head that the endpoints agree on.</summary>
/// <param name="Number">Its block number.</param>
/// <param name="Members">The endpoints that have it on their chains, in their order.</param>
internal sealed record AgreedHead(ulong Number, ImmutableArray<int> Members);

/// <summary>Finds the head that several endpoints agree on. <see cref="RedundantRpc"/> states the rule.</summary>
internal sealed class HeadAgreement(ImmutableArray<JsonRpc> endpoints, RedundantRpcOptions options, TimeProvider time)
{
    // An endpoint that was silent at the last poll gets this fraction of the limit, or it would delay every call to the
    // others.
    private const int SilentShare = 10;

    private readonly EthereumClient[] _clients = [.. endpoints.Select(endpoint => new EthereumClient(endpoint))];
    private readonly string?[] _problems = new string?[endpoints.Length];
    private bool[] _wasSilent = new bool[endpoints.Length];

    /// <summary>Polls all endpoints for their heads.</summary>
    /// <exception cref="L1UnreachableException">No endpoint answers, or they are on different chains.</exception>
    public async Task<AgreedHead> PollAsync(CancellationToken cancellationToken)
    {
        Block?[] heads = await Task.WhenAll(
            _clients.Select(
                (client, i) =>
                    BlockOfAsync(
                        client,
                        BlockTag.Latest,
                        _wasSilent[i] ? options.HeadLimit / SilentShare : options.HeadLimit,
                        cancellationToken
                    )
            )
        );
        bool[] isSilent = [.. heads.Select(head => head is null)];
        _wasSilent = isSilent.All(silent => silent) ? new bool[heads.Length] : isSilent;
        var problems = new string?[heads.Length];
        List<int> left = [.. Enumerable.Range(0, heads.Length).Where(i => heads[i] is not null)];
        foreach (int silent in Enumerable.Range(0, heads.Length).Except(left))
        {
            problems[silent] = "it does not report its head";
        }

        if (left.Count == 0)
        {
            Tell(problems);
            throw new L1UnreachableException(
                endpoints.Length == 1
                    ? "the L1 endpoint does not report its head"
                    : $"none of {endpoints.Length} L1 endpoints reports its head"
            );
        }

        LeaveOutFuture(left, heads, problems);
        await LeaveOutStaleAsync(left, heads, problems, cancellationToken);
        AgreedHead? agreed = await AgreeAsync(left, heads, cancellationToken);
        foreach (int other in left.Where(i => agreed?.Members.Contains(i) != true))
        {
            problems[other] = agreed is null
                ? "it and the others are on different chains"
                : $"its head is block {heads[other]!.Number}, and block {agreed.Number}, which others agree on, "
                    + "is not on its chain";
        }

        Tell(problems);
        return agreed
            ?? throw new L1UnreachableException(
                $"the L1 endpoints disagree: no block down to {options.DeepestFork} below their heads is on the "
                    + "chains of more than half of them; nothing is trusted until they agree"
            );
    }

    /// <summary>
    /// The highest block that is, for more than half of the endpoints that have the head, at or below the block that
    /// they report as <c>finalized</c> or <c>safe</c>; null if there is none.
    /// </summary>
    public async Task<Block?> AgreedBelowAsync(AgreedHead head, BlockTag tag, CancellationToken cancellationToken)
    {
        Block?[] said = await Task.WhenAll(
            head.Members.Select(i => BlockOfAsync(_clients[i], tag, options.HeadLimit, cancellationToken))
        );
        int quorum = (head.Members.Length / 2) + 1;
        return said.Where(block => block is not null && block.Number <= head.Number)
            .OrderByDescending(block => block!.Number)
            .ElementAtOrDefault(quorum - 1);
    }

    private async Task<Block?> BlockOfAsync(
        EthereumClient client,
        BlockTag tag,
        TimeSpan within,
        CancellationToken cancellationToken
    )
    {
        using var limit = new CancellationTokenSource(within, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, limit.Token);
        try
        {
            return await client.GetBlockAsync(tag, either.Token);
        }
        catch (Exception failure)
            when (failure is L1UnreachableException or JsonRpcException or OperationCanceledException
                && !cancellationToken.IsCancellationRequested
            )
        {
            return null;
        }
    }

    /// <summary>
    /// Excludes endpoints whose heads are in the future, unless all are: then this machine's clock is wrong.
    /// </summary>
    private void LeaveOutFuture(List<int> left, Block?[] heads, string?[] problems)
    {
        ulong latest = (ulong)(time.GetUtcNow() + options.FutureTolerance).ToUnixTimeSeconds();
        if (left.TrueForAll(i => heads[i]!.Timestamp > latest))
        {
            return;
        }

        foreach (int i in left.Where(i => heads[i]!.Timestamp > latest).ToArray())
        {
            problems[i] = $"its head, block {heads[i]!.Number}, is in the future";
            left.Remove(i);
        }
    }

    /// <summary>
    /// Excludes endpoints that are far behind the freshest one, if that one has their head on its chain. If it does
    /// not, it may itself be the wrong one.
    /// </summary>
    private async Task LeaveOutStaleAsync(
        List<int> left,
        Block?[] heads,
        string?[] problems,
        CancellationToken cancellationToken
    )
    {
        int freshest = left.MaxBy(i => heads[i]!.Timestamp);
        ulong oldest =
            heads[freshest]!.Timestamp - Math.Min(heads[freshest]!.Timestamp, (ulong)options.StaleAfter.TotalSeconds);
        foreach (int i in left.Where(i => heads[i]!.Timestamp < oldest).ToArray())
        {
            if (
                (
                    await BlockOfAsync(
                        _clients[freshest],
                        BlockTag.Number(heads[i]!.Number),
                        options.HeadLimit,
                        cancellationToken
                    )
                )?.Hash == heads[i]!.Hash
            )
            {
                problems[i] =
                    $"its head, block {heads[i]!.Number}, is {heads[freshest]!.Timestamp - heads[i]!.Timestamp} s "
                    + "older than another's";
                left.Remove(i);
            }
        }
    }

    /// <summary>
    /// A block that more than half of the endpoints have. Searched downwards, in growing steps, from the highest number
    /// that more than half can have.
    /// </summary>
    private async Task<AgreedHead?> AgreeAsync(List<int> left, Block?[] heads, CancellationToken cancellationToken)
    {
        int quorum = (left.Count / 2) + 1;
        ulong top = left.Select(i => heads[i]!.Number).OrderDescending().ElementAt(quorum - 1);
        for (ulong down = 0; down <= (ulong)options.DeepestFork; down = Math.Max(1, 2 * down))
        {
            ulong number = top - Math.Min(top, down);
            Block?[] blocks = await Task.WhenAll(
                left.Select(i =>
                    heads[i]!.Number == number ? Task.FromResult(heads[i])
                    : heads[i]!.Number < number ? Task.FromResult<Block?>(null)
                    : BlockOfAsync(_clients[i], BlockTag.Number(number), options.HeadLimit, cancellationToken)
                )
            );
            IGrouping<Bytes32, int>? most = left.Where((_, place) => blocks[place] is not null)
                .GroupBy(i => blocks[left.IndexOf(i)]!.Hash)
                .MaxBy(group => group.Count());
            if (most?.Count() >= quorum)
            {
                return new AgreedHead(number, [.. most]);
            }

            if (number == 0)
            {
                break;
            }
        }

        return null;
    }

    private void Tell(string?[] problems)
    {
        for (int i = 0; i < problems.Length; i++)
        {
            // The numbers in the message change with each poll; whether there is a problem does not.
            if (_problems[i] is null != problems[i] is null)
            {
                options.Observer?.Invoke(new EndpointNotice(i, problems[i]));
            }

            _problems[i] = problems[i];
        }
    }
}
