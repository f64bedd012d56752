using System.Text.Json.Serialization;
using Meeda.Client;
using Meeda.L1.Rpc;

namespace Meeda.Http;

/// <summary>The body of a 418, with the field names that Alt-DA clients expect.</summary>
/// <param name="StatusCode">1 to 4.</param>
/// <param name="Msg">The message.</param>
public sealed record DerivationBody(
    [property: JsonPropertyName("StatusCode")] int StatusCode,
    [property: JsonPropertyName("Msg")] string Msg
);

/// <summary>
/// The only place that maps failures to status codes. 404 is used only if the ledger proves absence, and never for a
/// rollup's path that is not a route: an OP Stack node waits for the batch and halts permanently when the challenge
/// window ends. 503 is reserved for the failover policy, since a batcher treats it as the signal to post to L1 instead;
/// failures that a retry can resolve are 500. Meeda's own routes answer with problem details
/// (<see cref="ProblemBody"/>), those of rollups' protocols and of the first version with <see cref="ErrorBody"/>.
/// </summary>
internal static class ErrorResponses
{
    // The routes that serve batches, blobs and epochs contain one of these.
    private static readonly string[] OwnNames = ["batch", "blob", "epoch"];

    // The routes of the first version begin with one of these, too.
    private static readonly string[] DataNames = ["get", "put", "nitro", .. OwnNames];

    private static readonly string[] WholeNames = ["da", "warmup"];

    // The shortest name of a batch: a batch id, or the hash of a keccak commitment.
    private const int HexDigitsOfAnId = 64;

    /// <summary>Adds problem details and the handling of exceptions.</summary>
    public static IServiceCollection AddErrorResponses(this IServiceCollection services) =>
        services
            // The logs do not contain trace ids, so the response needs none.
            .AddProblemDetails(options =>
                options.CustomizeProblemDetails = problem => problem.ProblemDetails.Extensions.Remove("traceId")
            )
            .AddExceptionHandler<FailureHandler>()
            .AddJson(HttpJson.Default)
            // Parameters that cannot be bound become a status, in development too.
            .PostConfigure<RouteHandlerOptions>(routes => routes.ThrowOnBadRequest = false);

    /// <summary>Serialises bodies with a generated context.</summary>
    public static IServiceCollection AddJson(this IServiceCollection services, JsonSerializerContext json) =>
        services.ConfigureHttpJsonOptions(options => options.SerializerOptions.TypeInfoResolverChain.Insert(0, json));

    /// <summary>Turns exceptions from the endpoints, and statuses without a body, into error responses.</summary>
    public static void UseErrorResponses(this WebApplication app)
    {
        app.UseExceptionHandler(new ExceptionHandlerOptions { SuppressDiagnosticsCallback = _ => true });
        app.UseStatusCodePages(pages => AnswerStatusAsync(pages.HttpContext));
    }

    /// <summary>Writes an error in the format of the requested route.</summary>
    /// <param name="context">The request.</param>
    /// <param name="code">The kind of error.</param>
    /// <param name="sentence">The message, which names the field and the limit, if any.</param>
    /// <param name="status">The status, if it differs from the code's.</param>
    public static Task AnswerErrorAsync(this HttpContext context, ErrorCode code, string sentence, int? status = null)
    {
        context.Response.StatusCode = status ?? code.Status();
        return IsOfRollups(context.Request.Path)
            ? context.Response.WriteAsJsonAsync(new ErrorBody(sentence))
            : TypedResults
                .Problem(
                    new ProblemBody
                    {
                        Type = code.Type(),
                        Title = code.Title(),
                        Status = context.Response.StatusCode,
                        Detail = sentence,
                        Code = code.Name(),
                        Error = sentence,
                    }
                )
                .ExecuteAsync(context);
    }

    /// <summary>
    /// Failures that any client can trigger while a dependency is down are logged in one line; only faults of this
    /// program get a stack trace.
    /// </summary>
    internal static void LogFailure(ILogger logger, HttpRequest request, Exception failure)
    {
        if (failure is DaException or L1UnreachableException or JsonRpcException or HttpRequestException)
        {
            logger.NotServed(request.Method, request.Path, failure.Message);
        }
        else
        {
            logger.RequestFailed(request.Method, request.Path, failure);
        }
    }

    private static Task AnswerStatusAsync(HttpContext context)
    {
        if (context.Response.Headers.Allow is [{ } methods] && methods.Split(", ").Contains("GET"))
        {
            context.Response.Headers.Allow = $"{methods}, HEAD"; // The routes themselves do not list HEAD.
        }

        int status = context.Response.StatusCode;
        PathString path = context.Request.Path;
        return status switch
        {
            StatusCodes.Status400BadRequest when ParameterForms.ProblemOf(context) is { } problem =>
                context.AnswerErrorAsync(ErrorCode.MalformedRequest, problem),
            StatusCodes.Status404NotFound when IsData(path) => context.AnswerErrorAsync(
                ErrorCode.MalformedPath,
                $"path: there is no route {path}; see /get/<commitment>, /put, /put/<commitment>, /batches/<id>"
            ),
            StatusCodes.Status404NotFound => context.AnswerErrorAsync(
                ErrorCode.RouteNotFound,
                $"path: there is nothing at {path}; see /get/<commitment>, /put, /batches/<id>, /health/ready"
            ),
            StatusCodes.Status405MethodNotAllowed => context.AnswerErrorAsync(
                ErrorCode.MethodNotAllowed,
                $"method: {context.Request.Method} is not for {path}"
            ),
            _ => context.AnswerErrorAsync(ErrorCode.RequestRefused, $"request: refused with status {status}", status),
        };
    }

    /// <summary>
    /// Whether a path is meant for a route of batches: it contains such a route's name anywhere, even with a misspelt
    /// ending or followed by an escaped slash, or it names a batch. A wrong base URL must not look like an absent
    /// batch.
    /// </summary>
    private static bool IsData(PathString path) =>
        Segments(path)
            .Any(segment =>
                DataNames.Any(name => segment.StartsWith(name, StringComparison.OrdinalIgnoreCase))
                || WholeNames.Contains(segment, StringComparer.OrdinalIgnoreCase)
                || (
                    segment.Length >= HexDigitsOfAnId
                    && segment[(segment.StartsWith("0x", StringComparison.OrdinalIgnoreCase) ? 2 : 0)..]
                        .All(char.IsAsciiHexDigit)
                )
            );

    /// <summary>
    /// Whether a path is meant for Alt-DA, Nitro or the first version, even below a wrong base URL. Decided by the
    /// path, since many requests are rejected before routing.
    /// </summary>
    private static bool IsOfRollups(PathString path)
    {
        string first = Segments(path).FirstOrDefault(segment => segment.Length > 0) ?? "";
        return IsData(path) && !OwnNames.Any(name => first.StartsWith(name, StringComparison.OrdinalIgnoreCase));
    }

    private static string[] Segments(PathString path) => Uri.UnescapeDataString(path.Value ?? "").Split('/');
}
