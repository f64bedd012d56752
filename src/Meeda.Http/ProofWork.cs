using System.Collections.Concurrent;
using Microsoft.Extensions.Caching.Memory;

namespace Meeda.Http;

/// <summary>
/// Runs the verifiers' requests that take processor time or calls to L1: on all processors but one, after the puts that
/// are being committed, from a short queue that rejects further requests. Clients take turns. Results are cached, and
/// identical concurrent requests share one computation.
/// </summary>
internal sealed class ProofWork : IDisposable
{
    /// <summary>How many requests may wait per worker. A client gets at most half of the places.</summary>
    public const int QueueForWorker = 16;

    private const long CacheBytes = 16 << 20;

    // The longest that puts can delay a request: samplers need responses under steady load too, or they treat the data
    // as lost.
    private static readonly TimeSpan MaxPutOff = TimeSpan.FromMilliseconds(500);

    private readonly IntakeWork _intake;
    private readonly int _workers;
    private readonly Lock _gate = new();
    private readonly List<Waiter> _waiting = [];
    private readonly Dictionary<string, long> _lastTurn = new(StringComparer.Ordinal);
    private readonly MemoryCache _answers = new(new MemoryCacheOptions { SizeLimit = CacheBytes });
    private readonly ConcurrentDictionary<object, Lazy<Task<object>>> _running = new();
    private int _free;
    private long _turns;

    /// <summary>Creates an empty queue.</summary>
    /// <param name="intake">The work that takes precedence.</param>
    /// <param name="workers">The number of requests that run concurrently.</param>
    public ProofWork(IntakeWork intake, int workers)
    {
        _intake = intake;
        _workers = _free = workers;
    }

    /// <summary>One worker fewer than processors, but at least one.</summary>
    public static int DefaultWorkers => Math.Max(1, Environment.ProcessorCount - 1);

    /// <summary>The number of requests waiting now.</summary>
    public int Waiting
    {
        get
        {
            lock (_gate)
            {
                return _waiting.Count;
            }
        }
    }

    /// <summary>Runs the work when it is its turn, or returns the cached result.</summary>
    /// <typeparam name="T">The type of the result.</typeparam>
    /// <param name="client">The client that asks (<see cref="RequestClient"/>).</param>
    /// <param name="key">Everything that determines the result.</param>
    /// <param name="work">Computes the result.</param>
    /// <param name="size">The approximate size of the cached result, in bytes; 0 to not cache it.</param>
    /// <param name="cancellationToken">Ends the wait, not the work: other clients may wait for it.</param>
    /// <exception cref="DaException">
    /// Too many requests are waiting already (<see cref="DaError.Overloaded"/>).
    /// </exception>
    public async Task<T> GetAsync<T>(
        string client,
        object key,
        Func<Task<T>> work,
        Func<T, long> size,
        CancellationToken cancellationToken
    )
        where T : notnull
    {
        if (_answers.TryGetValue(key, out object? known))
        {
            return (T)known!;
        }

        Lazy<Task<object>> job = _running.GetOrAdd(key, _ => new(() => RunAsync()));
        return (T)await job.Value.WaitAsync(cancellationToken);

        async Task<object> RunAsync()
        {
            try
            {
                T answer = await InTurnAsync(client, work);
                if (size(answer) is > 0 and var bytes)
                {
                    _answers.Set(key, (object)answer, new MemoryCacheEntryOptions { Size = bytes });
                }

                return answer;
            }
            finally
            {
                _running.TryRemove(key, out _);
            }
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _answers.Dispose();

    private async Task<T> InTurnAsync<T>(string client, Func<Task<T>> work)
    {
        if (TakeWorkerOrPlace(client) is { } waiter)
        {
            await waiter.Turn.Task;
        }

        try
        {
            await _intake.GoFirstAsync(MaxPutOff, CancellationToken.None);
            return await Task.Run(work);
        }
        finally
        {
            PassWorkerOn();
        }
    }

    /// <summary>Acquires a free worker, or a place in the queue.</summary>
    /// <returns>The place; null if a worker was free.</returns>
    /// <exception cref="DaException">There is neither.</exception>
    private Waiter? TakeWorkerOrPlace(string client)
    {
        lock (_gate)
        {
            if (_free > 0)
            {
                _free--;
                _lastTurn[client] = ++_turns;
                return null;
            }

            int own = _waiting.Count(each => each.Client == client);
            if (own >= _workers * QueueForWorker / 2)
            {
                throw Overloaded();
            }

            if (_waiting.Count >= _workers * QueueForWorker)
            {
                GiveUpPlace(own);
            }

            var waiter = new Waiter(client);
            _waiting.Add(waiter);
            return waiter;
        }
    }

    /// <summary>Takes a place from the client that has the most of them, for a client that has fewer.</summary>
    /// <exception cref="DaException">No client has sufficiently more places.</exception>
    private void GiveUpPlace(int own)
    {
        IGrouping<string, Waiter> most = _waiting.GroupBy(each => each.Client).MaxBy(each => each.Count())!;
        if (most.Count() <= own + 1)
        {
            throw Overloaded();
        }

        Waiter last = most.Last();
        _waiting.Remove(last);
        last.Turn.SetException(Overloaded());
    }

    /// <summary>Passes the worker to the client whose last turn was the longest ago.</summary>
    private void PassWorkerOn()
    {
        lock (_gate)
        {
            if (_waiting.MinBy(each => _lastTurn.GetValueOrDefault(each.Client)) is { } next)
            {
                _waiting.Remove(next);
                _lastTurn[next.Client] = ++_turns;
                next.Turn.SetResult();
            }
            else
            {
                _free++;
                if (_free == _workers)
                {
                    _lastTurn.Clear(); // No request waits, so the order starts afresh.
                }
            }
        }
    }

    private DaException Overloaded()
    {
        HttpMetrics.Overloads.Add(1);
        return new DaException(
            DaError.Overloaded,
            $"service: {_waiting.Count} requests for proofs wait already; try again"
        );
    }

    private sealed record Waiter(string Client)
    {
        public TaskCompletionSource Turn { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }
}
