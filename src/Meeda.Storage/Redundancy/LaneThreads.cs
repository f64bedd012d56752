namespace Meeda.Storage.Redundancy;

/// <summary>
/// A few threads for calls that may block for as long as they like: they take none of the threads that everything else
/// shares. They are started when they are needed, and end when there was nothing to do for a while.
/// </summary>
/// <param name="name">What they are called in a debugger.</param>
/// <param name="most">How many there are at most; what comes when all are busy waits.</param>
internal sealed class LaneThreads(string name, int most) : IDisposable
{
    private const int StackBytes = 256 << 10;

    private static readonly TimeSpan IdleLimit = TimeSpan.FromSeconds(30);

    private readonly object _gate = new();
    private readonly Queue<Action> _work = new();
    private int _threads;
    private int _idle;
    private bool _isOver;

    /// <summary>Begins a call on one of the threads.</summary>
    public Task<T> RunAsync<T>(Func<Task<T>> begin)
    {
        var begun = new TaskCompletionSource<Task<T>>(TaskCreationOptions.RunContinuationsAsynchronously);
        lock (_gate)
        {
            if (_isOver)
            {
                return Task.FromException<T>(new ObjectDisposedException(name));
            }

            _work.Enqueue(() =>
            {
                try
                {
                    begun.SetResult(begin());
                }
                catch (Exception failure)
                {
                    begun.SetException(failure);
                }
            });
            if (_work.Count > _idle && _threads < most)
            {
                _threads++;
                new Thread(Work, StackBytes) { IsBackground = true, Name = name }.Start();
            }
            else
            {
                Monitor.Pulse(_gate);
            }
        }

        return begun.Task.Unwrap();
    }

    /// <summary>Ends those that do nothing; one that is in a call ends after it.</summary>
    public void Dispose()
    {
        lock (_gate)
        {
            _isOver = true;
            Monitor.PulseAll(_gate);
        }
    }

    private void Work()
    {
        while (Next() is { } work)
        {
            work();
        }
    }

    private Action? Next()
    {
        lock (_gate)
        {
            while (!_isOver)
            {
                if (_work.TryDequeue(out Action? work))
                {
                    return work;
                }

                _idle++;
                bool isWoken = Monitor.Wait(_gate, IdleLimit);
                _idle--;
                if (!isWoken && _work.Count == 0)
                {
                    break;
                }
            }

            _threads--;
            return null;
        }
    }
}
