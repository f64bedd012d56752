using Meeda.Operator.Batches;

namespace Meeda.Operator.Http;

/// <summary>Answers with a batch's bytes, in pieces: what a slow client does not take stays in the one copy that all
/// its readers share.</summary>
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
                httpContext.Abort(); // The status is out already; an end before the length is what tells the client.
            }
        }
    }
}
