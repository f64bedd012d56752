using System.Data.Common;
using Meeda.L1.Rpc;
using Microsoft.AspNetCore.Diagnostics;

namespace Meeda.Http;

/// <summary>
/// Turns exceptions of the endpoints into answers. What is worth a line is logged here, where the answer is decided: a
/// client that is refused must not be able to fill the log.
/// </summary>
internal sealed class FailureHandler(ILoggerFactory loggers) : IExceptionHandler
{
    private readonly ILogger _logger = loggers.CreateLogger("Meeda.Node.Http");

    /// <inheritdoc/>
    public async ValueTask<bool> TryHandleAsync(
        HttpContext httpContext,
        Exception exception,
        CancellationToken cancellationToken
    )
    {
        if (exception is DerivationException forever)
        {
            httpContext.Response.StatusCode = StatusCodes.Status418ImATeapot;
            await httpContext.Response.WriteAsJsonAsync(
                new DerivationBody((int)forever.Fault, forever.Message),
                cancellationToken
            );
            return true;
        }

        (ErrorCode code, string sentence) = exception switch
        {
            DaException known => (known.Code, known.Message),
            L1UnreachableException or JsonRpcException or HttpRequestException => (
                ErrorCode.L1Unavailable,
                "L1: it does not answer as it should; try again"
            ),
            BadHttpRequestException bad => (CodeOf(bad), $"request: {bad.Message.TrimEnd('.')}"),
            DbException => (
                ErrorCode.LedgerUnavailable,
                "ledger: its database does not answer, or takes nothing; try again"
            ),
            _ => (ErrorCode.InternalError, "service: an internal error, which is in the log; try again"),
        };
        int status = exception switch
        {
            DaException { Error: DaError.FailOver } => StatusCodes.Status503ServiceUnavailable,
            BadHttpRequestException bad => bad.StatusCode,
            _ => code.Status(),
        };
        Log(httpContext.Request, exception, status);
        if (status is StatusCodes.Status429TooManyRequests or >= StatusCodes.Status500InternalServerError)
        {
            httpContext.Response.Headers.RetryAfter = "1";
        }

        await httpContext.AnswerErrorAsync(code, sentence, status);
        return true;
    }

    private void Log(HttpRequest request, Exception failure, int status)
    {
        if (failure is DbException refused)
        {
            // Any client can ask while the database is away: one line each, without a stack.
            _logger.CallFailed($"{request.Method} {request.Path}", refused.Message);
        }
        else if (
            status >= StatusCodes.Status500InternalServerError
            && failure is not DaException { Error: DaError.FailOver }
        )
        {
            ErrorResponses.LogFailure(_logger, request, failure);
        }
    }

    private static ErrorCode CodeOf(BadHttpRequestException bad) =>
        bad.StatusCode switch
        {
            StatusCodes.Status400BadRequest => ErrorCode.MalformedRequest,
            StatusCodes.Status408RequestTimeout => ErrorCode.BodyTooSlow,
            StatusCodes.Status413PayloadTooLarge => ErrorCode.BodyTooLarge,
            _ => ErrorCode.RequestRefused,
        };
}
