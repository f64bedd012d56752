namespace Meeda.Http;

/// <summary>Handles connections whose request was rejected before its body was read.</summary>
internal static class UnreadBodies
{
    // A shorter one has arrived before the server, which reads it away, loses its patience.
    private const long Short = 1 << 20;

    /// <summary>
    /// Says in a refusal of a long body that the connection ends with it (RFC 9112, 9.6): the server waits a few
    /// seconds
    /// for the rest of the body and then closes the connection, and a client that was not told sends its next request
    /// on it.
    /// </summary>
    public static void UseConnectionCloseForUnreadBodies(this WebApplication app) =>
        app.Use(
            (context, next) =>
            {
                if (context.Request.ContentLength > Short)
                {
                    context.Response.OnStarting(() =>
                    {
                        if (context.Response.StatusCode >= StatusCodes.Status400BadRequest)
                        {
                            Close(context.Response);
                        }

                        return Task.CompletedTask;
                    });
                }

                return next(context);
            }
        );

    /// <summary>Says in an answer that the connection ends with it.</summary>
    public static void Close(HttpResponse response) => response.Headers.Connection = "close";
}
