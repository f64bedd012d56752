using Meeda.Http;
using Meeda.Operator.Batches;
using Microsoft.Extensions.Options;

namespace Meeda.Operator.Http;

/// <summary>
/// Bounds the memory of request bodies. Memory is reserved as bytes arrive, so a Content-Length alone reserves nothing.
/// A quarter is set aside for the first <see cref="Step"/> bytes of each body, so that short bodies do not wait for
/// long ones. A client may hold at most half of either share. The client that holds the least goes first; while bodies
/// wait, the slowest body that blocks another is cut off. Memory for one body of maximum length is kept for the oldest
/// waiter, so that bodies that wait for each other cannot deadlock.
/// </summary>
internal sealed partial class BodyBudget
{
    /// <summary>
    /// The largest amount reserved at a time, in bytes; the first steps are smaller (<see cref="NextStep"/>).
    /// </summary>
    public const int Step = 64 * 1024;

    private const int FirstStep = 4 * 1024;

    /// <summary>How long a body waits before a slower one is cut off to make room for it.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(1);

    private readonly Lock _gate = new();
    private readonly TimeProvider _time;
    private readonly TimeSpan _maxWait;
    private readonly long _size;
    private readonly long _firstSize;
    private readonly long _restSize;
    private readonly long _reserveSize;
    private readonly Dictionary<string, Client> _clients = new(StringComparer.Ordinal);
    private readonly List<Waiter> _waiting = [];
    private long _firstUsed;
    private long _restUsed;
    private BodyRoom? _reserveOwner;
    private long _opened;

    /// <summary>Divides the memory.</summary>
    /// <param name="options">The size of the budget, and the maximum wait.</param>
    /// <param name="batches">The batch limit, which determines the maximum body length.</param>
    /// <param name="time">The clock.</param>
    public BodyBudget(IOptions<IntakeOptions> options, IOptions<BatchOptions> batches, TimeProvider time)
    {
        _time = time;
        _maxWait = options.Value.MaxWait;
        _size = options.Value.MaxBytesInFlight;
        _firstSize = _size / 4;
        _reserveSize = Math.Min(DaProviderEndpoint.MaxBodyBytes(batches.Value), _size - _firstSize);
        _restSize = _size - _firstSize - _reserveSize;
    }

    /// <summary>The bytes reserved now.</summary>
    public long Used
    {
        get
        {
            lock (_gate)
            {
                return _clients.Values.Sum(client => client.Held);
            }
        }
    }

    /// <summary>The number of bodies waiting for memory now.</summary>
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

    /// <summary>The size of a body's next reservation, in bytes.</summary>
    /// <param name="length">The bytes received so far.</param>
    /// <param name="announced">The Content-Length, or null.</param>
    public static int NextStep(long length, long? announced) =>
        (int)Math.Min(Math.Clamp(3 * length, FirstStep, Step), (announced ?? long.MaxValue) - length);

    /// <summary>
    /// Registers a body, which holds nothing yet. Disposing of the room releases what it has reserved by then.
    /// </summary>
    /// <param name="client">The client that sends it (<see cref="RequestClient"/>).</param>
    public BodyRoom Open(string client)
    {
        lock (_gate)
        {
            if (!_clients.TryGetValue(client, out Client? found))
            {
                _clients[client] = found = new Client(client);
            }

            var room = new BodyRoom(this, found, _opened++, _time);
            found.Rooms.Add(room);
            return room;
        }
    }

    /// <summary>Reserves memory for more of a body, waiting for it if necessary.</summary>
    /// <exception cref="DaException">None became free in time (<see cref="DaError.Overloaded"/>).</exception>
    internal async Task GrowAsync(BodyRoom room, int bytes, CancellationToken cancellationToken)
    {
        var waiter = new Waiter(room, bytes);
        lock (_gate)
        {
            _waiting.Add(waiter);
            Pump();
        }

        TimeSpan left = _maxWait;
        try
        {
            while (true)
            {
                TimeSpan pause = left < Patience ? left : Patience;
                try
                {
                    await waiter.Entered.Task.WaitAsync(pause, _time, cancellationToken);
                    return;
                }
                catch (TimeoutException)
                {
                    left -= pause;
                }

                if (left <= TimeSpan.Zero)
                {
                    throw Overloaded($"no memory was released within {_maxWait} (MaxWait)");
                }

                FindSlowestFor(waiter)?.CutOff();
            }
        }
        finally
        {
            lock (_gate)
            {
                if (_waiting.Remove(waiter))
                {
                    Pump(); // The next body in line may fit.
                }
            }
        }
    }

    /// <summary>The error for a client whose body cannot be held.</summary>
    internal DaException Overloaded(string why)
    {
        HttpMetrics.Overloads.Add(1);
        return new DaException(
            DaError.Overloaded,
            $"service: the {_size} bytes for request bodies (MaxBytesInFlight) are in use, and {why}; retry later"
        );
    }

    /// <summary>Releases what a body has reserved.</summary>
    internal void Close(BodyRoom room)
    {
        lock (_gate)
        {
            Client client = room.Client;
            client.Rooms.Remove(room);
            _firstUsed -= room.First;
            _restUsed -= room.Rest;
            client.First -= room.First;
            client.Rest -= room.Rest;
            client.Reserve -= room.Reserve;
            if (_reserveOwner == room)
            {
                _reserveOwner = null;
            }

            if (client.Rooms.Count == 0)
            {
                _clients.Remove(client.Name);
            }

            Pump();
        }
    }

    /// <summary>
    /// Admits waiting bodies: those of the client that holds the least first, and of each client the oldest first.
    /// </summary>
    private void Pump()
    {
        while (true)
        {
            Waiter? next = null;
            foreach (Waiter waiter in _waiting)
            {
                if ((next is null || IsBefore(waiter, next)) && Fits(waiter))
                {
                    next = waiter;
                }
            }

            if (next is null && _reserveOwner is null && _waiting.Count > 0)
            {
                // The reserve lets the bodies end one after another, and each then releases its first step too.
                next = _waiting.Where(waiter => !IsFirst(waiter)).MinBy(waiter => waiter.Room.Order);
                _reserveOwner = next?.Room;
            }

            if (next is null)
            {
                return;
            }

            Take(next);
            _waiting.Remove(next);
            next.Entered.SetResult();
        }
    }

    private static bool IsBefore(Waiter one, Waiter other) =>
        one.Room.Client.Held != other.Room.Client.Held
            ? one.Room.Client.Held < other.Room.Client.Held
            : one.Room.Order < other.Room.Order;

    private static bool IsFirst(Waiter waiter) =>
        waiter.Room.First + waiter.Bytes <= Step && waiter.Room.Rest + waiter.Room.Reserve == 0;

    private bool Fits(Waiter waiter)
    {
        (BodyRoom room, int bytes) = (waiter.Room, waiter.Bytes);
        return IsFirst(waiter)
            ? _firstUsed + bytes <= _firstSize && !IsBeyondItsPart(waiter)
            : _reserveOwner == room
                || room.Rest + room.Reserve >= _reserveSize
                || (_restUsed + bytes <= _restSize && !IsBeyondItsPart(waiter));
    }

    private bool IsBeyondItsPart(Waiter waiter) =>
        IsFirst(waiter)
            ? waiter.Room.Client.First + waiter.Bytes > _firstSize / 2
            : waiter.Room.Client.Rest + waiter.Bytes > _restSize / 2;

    private void Take(Waiter waiter)
    {
        (BodyRoom room, int bytes) = (waiter.Room, waiter.Bytes);
        if (IsFirst(waiter))
        {
            room.First += bytes;
            room.Client.First += bytes;
            _firstUsed += bytes;
        }
        else if (room.Rest + room.Reserve >= _reserveSize)
        {
            // If the budget is smaller than a body of maximum length, only the reserve is counted, and one such body at
            // a time is still admitted.
        }
        else if (_restUsed + bytes <= _restSize && !IsBeyondItsPart(waiter))
        {
            room.Rest += bytes;
            room.Client.Rest += bytes;
            _restUsed += bytes;
        }
        else
        {
            room.Reserve += bytes;
            room.Client.Reserve += bytes;
        }
    }

    /// <summary>A client with bodies in flight.</summary>
    internal sealed class Client(string name)
    {
        public string Name => name;

        public List<BodyRoom> Rooms { get; } = [];

        public long First { get; set; }

        public long Rest { get; set; }

        public long Reserve { get; set; }

        public long Held => First + Rest + Reserve;
    }

    private sealed record Waiter(BodyRoom Room, int Bytes)
    {
        public TaskCompletionSource Entered { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }
}
