using Meeda.Operator.Persistence;
using Meeda.Testing;
using Xunit;

namespace Meeda.Node.Tests.Storage;

public sealed class GroupCommitTests
{
    [Fact]
    public async Task Write_WhileACommitIsUnderWay_SharesTheNextOne()
    {
        var groups = new List<int[]>();
        var first = new TaskCompletionSource();
        await using var group = new GroupCommit<int>(
            async items =>
            {
                groups.Add([.. items]);
                await (items.Contains(0) ? first.Task : Task.CompletedTask);
            },
            most: 8
        );
        Task alone = group.WriteAsync(0, CancellationToken.None);
        await Patience.UntilAsync(() => groups.Count != 0, TimeSpan.FromSeconds(60));

        Task[] others = [.. Enumerable.Range(1, 5).Select(i => group.WriteAsync(i, CancellationToken.None))];
        Assert.DoesNotContain(others, other => other.IsCompleted);
        first.SetResult();
        await Task.WhenAll([alone, .. others]);
        Assert.Equal(
            [
                [0],
                [1, 2, 3, 4, 5],
            ],
            groups
        );
    }

    [Fact]
    public async Task Write_OneOfAGroupFails_FailsThatOneAlone()
    {
        var gate = new TaskCompletionSource();
        await using var group = new GroupCommit<int>(
            async items =>
            {
                await gate.Task;
                if (items.Contains(3))
                {
                    throw new IOException("no room for 3");
                }
            },
            most: 8
        );
        Task[] writes = [.. Enumerable.Range(0, 6).Select(i => group.WriteAsync(i, CancellationToken.None))];
        gate.SetResult();
        await Assert.ThrowsAsync<IOException>(() => writes[3]);
        await Task.WhenAll(writes.Where((_, i) => i != 3));
    }

    [Fact]
    public async Task Dispose_WithWritersWaiting_WritesThemFirst()
    {
        int written = 0;
        var group = new GroupCommit<int>(
            async items =>
            {
                await Task.Yield();
                written += items.Count;
            },
            most: 4
        );
        Task[] writes = [.. Enumerable.Range(0, 4).Select(i => group.WriteAsync(i, CancellationToken.None))];
        await group.DisposeAsync();
        Assert.Equal(4, written);
        await Task.WhenAll(writes);
    }
}
