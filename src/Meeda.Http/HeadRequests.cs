namespace Meeda.Http;

/// <summary>HEAD wherever GET works (RFC 9110, 9.3.2).</summary>
internal static class HeadRequests
{
    /// <summary>
    /// Lets routes of GET answer HEAD: they see a GET, and the server, which knows what came, sends status and
    /// headers and drops the body.
    /// </summary>
    public static void UseHeadAsGet(this WebApplication app) =>
        app.Use(
            async (context, next) =>
            {
                if (!HttpMethods.IsHead(context.Request.Method))
                {
                    await next(context);
                    return;
                }

                context.Request.Method = HttpMethods.Get;
                try
                {
                    await next(context);
                }
                finally
                {
                    context.Request.Method = HttpMethods.Head;
                }
            }
        );
}
