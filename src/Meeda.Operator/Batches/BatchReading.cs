using System.IO.Pipelines;

namespace Meeda.Operator.Batches;

/// <summary>One reader's handle of a batch in memory, which other readers may share. Read-only.</summary>
internal sealed class BatchReading(BatchCopies copies, BatchCopy copy, string client, TimeProvider time) : IDisposable
{
    // The size of one write to the server, which copies it.
    private const int Piece = 32 * 1024;

    private readonly Lock _gate = new();
    private readonly Pace _pace = new(time);
    private readonly CancellationTokenSource _cutOff = new();
    private int _isClosed;

    /// <summary>The batch's bytes, checked.</summary>
    public ReadOnlyMemory<byte> Payload => Bytes;

    /// <summary>The same bytes, for callers that need an array. It must not be changed.</summary>
    internal byte[] Bytes { get; set; } = [];

    /// <summary>The client.</summary>
    public string Client => client;

    /// <summary>The copy that it reads.</summary>
    public BatchCopy Copy => copy;

    /// <summary>Whether it was ended to free memory for other readers.</summary>
    public bool IsCutOff => _cutOff.IsCancellationRequested;

    /// <summary>The rate at which its client receives, in bytes per second; null while no write waits for the
    /// client.</summary>
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

    /// <summary>Writes the batch in pieces, as long as the client receives them fast enough.</summary>
    /// <param name="answer">The response.</param>
    /// <param name="cancellationToken">The request's end.</param>
    /// <returns>Whether all was written; otherwise the client is too slow.</returns>
    public async Task<bool> TryWriteAsync(PipeWriter answer, CancellationToken cancellationToken)
    {
        for (int start = 0; start < Payload.Length; start += Piece)
        {
            ReadOnlyMemory<byte> piece = Payload.Slice(start, Math.Min(Piece, Payload.Length - start));
            TimeSpan slack;
            lock (_gate)
            {
                slack = _pace.Slack;
                _pace.Begin();
            }

            using var late = new CancellationTokenSource(slack > TimeSpan.Zero ? slack : TimeSpan.Zero, time);
            using var any = CancellationTokenSource.CreateLinkedTokenSource(
                cancellationToken,
                _cutOff.Token,
                late.Token
            );
            try
            {
                await answer.WriteAsync(piece, any.Token);
            }
            catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
            {
                return false;
            }
            finally
            {
                lock (_gate)
                {
                    _pace.End(piece.Length, Payload.Length);
                }
            }
        }

        return true;
    }

    /// <summary>Ends the wait for the client, to free memory for other readers.</summary>
    public void CutOff() => _cutOff.Cancel();

    /// <inheritdoc/>
    public void Dispose()
    {
        if (Interlocked.Exchange(ref _isClosed, 1) == 0)
        {
            copies.Close(this);
        }
    }
}
