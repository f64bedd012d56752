using System.Data.Common;
using System.Text.Json.Serialization;
using Meeda.Client;
using Meeda.L1.Rpc;
using Microsoft.AspNetCore.Diagnostics;

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
/// can mend is 500.
/// </summary>
internal static class ErrorResponses
{
    // The routes of the first version begin with one of these, too.
    private static readonly string[] DataNames = ["get", "put", "batch", "blob", "epoch", "nitro"];

    private static readonly string[] WholeNames = ["da", "warmup"];

    // The shortest that names a batch: a batch id, or the hash of a keccak commitment.
    private const int HexDigitsOfAnId = 64;

    /// <summary>Turns exceptions of the endpoints below it into <see cref="ErrorBody"/> answers.</summary>
    public static void UseErrorResponses(this WebApplication app)
    {
        ILogger logger = app.Services.GetRequiredService<ILoggerFactory>().CreateLogger("Meeda.Node.Http");

        // What is worth a line is logged where the answer is decided: a client that is refused must not be able to
        // fill the log.
        app.UseExceptionHandler(
            new ExceptionHandlerOptions
            {
                ExceptionHandler = context => WriteAsync(context, logger),
                SuppressDiagnosticsCallback = _ => true,
            }
        );
        app.UseStatusCodePages(async pages =>
        {
            HttpContext context = pages.HttpContext;
            if (context.Response.Headers.Allow is [{ } methods] && methods.Split(", ").Contains("GET"))
            {
                context.Response.Headers.Allow = $"{methods}, HEAD"; // Which the routes themselves do not know.
            }

            if (context.Response.StatusCode == StatusCodes.Status404NotFound && IsData(context.Request.Path))
            {
                context.Response.StatusCode = StatusCodes.Status400BadRequest;
                await context.Response.WriteAsJsonAsync(
                    new ErrorBody(
                        $"path: there is no route {context.Request.Path}; see /get/<commitment>, /put, "
                            + "/put/<commitment>, /batches/<id>"
                    )
                );
                return;
            }

            string sentence = context.Response.StatusCode switch
            {
                StatusCodes.Status404NotFound =>
                    $"path: there is nothing at {context.Request.Path}; see /get/<commitment>, /put, "
                        + "/batches/<id>, /health/ready",
                StatusCodes.Status405MethodNotAllowed =>
                    $"method: {context.Request.Method} is not for {context.Request.Path}",
                int status => $"request: refused with status {status}",
            };
            await context.Response.WriteAsJsonAsync(new ErrorBody(sentence));
        });
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

    /// <summary>
    /// Whether a path is meant for a route of batches, wherever in it the route's name stands, misspelt at its end or
    /// with an
    /// escaped slash behind it, or where it names a batch: a wrong base URL must not read as a batch that is absent.
    /// </summary>
    private static bool IsData(PathString path) =>
        Uri.UnescapeDataString(path.Value!)
            .Split('/')
            .Any(segment =>
                DataNames.Any(name => segment.StartsWith(name, StringComparison.OrdinalIgnoreCase))
                || WholeNames.Contains(segment, StringComparer.OrdinalIgnoreCase)
                || (
                    segment.Length >= HexDigitsOfAnId
                    && segment[(segment.StartsWith("0x", StringComparison.OrdinalIgnoreCase) ? 2 : 0)..]
                        .All(char.IsAsciiHexDigit)
                )
            );

    private static async Task WriteAsync(HttpContext context, ILogger logger)
    {
        Exception? failure = context.Features.Get<IExceptionHandlerFeature>()?.Error;
        if (failure is DerivationException forever)
        {
            context.Response.StatusCode = StatusCodes.Status418ImATeapot;
            await context.Response.WriteAsJsonAsync(new DerivationBody((int)forever.Fault, forever.Message));
            return;
        }

        (int status, string sentence) = failure switch
        {
            DaException { Error: DaError.MalformedRequest } bad => (StatusCodes.Status400BadRequest, bad.Message),
            DaException { Error: DaError.TooLarge } bad => (StatusCodes.Status413PayloadTooLarge, bad.Message),
            DaException { Error: DaError.Forbidden } forbidden => (StatusCodes.Status403Forbidden, forbidden.Message),
            DaException { Error: DaError.NotFound } absent => (StatusCodes.Status404NotFound, absent.Message),
            DaException { Error: DaError.Overloaded } busy => (StatusCodes.Status429TooManyRequests, busy.Message),
            DaException { Error: DaError.FailOver } failOver => (
                StatusCodes.Status503ServiceUnavailable,
                failOver.Message
            ),
            DaException unavailable => (StatusCodes.Status500InternalServerError, unavailable.Message),
            L1UnreachableException or JsonRpcException or HttpRequestException => (
                StatusCodes.Status500InternalServerError,
                "L1: it does not answer as it should; try again"
            ),
            BadHttpRequestException bad => (bad.StatusCode, $"request: {bad.Message.TrimEnd('.')}"),
            DbException => (
                StatusCodes.Status500InternalServerError,
                "ledger: its database does not answer, or takes nothing; try again"
            ),
            _ => (
                StatusCodes.Status500InternalServerError,
                "service: an internal error, which is in the log; try again"
            ),
        };
        if (failure is DbException refused)
        {
            // Any client can ask while the database is away: one line each, without a stack.
            logger.CallFailed($"{context.Request.Method} {context.Request.Path}", refused.Message);
        }
        else if (
            status >= StatusCodes.Status500InternalServerError
            && failure is not null and not DaException { Error: DaError.FailOver }
        )
        {
            LogFailure(logger, context.Request, failure);
        }

        if (status is StatusCodes.Status429TooManyRequests or >= StatusCodes.Status500InternalServerError)
        {
            context.Response.Headers.RetryAfter = "1";
        }

        context.Response.StatusCode = status;
        await context.Response.WriteAsJsonAsync(new ErrorBody(sentence));
    }
}
