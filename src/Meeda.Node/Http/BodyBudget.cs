using Meeda.Node.Batches;
using Meeda.Node.Storage;
using Meeda.Node.Telemetry;
using Microsoft.Extensions.Options;

namespace Meeda.Node.Http;

/// <summary>
/// Bounds the memory of bodies: a body is read when there is room for all of it, first come first served, and the room is given back when its request is over. Short
/// bodies have room of their own, so that a few long and slow ones do not stop them.
/// </summary>
internal sealed class BodyBudget(IOptions<IntakeOptions> options, TimeProvider time)
{
    /// <summary>Bodies up to here are short.</summary>
    public const int ShortLength = 1 << 20;

    private readonly Pool _short = new(options.Value.MaxBytesInFlight / 4);
    private readonly Pool _long = new(options.Value.MaxBytesInFlight - (options.Value.MaxBytesInFlight / 4));

    /// <summary>Waits for room, and keeps it until the request is over.</summary>
    /// <param name="context">The request's context.</param>
    /// <param name="bytes">The body's length, or the most that it may have where it does not say.</param>
    /// <exception cref="DaException">There was none in time (<see cref="DaError.Overloaded"/>).</exception>
    public async Task EnterAsync(HttpContext context, long bytes)
    {
        Pool pool = bytes <= ShortLength ? _short : _long;
        using var limit = new CancellationTokenSource(options.Value.MaxWait, time);
        using var both = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, context.RequestAborted);
        try
        {
            context.Response.RegisterForDispose(await pool.EnterAsync(bytes, both.Token));
        }
        catch (OperationCanceledException late) when (limit.IsCancellationRequested)
        {
            Metrics.Overloads.Add(1);
            throw new DaException(
                DaError.Overloaded, $"service: bodies of {options.Value.MaxBytesInFlight} bytes are in flight (MaxBytesInFlight), and none ended within {options.Value.MaxWait} (MaxWait); try again", late);
        }
    }

    private sealed class Pool(long size)
    {
        private readonly Lock _gate = new();
        private readonly LinkedList<(long Bytes, TaskCompletionSource Entered)> _waiting = new();
        private readonly long _size = size;
        private long _free = size;

        public async Task<IDisposable> EnterAsync(long bytes, CancellationToken cancellationToken)
        {
            bytes = Math.Min(bytes, _size);
            LinkedListNode<(long Bytes, TaskCompletionSource Entered)> place;
            lock (_gate)
            {
                if (_waiting.Count == 0 && bytes <= _free)
                {
                    _free -= bytes;
                    return new Room(this, bytes);
                }

                place = _waiting.AddLast((bytes, new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously)));
            }

            try
            {
                await place.Value.Entered.Task.WaitAsync(cancellationToken);
                return new Room(this, bytes);
            }
            catch (OperationCanceledException)
            {
                Leave(place, bytes);
                throw;
            }
        }

        private void Leave(LinkedListNode<(long Bytes, TaskCompletionSource Entered)> place, long bytes)
        {
            lock (_gate)
            {
                if (place.List is not null)
                {
                    _waiting.Remove(place);
                    bytes = 0;
                }
            }

            Give(bytes); // What was given at the last moment goes back; and who stood behind may fit.
        }

        private void Give(long bytes)
        {
            lock (_gate)
            {
                _free += bytes;
                while (_waiting.First is { } next && next.Value.Bytes <= _free)
                {
                    _free -= next.Value.Bytes;
                    _waiting.RemoveFirst();
                    next.Value.Entered.SetResult();
                }
            }
        }

        private sealed class Room(Pool pool, long bytes) : IDisposable
        {
            private long _bytes = bytes;

            public void Dispose()
            {
                long left = Interlocked.Exchange(ref _bytes, 0);
                pool.Give(left);
                if (left > ShortLength)
                {
                    LongGarbage.Left(left);
                }
            }
        }
    }
}
