using System.Text.Json;

namespace Meeda.Http;

/// <summary>
/// The kind of error in a response: the member <c>code</c> of problem details, in snake case. The names are part of the
/// API: new ones are added, existing ones never change. docs/http-api.md lists them.
/// </summary>
public enum ErrorCode
{
    /// <summary>The request can never succeed without being changed.</summary>
    MalformedRequest,

    /// <summary>The path is not a route, and 404 would look like an absent batch.</summary>
    MalformedPath,

    /// <summary>API keys are enabled, and the request has none.</summary>
    KeyMissing,

    /// <summary>The key is unknown or revoked.</summary>
    KeyInvalid,

    /// <summary>The signed message is not valid here and now, or the wallet did not sign it.</summary>
    SignInInvalid,

    /// <summary>The rollup's prepayment does not cover the batch.</summary>
    PaymentRequired,

    /// <summary>The wallet may not sign in.</summary>
    SignInRefused,

    /// <summary>The key's scopes do not allow this.</summary>
    ScopeMissing,

    /// <summary>Another tenant put the batch.</summary>
    NotOwner,

    /// <summary>A web page of another origin sent the request.</summary>
    OriginRefused,

    /// <summary>The path is not a route.</summary>
    RouteNotFound,

    /// <summary>The batch was never stored here.</summary>
    BatchNotFound,

    /// <summary>The batch had expired and is no longer kept.</summary>
    BatchExpired,

    /// <summary>The operator has anchored no blob at the position.</summary>
    BlobNotFound,

    /// <summary>L1 holds no anchor of the batch.</summary>
    AnchorNotFound,

    /// <summary>L1 holds no proof of the epoch.</summary>
    ProofNotFound,

    /// <summary>The method is not for this path.</summary>
    MethodNotAllowed,

    /// <summary>The body arrived too slowly.</summary>
    BodyTooSlow,

    /// <summary>The tenant has a quota of bytes, and the request has no Content-Length.</summary>
    LengthRequired,

    /// <summary>The body exceeds the service's limit.</summary>
    BodyTooLarge,

    /// <summary>The service does not accept this host name.</summary>
    HostRefused,

    /// <summary>A quota of the tenant is used up.</summary>
    QuotaExceeded,

    /// <summary>The service is overloaded.</summary>
    Overloaded,

    /// <summary>The requested data is not in the ledger, and it is unknown whether it was anchored.</summary>
    AbsenceUnknown,

    /// <summary>The data or the service is temporarily unavailable.</summary>
    Unavailable,

    /// <summary>L1 does not answer, or answers incorrectly.</summary>
    L1Unavailable,

    /// <summary>The ledger's database does not answer, or rejects writes.</summary>
    LedgerUnavailable,

    /// <summary>A fault of the service.</summary>
    InternalError,

    /// <summary>The server rejected the request with a status that has no code of its own.</summary>
    RequestRefused,
}

/// <summary>The properties of an <see cref="ErrorCode"/>.</summary>
internal static class ErrorCodes
{
    /// <summary>As clients see it: <c>batch_not_found</c>.</summary>
    public static string Name(this ErrorCode code) => JsonNamingPolicy.SnakeCaseLower.ConvertName(code.ToString());

    /// <summary>Identifies the code among the problems of all services (RFC 9457, 3.1.1).</summary>
    public static string Type(this ErrorCode code) => $"urn:meeda:problem:{code.Name()}";

    /// <summary>The usual status of the response.</summary>
    public static int Status(this ErrorCode code) => Describe(code).Status;

    /// <summary>A title, the same for each occurrence.</summary>
    public static string Title(this ErrorCode code) => Describe(code).Title;

    private static (int Status, string Title) Describe(ErrorCode code) =>
        code switch
        {
            ErrorCode.MalformedRequest => (400, "The request is malformed"),
            ErrorCode.MalformedPath => (400, "The path names data and is no route"),
            ErrorCode.KeyMissing => (401, "An API key is needed"),
            ErrorCode.KeyInvalid => (401, "The API key is unknown or revoked"),
            ErrorCode.SignInInvalid => (401, "The signed message is not valid here and now"),
            ErrorCode.PaymentRequired => (402, "The rollup's prepayment does not cover it"),
            ErrorCode.SignInRefused => (403, "The wallet may not sign in"),
            ErrorCode.ScopeMissing => (403, "The API key lacks the scope"),
            ErrorCode.NotOwner => (403, "The batch is another tenant's"),
            ErrorCode.OriginRefused => (403, "Web pages of other origins are not served"),
            ErrorCode.RouteNotFound => (404, "The path is no route"),
            ErrorCode.BatchNotFound => (404, "The batch was never stored here"),
            ErrorCode.BatchExpired => (404, "The batch had expired and is no longer kept"),
            ErrorCode.BlobNotFound => (404, "There is no blob at this position"),
            ErrorCode.AnchorNotFound => (404, "The batch has no anchor"),
            ErrorCode.ProofNotFound => (404, "The epoch has no proof"),
            ErrorCode.MethodNotAllowed => (405, "The method is not for this path"),
            ErrorCode.BodyTooSlow => (408, "The body came too slowly"),
            ErrorCode.LengthRequired => (411, "The body's length must be said"),
            ErrorCode.BodyTooLarge => (413, "The body is too long"),
            ErrorCode.HostRefused => (421, "The service is not asked by this host name"),
            ErrorCode.QuotaExceeded => (429, "A quota is used up"),
            ErrorCode.Overloaded => (429, "The service has too much to do"),
            ErrorCode.AbsenceUnknown => (500, "Whether there is such a thing is not known now"),
            ErrorCode.Unavailable => (500, "It cannot be done now"),
            ErrorCode.L1Unavailable => (500, "L1 does not answer as it should"),
            ErrorCode.LedgerUnavailable => (500, "The ledger does not answer"),
            ErrorCode.InternalError => (500, "The service has a fault"),
            ErrorCode.RequestRefused => (400, "The server refuses the request"),
            _ => throw new ArgumentOutOfRangeException(nameof(code), code, "no such code"),
        };
}
