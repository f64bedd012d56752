using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace Meeda.Http;

/// <summary>Limits of connections, and the clients that may connect.</summary>
public sealed class HttpOptions
{
    /// <summary>The configuration section that binds to this.</summary>
    public const string Section = "Meeda:Http";

    private const int MaxBuffered = 64 * 1024;

    /// <summary>
    /// The operator's URL to listen on: http or https, an IP address or localhost, a port. Default
    /// <c>http://127.0.0.1:3100</c>, this machine only.
    /// </summary>
    public string Listen { get; set; } = "http://127.0.0.1:3100";

    /// <summary>
    /// PEM file with the certificate for https, then those that lead to its authority. Read again when it changes.
    /// </summary>
    public string? CertificateFile { get; set; }

    /// <summary>PEM file with the certificate's key, unencrypted. Default: the certificate's file has it too.</summary>
    public string? CertificateKeyFile { get; set; }

    /// <summary>
    /// Addresses and networks, with commas between, of the proxies whose <c>X-Forwarded-For</c> and
    /// <c>X-Forwarded-Proto</c> are taken. Default none: a proxy is a client then.
    /// </summary>
    public string TrustedProxies { get; set; } = "";

    /// <summary>Whether to listen beyond this machine though no key is required. Default false.</summary>
    public bool AllowAnonymous { get; set; }

    /// <summary>
    /// The most connections at once. Default 2,000: more than a rollup's clients open, few enough for their buffers.
    /// </summary>
    public int MaxConnections { get; set; } = 2_000;

    /// <summary>
    /// The most connections of one address, or of one IPv6 network of 64 bits. Default 1,000, half of all: a proxy in
    /// front is one address. Beyond this, or <see cref="MaxConnections"/>,
    /// the connection that has been idle longest makes room.
    /// </summary>
    public int MaxConnectionsPerAddress { get; set; } = 1_000;

    /// <summary>How long a connection may be idle between two requests. Default 15 s.</summary>
    public TimeSpan KeepAliveTimeout { get; set; } = TimeSpan.FromSeconds(15);

    /// <summary>
    /// The maximum time for a client to send its request's head. Default 10 s: a head is one packet or two.
    /// </summary>
    public TimeSpan HeadTimeout { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>
    /// The slowest that a body may come and an answer be taken, in bytes a second, after 5 s of grace. Default 4,096.
    /// </summary>
    public int MinBytesPerSecond { get; set; } = 4_096;

    /// <summary>
    /// Bytes of batches in memory that are being read by clients, each counted once however many read it, and thrice
    /// while it is put together. Default 256 MiB; one client has at most
    /// half. More wait their turn, as long as bodies do. Answers to Nitro's nodes have as much again.
    /// </summary>
    public long MaxAnswerBytes { get; set; } = 256L << 20;

    /// <summary>
    /// Sets the server's limits. What reads a body limits its length itself, with a message that names the limit.
    /// </summary>
    internal void Apply(KestrelServerLimits limits)
    {
        var slowest = new MinDataRate(MinBytesPerSecond, TimeSpan.FromSeconds(5));
        limits.MaxRequestBodySize = null;
        // Received but unread bytes: with the server's default of 1 MiB, slow puts would hold more memory there than
        // the budget counts.
        limits.MaxRequestBufferSize = MaxBuffered;
        limits.MaxResponseBufferSize = MaxBuffered;
        limits.MaxConcurrentConnections = MaxConnections;
        limits.RequestHeadersTimeout = HeadTimeout;
        limits.KeepAliveTimeout = KeepAliveTimeout;
        limits.MinRequestBodyDataRate = slowest;
        limits.MinResponseDataRate = slowest;
        limits.MaxRequestHeadersTotalSize = 16 * 1024;
        limits.MaxRequestLineSize = 4 * 1024; // the maximum path is a commitment behind a key
    }
}
