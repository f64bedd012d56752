using System.IO.Pipelines;

namespace Meeda.Operator.Batches;

/// <summary>One reader's hold on a batch in memory, which others may read at the same time. No one writes to
/// it.</summary>
internal sealed class BatchReading(BatchCopies copies, BatchCopy copy, string client, TimeProvider time) : IDisposable
{
    // What is handed to the server at once: it copies what it is given.
    private const int Piece = 32 * 1024;

    private readonly Lock _gate = new();
    private readonly Pace _pace = new(time);
    private readonly CancellationTokenSource _cutOff = new();
    private int _isClosed;

    /// <summary>The batch's bytes, checked.</summary>
    public ReadOnlyMemory<byte> Payload => Bytes;

    /// <summary>The same, for who takes nothing but an array. No one writes to it.</summary>
    internal byte[] Bytes { get; set; } = [];

    /// <summary>Who reads.</summary>
    public string Client => client;

    /// <summary>What it reads.</summary>
    public BatchCopy Copy => copy;

    /// <summary>Whether it was ended so that others find room.</summary>
    public bool IsCutOff => _cutOff.IsCancellationRequested;

    /// <summary>How fast its client takes the bytes, in bytes a second; null while the client is not waited
    /// for.</summary>
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

    /// <summary>Writes the batch in pieces, as long as the client takes them fast enough.</summary>
    /// <param name="answer">Where to.</param>
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

    /// <summary>Ends the wait for the client, so that others find room.</summary>
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
