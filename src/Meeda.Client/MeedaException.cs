using System.Net;

namespace Meeda.Client;

/// <summary>The action for the caller after a failure of a <see cref="MeedaClient"/>.</summary>
public enum MeedaError
{
    /// <summary>
    /// The request can never succeed without being changed, or the key does not allow it; the message says why.
    /// </summary>
    Refused,

    /// <summary>The operator never stored this, or no longer keeps it.</summary>
    NotFound,

    /// <summary>It cannot be done now; the client has retried.</summary>
    Unavailable,

    /// <summary>
    /// The operator's failover policy is active (503): post the batch to L1. The client did not retry.
    /// </summary>
    FailOver,

    /// <summary>The operator's response does not match the request. The client does not return it.</summary>
    NotVerified,
}

/// <summary>
/// A failure of a <see cref="MeedaClient"/>, with a message for the person who handles it. Contains no key.
/// </summary>
public sealed class MeedaException : Exception
{
    /// <summary>A failure with its message.</summary>
    public MeedaException(MeedaError error, string message, HttpStatusCode? status = null, Exception? inner = null)
        : base(message, inner)
    {
        Error = error;
        Status = status;
    }

    /// <summary>The kind of failure.</summary>
    public MeedaError Error { get; }

    /// <summary>The operator's status code, or null if there was no response.</summary>
    public HttpStatusCode? Status { get; }

    /// <summary>
    /// The operator's error code, such as <c>batch_not_found</c>; null if it sent none, as for batches themselves
    /// (<c>/put</c>, <c>/get</c>).
    /// </summary>
    public string? Code { get; init; }
}
