using System.IO.Pipelines;
using Meeda.Http;
using Meeda.Operator.Batches;
using Meeda.Storage;

namespace Meeda.Operator.Http;

/// <summary>
/// The memory reserved for one body. May be disposed of before the request ends, once the body is no longer needed, and
/// more than once.
/// </summary>
internal sealed class BodyRoom(BodyBudget budget, BodyBudget.Client client, long order, TimeProvider time) : IDisposable
{
    private readonly Lock _gate = new();
    private readonly Pace _pace = new(time);
    private readonly CancellationTokenSource _cutOff = new();
    private int _isClosed;

    /// <summary>The client that sends the body.</summary>
    public BodyBudget.Client Client => client;

    /// <summary>Its sequence number among all bodies, in order of arrival.</summary>
    public long Order => order;

    /// <summary>Whether it was cut off to make room for others.</summary>
    public bool IsCutOff => _cutOff.IsCancellationRequested;

    /// <summary>
    /// How fast it arrives, in bytes per second; null while the service is not waiting for the client.
    /// </summary>
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

    /// <summary>The bytes it holds of the share for first steps. Only the budget writes this.</summary>
    internal long First { get; set; }

    /// <summary>The bytes it holds of the share for everything after the first step.</summary>
    internal long Rest { get; set; }

    /// <summary>The bytes it holds of the reserve.</summary>
    internal long Reserve { get; set; }

    /// <summary>Reserves memory for more of the body.</summary>
    /// <exception cref="DaException">None became free in time (<see cref="DaError.Overloaded"/>).</exception>
    public Task GrowAsync(int bytes, CancellationToken cancellationToken) =>
        budget.GrowAsync(this, bytes, cancellationToken);

    /// <summary>Reads more of the body, as long as it arrives fast enough.</summary>
    /// <exception cref="DaException">
    /// It was cut off to make room for others (<see cref="DaError.Overloaded"/>).
    /// </exception>
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
            throw budget.Overloaded("this body was the slowest while others waited");
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            throw new BadHttpRequestException(
                $"the body arrived too slowly: the minimum is {Pace.LongBytesPerSecond} bytes per second from "
                    + $"{Pace.LongLength} bytes on, and proportionally less before",
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

    /// <summary>Stops waiting for the client, to make room for others.</summary>
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
