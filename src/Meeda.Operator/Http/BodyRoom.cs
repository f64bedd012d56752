using System.IO.Pipelines;
using Meeda.Http;
using Meeda.Operator.Batches;
using Meeda.Storage;

namespace Meeda.Operator.Http;

/// <summary>The memory of one body. May be disposed of before its request is over, when the body is needed no more, and
/// more than once.</summary>
internal sealed class BodyRoom(BodyBudget budget, BodyBudget.Client client, long order, TimeProvider time) : IDisposable
{
    private readonly Lock _gate = new();
    private readonly Pace _pace = new(time);
    private readonly CancellationTokenSource _cutOff = new();
    private int _isClosed;

    /// <summary>The client that sends the body.</summary>
    public BodyBudget.Client Client => client;

    /// <summary>Its place among all bodies, by when they began.</summary>
    public long Order => order;

    /// <summary>Whether it was cut off so that others find room.</summary>
    public bool IsCutOff => _cutOff.IsCancellationRequested;

    /// <summary>How fast it comes, in bytes a second; null while its client is not waited for.</summary>
    public double? Speed
    {
        get
        {
            lock (_gate)
            {
                return _pace.IsWaiting ? _pace.BytesPerSecond : null;
            }
        }
    }

    /// <summary>What it holds of the room for the first step, written by the budget alone.</summary>
    internal long First { get; set; }

    /// <summary>What it holds of the room for all else.</summary>
    internal long Rest { get; set; }

    /// <summary>What it holds of the reserve.</summary>
    internal long Reserve { get; set; }

    /// <summary>Takes room for more of the body.</summary>
    /// <exception cref="DaException">There was none in time (<see cref="DaError.Overloaded"/>).</exception>
    public Task GrowAsync(int bytes, CancellationToken cancellationToken) =>
        budget.GrowAsync(this, bytes, cancellationToken);

    /// <summary>Waits for more of the body, as long as its client is fast enough.</summary>
    /// <exception cref="DaException">It was cut off for others (<see cref="DaError.Overloaded"/>).</exception>
    /// <exception cref="BadHttpRequestException">It arrives below the minimum rate.</exception>
    public async Task<ReadResult> ReadAsync(PipeReader body, CancellationToken cancellationToken)
    {
        if (body.TryRead(out ReadResult result))
        {
            lock (_gate)
            {
                _pace.Begin();
                _pace.End(result.Buffer.Length, First + Rest + Reserve);
            }

            return result;
        }

        TimeSpan slack;
        lock (_gate)
        {
            slack = _pace.Slack;
            _pace.Begin();
        }

        using var late = new CancellationTokenSource(slack > TimeSpan.Zero ? slack : TimeSpan.Zero, time);
        using var any = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, _cutOff.Token, late.Token);
        long bytes = 0;
        try
        {
            result = await body.ReadAsync(any.Token);
            bytes = result.Buffer.Length;
            return result;
        }
        catch (OperationCanceledException)
            when (!cancellationToken.IsCancellationRequested && _cutOff.IsCancellationRequested)
        {
            throw budget.Overloaded("this one came slowest while others waited");
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            throw new BadHttpRequestException(
                $"the body came too slowly: {Pace.LongBytesPerSecond} bytes a second are the least from "
                    + $"{Pace.LongLength} bytes on, and accordingly less before",
                StatusCodes.Status408RequestTimeout
            );
        }
        finally
        {
            lock (_gate)
            {
                _pace.End(bytes, First + Rest + Reserve);
            }
        }
    }

    /// <summary>Ends the wait for the client, so that others find room.</summary>
    public void CutOff() => _cutOff.Cancel();

    /// <inheritdoc/>
    public void Dispose()
    {
        if (Interlocked.Exchange(ref _isClosed, 1) == 0)
        {
            budget.Close(this);
            if (First + Rest + Reserve is var left && left > Pace.LongLength)
            {
                LargeObjectCollector.Released(left);
            }
        }
    }
}
