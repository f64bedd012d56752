using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace Meeda.Http;

/// <summary>
/// Bounds connections, for all and for each address. A new one takes the place of the one that has been idle longest.
/// Where none is idle, it is let in as one of a few spare ones, on
/// which health alone is answered, so that monitoring is never locked out.
/// </summary>
/// <param name="options">How many.</param>
/// <param name="time">The clock.</param>
internal sealed class ConnectionLimits(HttpOptions options, TimeProvider time)
{
    /// <summary>The connections beyond the limit on which health is answered.</summary>
    public const int Spare = 64;

    private readonly Lock _gate = new();
    private readonly Dictionary<string, LinkedList<ConnectionUse>> _addresses = new(StringComparer.Ordinal);
    private int _count;
    private int _spare;

    /// <summary>The connections that are open now, the spare ones included.</summary>
    public int Count
    {
        get
        {
            lock (_gate)
            {
                return _count + _spare;
            }
        }
    }

    /// <summary>Sets the server's limits, and checks each connection of its endpoints.</summary>
    public void Apply(KestrelServerOptions kestrel)
    {
        options.Apply(kestrel.Limits);
        // Those that are being closed count there
        kestrel.Limits.MaxConcurrentConnections = options.MaxConnections + (2L * Spare);
        kestrel.ConfigureEndpointDefaults(endpoint => endpoint.Use(next => connection => ServeAsync(connection, next)));
    }

    /// <summary>Answers on spare connections for health alone, and takes note of which connections are in use. Comes
    /// first of all.</summary>
    public async Task InvokeAsync(HttpContext context, RequestDelegate next)
    {
        if (context.Features.Get<ConnectionUse>() is not { } use)
        {
            await next(context);
            return;
        }

        if (use.IsSpare)
        {
            context.Response.Headers.Connection = "close";
            if (!context.Request.Path.StartsWithSegments("/health", StringComparison.Ordinal))
            {
                context.Response.Headers.RetryAfter = "1";
                await context.AnswerErrorAsync(
                    ErrorCode.Overloaded,
                    "service: all connections are in use (MaxConnections, MaxConnectionsPerAddress); try again"
                );
                return;
            }
        }

        Mark(use, isInUse: true);
        try
        {
            await next(context);
        }
        finally
        {
            Mark(use, isInUse: false);
        }
    }

    private async Task ServeAsync(ConnectionContext connection, ConnectionDelegate next)
    {
        var use = new ConnectionUse(
            connection,
            RequestClient.OfAddress((connection.RemoteEndPoint as System.Net.IPEndPoint)?.Address),
            time.GetTimestamp()
        );
        if (!TryEnter(use, out ConnectionUse? idle))
        {
            connection.Abort(new ConnectionAbortedException("all connections are in use"));
            return;
        }

        idle?.Connection.Abort(new ConnectionAbortedException("it was idle, and its place was needed"));
        connection.Features.Set(use);
        try
        {
            await next(connection);
        }
        finally
        {
            lock (_gate)
            {
                Leave(use);
            }
        }
    }

    private bool TryEnter(ConnectionUse use, out ConnectionUse? idle)
    {
        lock (_gate)
        {
            idle = null;
            int own = _addresses.TryGetValue(use.Address, out LinkedList<ConnectionUse>? others)
                ? others.Count(other => !other.IsSpare)
                : 0;
            if (own >= options.MaxConnectionsPerAddress)
            {
                idle = Longest(others!, isSpare: false);
            }
            else if (_count >= options.MaxConnections)
            {
                // From the client with the most.
                idle = _addresses
                    .Values.OrderByDescending(each => each.Count)
                    .Select(each => Longest(each, isSpare: false))
                    .FirstOrDefault(each => each is not null);
            }
            else
            {
                Enter(use);
                return true;
            }

            if (idle is null)
            {
                use.IsSpare = true;
                if (_spare >= Spare)
                {
                    idle = _addresses
                        .Values.OrderByDescending(each => each.Count)
                        .Select(each => Longest(each, isSpare: true))
                        .FirstOrDefault(each => each is not null);
                    if (idle is null)
                    {
                        return false;
                    }
                }
            }

            if (idle is not null)
            {
                Leave(idle);
            }

            Enter(use);
            return true;
        }
    }

    private static ConnectionUse? Longest(LinkedList<ConnectionUse> uses, bool isSpare) =>
        uses.Where(use => use.Requests == 0 && use.IsSpare == isSpare).MinBy(use => use.Since);

    private void Enter(ConnectionUse use)
    {
        if (!_addresses.TryGetValue(use.Address, out LinkedList<ConnectionUse>? uses))
        {
            _addresses[use.Address] = uses = new();
        }

        use.Place = uses.AddLast(use);
        (_count, _spare) = use.IsSpare ? (_count, _spare + 1) : (_count + 1, _spare);
    }

    private void Leave(ConnectionUse use)
    {
        if (use.Place?.List is not { } uses)
        {
            return;
        }

        uses.Remove(use.Place);
        if (uses.Count == 0)
        {
            _addresses.Remove(use.Address);
        }

        (_count, _spare) = use.IsSpare ? (_count, _spare - 1) : (_count - 1, _spare);
    }

    private void Mark(ConnectionUse use, bool isInUse)
    {
        lock (_gate)
        {
            use.Requests += isInUse ? 1 : -1;
            use.Since = time.GetTimestamp();
        }
    }

    /// <summary>The use of a connection, written only by its limits.</summary>
    internal sealed class ConnectionUse(ConnectionContext connection, string address, long since)
    {
        public ConnectionContext Connection => connection;

        public string Address => address;

        public bool IsSpare { get; set; }

        /// <summary>The requests that it carries now.</summary>
        public int Requests { get; set; }

        /// <summary>Since when it is idle, where it is.</summary>
        public long Since { get; set; } = since;

        public LinkedListNode<ConnectionUse>? Place { get; set; }
    }
}
