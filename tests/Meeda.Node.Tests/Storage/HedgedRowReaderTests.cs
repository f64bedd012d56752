using System.Collections.Concurrent;
using Meeda.Kzg.Commitments;
using Meeda.Storage.Redundancy;
using Xunit;

namespace Meeda.Node.Tests.Storage;

public sealed class HedgedRowReaderTests
{
    private const int N = 4;
    private const int Rows = 8;
    private static readonly TimeSpan Long = TimeSpan.FromMinutes(10);

    private readonly ConcurrentQueue<int> _asked = new();

    [Fact]
    public async Task Read_AllIsWell_AsksForTheDataRowsOnly()
    {
        Assert.Equal([0, 1, 2, 3], await RaceAsync(Long, _ => true));
        Assert.Equal([0, 1, 2, 3], _asked.Order());
    }

    [Fact]
    public async Task Read_RowsAreMissing_AsksForOneParityRowForEach()
    {
        Assert.Equal([0, 3, 5, 6], await RaceAsync(Long, row => row is not (1 or 2 or 4)));
        Assert.Equal([0, 1, 2, 3, 4, 5, 6], _asked.Order());
    }

    [Fact]
    public async Task Read_TooFewAreLeft_GivesWhatThereIs() =>
        Assert.Equal([1, 5, 7], await RaceAsync(Long, row => row is 1 or 5 or 7));

    [Fact]
    public async Task Read_ARowHangs_IsReadAroundAfterTheHedge()
    {
        // On a very slow machine the others may be late too; then more rows than row 4 were requested, and may have
        // arrived first.
        IEnumerable<int> come = await RaceAsync(TimeSpan.Zero, row => row == 2 ? null : true);
        Assert.Equal(N, come.Count());
        Assert.DoesNotContain(2, come);
        Assert.Contains(2, _asked);
        Assert.Contains(4, _asked);
    }

    [Fact]
    public async Task Read_NothingAnswers_EndsWithTheCaller()
    {
        using var end = new CancellationTokenSource(TimeSpan.FromMilliseconds(200));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => RaceAsync(TimeSpan.Zero, _ => null, end.Token));
    }

    [Fact]
    public async Task Read_AReaderThrowsAnUnexpectedException_ReadsFromTheOthers() =>
        Assert.Equal(
            [1, 2, 3, 4],
            await RaceAsync(Long, row => row == 0 ? throw new InvalidDataException("a bug") : true)
        );

    [Fact]
    public async Task Read_ReadersThrowAndTooFewAreLeft_ThrowsWhatTheyThrew()
    {
        InvalidDataException thrown = await Assert.ThrowsAsync<InvalidDataException>(() =>
            RaceAsync(Long, row => row < 5 ? throw new InvalidDataException("a bug") : true)
        );
        Assert.Equal("a bug", thrown.Message);
    }

    /// <summary>A row is present, absent, or, if null, hangs.</summary>
    private async Task<IEnumerable<int>> RaceAsync(
        TimeSpan hedgeAfter,
        Func<int, bool?> isThere,
        CancellationToken cancellationToken = default
    )
    {
        SortedDictionary<int, byte[]> come = await HedgedRowReader.ReadAsync(
            N,
            Rows,
            hedgeAfter,
            async (row, blob, stop) =>
            {
                _asked.Enqueue(row);
                if (isThere(row) is not { } answer)
                {
                    await Task.Delay(Timeout.Infinite, stop);
                    return false;
                }

                blob.Span.Fill((byte)row);
                return answer;
            },
            TimeProvider.System,
            cancellationToken
        );
        Assert.All(come, row => Assert.Equal(Enumerable.Repeat((byte)row.Key, Blob.ByteLength), row.Value));
        return come.Keys;
    }
}
