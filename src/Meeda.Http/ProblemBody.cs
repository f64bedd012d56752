using Microsoft.AspNetCore.Mvc;

namespace Meeda.Http;

/// <summary>
/// The body of every error of Meeda's own routes: problem details (RFC 9457). <c>detail</c> names the field and, where
/// there is one, the limit.
/// </summary>
public sealed class ProblemBody : ProblemDetails
{
    /// <summary>The type of the body's content.</summary>
    internal const string ContentType = "application/problem+json";

    /// <summary>What kind of error it is, for programs: see docs/http-api.md.</summary>
    public required string Code { get; init; }

    /// <summary>The same as <c>detail</c>, for clients of the time before problem details.</summary>
    public required string Error { get; init; }
}
