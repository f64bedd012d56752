using System.Threading.Channels;

namespace Meeda.Operator.Persistence;

/// <summary>
/// Lets many writers share one commit, and so one wait for the disk: writes that arrive during a commit form the next
/// group. A single writer does not wait for others.
/// </summary>
/// <typeparam name="T">The type of an item.</typeparam>
internal sealed class GroupCommit<T> : IAsyncDisposable
{
    private readonly Channel<(T Item, TaskCompletionSource Done)> _waiting;
    private readonly Func<IReadOnlyList<T>, Task> _commit;
    private readonly int _most;
    private readonly Task _loop;

    /// <summary>Starts the group.</summary>
    /// <param name="commit">Writes a group in one transaction; if it throws, nothing is written.</param>
    /// <param name="most">
    /// The maximum number of items in a group, and in the queue for the next one; further writers wait until the queue
    /// has room.
    /// </param>
    public GroupCommit(Func<IReadOnlyList<T>, Task> commit, int most)
    {
        _commit = commit;
        _most = most;
        _waiting = Channel.CreateBounded<(T, TaskCompletionSource)>(
            new BoundedChannelOptions(most) { SingleReader = true }
        );
        _loop = Task.Run(RunAsync);
    }

    /// <summary>Writes an item; it is durable when this returns.</summary>
    /// <param name="item">What to write.</param>
    /// <param name="cancellationToken">Ends the wait for a place in the queue, never a write that has one.</param>
    public async Task WriteAsync(T item, CancellationToken cancellationToken)
    {
        var done = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await _waiting.Writer.WriteAsync((item, done), cancellationToken);
        await done.Task;
    }

    /// <summary>Writes what is queued, then stops.</summary>
    public async ValueTask DisposeAsync()
    {
        _waiting.Writer.TryComplete();
        await _loop;
    }

    private async Task RunAsync()
    {
        var group = new List<(T Item, TaskCompletionSource Done)>();
        while (await _waiting.Reader.WaitToReadAsync())
        {
            group.Clear();
            while (group.Count < _most && _waiting.Reader.TryRead(out (T Item, TaskCompletionSource Done) next))
            {
                group.Add(next);
            }

            if (!await TryCommitAsync(group, isAlone: group.Count == 1))
            {
                // A single item may cause the failure, for example by its size on a nearly full disk. The others are
                // then written without it.
                foreach ((T Item, TaskCompletionSource Done) one in group)
                {
                    await TryCommitAsync([one], isAlone: true);
                }
            }
        }
    }

    private async Task<bool> TryCommitAsync(List<(T Item, TaskCompletionSource Done)> group, bool isAlone)
    {
        try
        {
            await _commit([.. group.Select(one => one.Item)]);
            group.ForEach(one => one.Done.SetResult());
            return true;
        }
        catch (Exception failure)
        {
            if (isAlone)
            {
                group.ForEach(one => one.Done.SetException(failure));
            }

            return isAlone;
        }
    }
}
