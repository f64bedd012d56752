using Meeda.Operator.Batches;

namespace Meeda.Operator.Http;

/// <summary>
/// Sends a batch's bytes in pieces: what a slow client has not read yet stays in the one copy that all readers share.
/// </summary>
internal sealed class BatchAnswer(BatchReading reading) : IResult
{
    /// <inheritdoc/>
    public async Task ExecuteAsync(HttpContext httpContext)
    {
        using (reading)
        {
            httpContext.Response.ContentType = "application/octet-stream";
            httpContext.Response.ContentLength = reading.Payload.Length;
            if (!await reading.TryWriteAsync(httpContext.Response.BodyWriter, httpContext.RequestAborted))
            {
                httpContext.Abort(); // The status is sent already; the premature end tells the client.
            }
        }
    }
}
