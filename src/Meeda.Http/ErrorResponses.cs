using System.Text.Json.Serialization;
using Meeda.Client;
using Meeda.L1.Rpc;

namespace Meeda.Http;

/// <summary>The body of a 418, in the field names of the clients that know it.</summary>
/// <param name="StatusCode">1 to 4.</param>
/// <param name="Msg">The message.</param>
public sealed record DerivationBody(
    [property: JsonPropertyName("StatusCode")] int StatusCode,
    [property: JsonPropertyName("Msg")] string Msg
);

/// <summary>
/// The one place where failures become status codes. 404 is said only where the ledger proves absence, and never for
/// a path
/// of theirs that is no route: an OP Stack node waits for the batch, and stops for good when the challenge window is
/// over.
/// 503 is kept for the failover policy, since a batcher takes it as the signal to post to L1 instead; what a retry
/// can mend is 500. Meeda's own routes answer problem details (<see cref="ProblemBody"/>), those of rollups' protocols
/// and of the first version <see cref="ErrorBody"/>, as ever.
/// </summary>
internal static class ErrorResponses
{
    // Own routes that batches, blobs and epochs are asked for by.
    private static readonly string[] OwnNames = ["batch", "blob", "epoch"];

    // The routes of the first version begin with one of these, too.
    private static readonly string[] DataNames = ["get", "put", "nitro", .. OwnNames];

    private static readonly string[] WholeNames = ["da", "warmup"];

    // The shortest that names a batch: a batch id, or the hash of a keccak commitment.
    private const int HexDigitsOfAnId = 64;

    /// <summary>Adds what makes problem details, and answers of exceptions.</summary>
    public static IServiceCollection AddErrorResponses(this IServiceCollection services) =>
        services
            // Nothing that is logged has the trace's id.
            .AddProblemDetails(options =>
                options.CustomizeProblemDetails = problem => problem.ProblemDetails.Extensions.Remove("traceId")
            )
            .AddExceptionHandler<FailureHandler>()
            .AddJson(HttpJson.Default)
            // What cannot be bound is answered as a status, also in development.
            .PostConfigure<RouteHandlerOptions>(routes => routes.ThrowOnBadRequest = false);

    /// <summary>Lets bodies be written by what was generated for them.</summary>
    public static IServiceCollection AddJson(this IServiceCollection services, JsonSerializerContext json) =>
        services.ConfigureHttpJsonOptions(options => options.SerializerOptions.TypeInfoResolverChain.Insert(0, json));

    /// <summary>Turns exceptions of the endpoints below it, and statuses without a body, into answers.</summary>
    public static void UseErrorResponses(this WebApplication app)
    {
        app.UseExceptionHandler(new ExceptionHandlerOptions { SuppressDiagnosticsCallback = _ => true });
        app.UseStatusCodePages(pages => AnswerStatusAsync(pages.HttpContext));
    }

    /// <summary>Answers an error in the form of the route that was asked.</summary>
    /// <param name="context">The request.</param>
    /// <param name="code">What kind of error it is.</param>
    /// <param name="sentence">The message: it names the field and, where there is one, the limit.</param>
    /// <param name="status">The status, where it is not the code's.</param>
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
    /// What any client can cause by asking while something is away is one line; a stack is for faults of this
    /// program.
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
            context.Response.Headers.Allow = $"{methods}, HEAD"; // Which the routes themselves do not know.
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
    /// Whether a path is meant for a route of batches, wherever in it the route's name stands, misspelt at its end or
    /// with an
    /// escaped slash behind it, or where it names a batch: a wrong base URL must not read as a batch that is absent.
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
    /// Whether a path is meant for Alt-DA, Nitro or the first version, also below a wrong base URL. By the path, since
    /// much is refused before it is routed.
    /// </summary>
    private static bool IsOfRollups(PathString path)
    {
        string first = Segments(path).FirstOrDefault(segment => segment.Length > 0) ?? "";
        return IsData(path) && !OwnNames.Any(name => first.StartsWith(name, StringComparison.OrdinalIgnoreCase));
    }

    private static string[] Segments(PathString path) => Uri.UnescapeDataString(path.Value ?? "").Split('/');
}
