using Meeda.Http;
using Meeda.Operator.Batches;
using Microsoft.Extensions.Options;

namespace Meeda.Operator.Http;

/// <summary>
/// Bounds the memory of request bodies. Memory is reserved as bytes arrive, so that an announced length reserves
/// nothing. A quarter is
/// for the first <see cref="Step"/> bytes of each body, so that
/// short ones do not wait for long ones. A client has at most half of the rest. The client that holds least goes first;
/// when bodies wait, the slowest body that blocks another is cut off.
/// Room for one of the longest bodies is kept for the oldest one that waits, so that bodies that wait for each other
/// end.
/// </summary>
internal sealed partial class BodyBudget
{
    /// <summary>Room is taken in steps of that many bytes, smaller ones at first (<see cref="NextStep"/>).</summary>
    public const int Step = 64 * 1024;

    private const int FirstStep = 4 * 1024;

    /// <summary>How long a body waits before a slower one is cut off for it.</summary>
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
    /// <param name="options">How much there is, and how long a body waits for it.</param>
    /// <param name="batches">What the longest body follows from.</param>
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

    /// <summary>The bytes that are held now.</summary>
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

    /// <summary>The bodies that wait for room now.</summary>
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

    /// <summary>How much room a body takes next.</summary>
    /// <param name="length">The bytes that have come.</param>
    /// <param name="announced">Its length, where it was announced.</param>
    public static int NextStep(long length, long? announced) =>
        (int)Math.Min(Math.Clamp(3 * length, FirstStep, Step), (announced ?? long.MaxValue) - length);

    /// <summary>Begins a body. It holds nothing yet; what it comes to hold is given back when the room is disposed
    /// of.</summary>
    /// <param name="client">Whose it is (<see cref="RequestClient"/>).</param>
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

    /// <summary>Takes room for more of a body, and waits for it.</summary>
    /// <exception cref="DaException">There was none in time, or the body was cut off for others
    /// (<see cref="DaError.Overloaded"/>).</exception>
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
                    throw Overloaded($"no room came free within {_maxWait} (MaxWait)");
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

    /// <summary>The error for a client whose body finds no room.</summary>
    internal DaException Overloaded(string why)
    {
        HttpMetrics.Overloads.Add(1);
        return new DaException(
            DaError.Overloaded,
            $"service: {_size} bytes of bodies are in flight (MaxBytesInFlight), and {why}; try again"
        );
    }

    /// <summary>Gives back what a body held.</summary>
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
    /// Admits waiting bodies: first those of the client that holds least, and the oldest body of each client.
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
                // With it one body after the other ends, and so gives back its first step too.
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
            // Where there is less memory than a longest body takes, no more is counted than there is: one at a time is
            // let in all the same.
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

    /// <summary>A client with bodies on their way.</summary>
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
