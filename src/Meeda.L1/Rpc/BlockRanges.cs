namespace Meeda.L1.Rpc;

/// <summary>
/// How many blocks one question for logs is about. Endpoints limit the blocks, the logs or the bytes of an answer,
/// each in its own words and HTTP statuses, or just take too long: so
/// any refusal halves the range, down to one block, and answers widen it again, quickly up to where it was refused
/// and slowly from there on.
/// </summary>
/// <remarks>For one reader at a time. <code>
/// while (first &lt;= head)
/// {
///     ulong last = ranges.LastFrom(first, head);
///     if (await ranges.TryReadAsync(first, last, () => …, cancellationToken) is not { } logs)
///     {
///         continue; // narrower
///     }
///
///     first = last + 1;
/// }
/// </code></remarks>
/// <param name="client">The endpoint, which is asked whether it answers at all where that is in doubt.</param>
public sealed class BlockRanges(EthereumClient client)
{
    /// <summary>
    /// The maximum number of blocks per query. 2,000 is below most endpoints' limits, and small enough for a fast
    /// response.
    /// </summary>
    public const ulong MostBlocks = 2_000;

    // Near a known limit an attempt costs a rejected request, so it is made once in this many responses.
    private const int AnswersBeforeMore = 8;

    private ulong _refused = MostBlocks + 1;
    private int _answers;

    /// <summary>The blocks that the next question is about.</summary>
    public ulong Size { get; private set; } = MostBlocks;

    /// <summary>The last block of the next question.</summary>
    /// <param name="first">Its first block.</param>
    /// <param name="head">The last block that there is, not before <paramref name="first"/>.</param>
    public ulong LastFrom(ulong first, ulong head) => head - first < Size ? head : first + Size - 1;

    /// <summary>Asks for the logs of a range of blocks.</summary>
    /// <param name="first">The first block.</param>
    /// <param name="last">The last block, as <see cref="LastFrom"/> says.</param>
    /// <param name="read">The question.</param>
    /// <param name="cancellationToken">Ends the waiting.</param>
    /// <returns>The answer; null where the range was refused, and a smaller one is to be asked for.</returns>
    /// <exception cref="L1UnreachableException">The endpoint does not answer this nor anything else.</exception>
    /// <exception cref="LogsRefusedException">It answers, but refuses the logs of a single block.</exception>
    public async Task<T?> TryReadAsync<T>(
        ulong first,
        ulong last,
        Func<Task<T>> read,
        CancellationToken cancellationToken
    )
        where T : class
    {
        T answer;
        try
        {
            answer = await read();
        }
        catch (JsonRpcException refusal)
        {
            if (refusal.IsRateLimit && !await AnswersAsync(cancellationToken))
            {
                throw;
            }

            Narrow(first, last, refusal);
            return null;
        }
        catch (L1UnreachableException failure)
        {
            if (
                failure.Problem == L1Problem.Connection
                || (failure.Problem != L1Problem.TooLong && !await AnswersAsync(cancellationToken))
            )
            {
                throw;
            }

            Narrow(first, last, failure);
            return null;
        }

        Widen(last - first + 1);
        return answer;
    }

    private async Task<bool> AnswersAsync(CancellationToken cancellationToken)
    {
        try
        {
            await client.GetBlockNumberAsync(cancellationToken);
            return true;
        }
        catch (Exception failure) when (failure is L1UnreachableException or JsonRpcException)
        {
            return false;
        }
    }

    private void Narrow(ulong first, ulong last, Exception refusal)
    {
        ulong blocks = last - first + 1;
        _answers = 0;
        if (blocks <= 1)
        {
            // Then it was not the range: the next one may be as wide as ever.
            Size = MostBlocks;
            _refused = MostBlocks + 1;
            throw new LogsRefusedException(first, refusal);
        }

        _refused = blocks;
        Size = blocks / 2;
    }

    private void Widen(ulong blocks)
    {
        // The last query before the head is shorter, and shows nothing about longer ones.
        if (blocks < Size || Size == MostBlocks)
        {
            return;
        }

        if (Size * 2 < _refused)
        {
            Size = Math.Min(MostBlocks, Size * 2);
        }
        else if (++_answers >= AnswersBeforeMore)
        {
            _answers = 0;
            Size = Math.Min(MostBlocks, Size + Math.Max(1, Size / 8));
            _refused = Math.Max(_refused, Size + 1);
        }
    }
}

/// <summary>An endpoint that answers other questions does not give the logs of a single block.</summary>
/// <param name="block">The block.</param>
/// <param name="refusal">What it said, or what became of its answer.</param>
public sealed class LogsRefusedException(ulong block, Exception refusal)
    : Exception(
        $"the L1 endpoint answers, but refuses the logs of block {block} alone: {refusal.Message.TrimEnd('.')}",
        refusal
    )
{
    /// <summary>The block.</summary>
    public ulong Block => block;
}
