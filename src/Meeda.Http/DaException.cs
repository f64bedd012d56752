namespace Meeda.Http;

/// <summary>
/// What the caller of the service should do about a failure: one member for each decision, not for each cause.
/// </summary>
public enum DaError
{
    /// <summary>The request can never succeed: correct it.</summary>
    MalformedRequest,

    /// <summary>The payload is longer than this service accepts: send less.</summary>
    TooLarge,

    /// <summary>The caller's prepayment does not cover it: prepay.</summary>
    PaymentRequired,

    /// <summary>The caller may not do this: ask a party that may.</summary>
    Forbidden,

    /// <summary>The ledger proves that this was never stored here.</summary>
    NotFound,

    /// <summary>The service cannot do it now and may later: try again.</summary>
    Unavailable,

    /// <summary>The service has too much to do: try again after a pause.</summary>
    Overloaded,

    /// <summary>The operator's failover policy is active: post the batch to L1.</summary>
    FailOver,
}

/// <summary>
/// A failure that the caller must act on. The message is fit to be shown to that caller.
/// </summary>
public sealed class DaException : Exception
{
    /// <summary>A failure with its message.</summary>
    public DaException(DaError error, string message, Exception? inner = null)
        : base(message, inner)
    {
        Error = error;
        Code = error switch
        {
            DaError.MalformedRequest => ErrorCode.MalformedRequest,
            DaError.TooLarge => ErrorCode.BodyTooLarge,
            DaError.PaymentRequired => ErrorCode.PaymentRequired,
            DaError.Forbidden => ErrorCode.NotOwner,
            DaError.NotFound => ErrorCode.BatchNotFound,
            DaError.Overloaded => ErrorCode.Overloaded,
            _ => ErrorCode.Unavailable,
        };
    }

    /// <summary>A failure of a kind that has a code of its own.</summary>
    public DaException(ErrorCode code, string message, Exception? inner = null)
        : base(message, inner)
    {
        Code = code;
        Error = code.Status() switch
        {
            StatusCodes.Status400BadRequest => DaError.MalformedRequest,
            StatusCodes.Status402PaymentRequired => DaError.PaymentRequired,
            StatusCodes.Status401Unauthorized or StatusCodes.Status403Forbidden => DaError.Forbidden,
            StatusCodes.Status404NotFound => DaError.NotFound,
            StatusCodes.Status413PayloadTooLarge => DaError.TooLarge,
            StatusCodes.Status429TooManyRequests => DaError.Overloaded,
            _ => DaError.Unavailable,
        };
    }

    /// <summary>What the caller should do.</summary>
    public DaError Error { get; }

    /// <summary>What kind of failure it is, for programs.</summary>
    public ErrorCode Code { get; }
}
