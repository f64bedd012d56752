using Meeda.Client;

namespace Meeda.Node.Http;

/// <summary>Reads a request's body whole, within a limit that is checked before a byte is read where the client says the length.</summary>
internal static class RequestBody
{
    private const int LongBytesPerSecond = 128 * 1024;
    private static readonly TimeSpan Grace = TimeSpan.FromSeconds(10);

    /// <summary>Refuses what announces more than any route takes, before anything is done for it: the cheapest attack should cost little here too.</summary>
    /// <param name="app">The service.</param>
    /// <param name="limit">The most bytes that a route takes.</param>
    /// <param name="setting">The name of the setting that the limit comes from.</param>
    public static void RefuseLongAnnouncements(this WebApplication app, long limit, string setting) => app.Use(async (context, next) =>
    {
        if (context.Request.ContentLength > limit)
        {
            if (await DaProviderEndpoint.TryRefuseLongAsync(context, limit))
            {
                return;
            }

            context.Response.StatusCode = StatusCodes.Status413PayloadTooLarge;
            await context.Response.WriteAsJsonAsync(new ErrorBody($"body: {context.Request.ContentLength} bytes are more than the limit of {limit} bytes ({setting})"));
            return;
        }

        await next(context);
    });

    /// <summary>Reads the body.</summary>
    /// <param name="request">The request. What it says of a content encoding is not acted upon: nothing is ever decompressed here.</param>
    /// <param name="limit">The most bytes.</param>
    /// <param name="setting">The name of the setting that the limit comes from, for the sentence.</param>
    /// <param name="cancellationToken">The request's end.</param>
    /// <exception cref="DaException">It is longer than the limit (<see cref="DaError.TooLarge"/>).</exception>
    public static async Task<byte[]> ReadAsync(HttpRequest request, int limit, string setting, CancellationToken cancellationToken)
    {
        if (request.ContentLength > limit)
        {
            throw new DaException(DaError.TooLarge, $"body: {request.ContentLength} bytes are more than the limit of {limit} bytes ({setting})");
        }

        long most = request.ContentLength ?? limit;
        await request.HttpContext.RequestServices.GetRequiredService<BodyBudget>().EnterAsync(request.HttpContext, most);

        // Who holds much room must hurry: with a long body, more than with a short one.
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        if (most > BodyBudget.ShortLength)
        {
            deadline.CancelAfter(Grace + TimeSpan.FromSeconds((double)most / LongBytesPerSecond));
        }

        try
        {
            return await ReadWithinAsync(request, limit, setting, deadline.Token);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            throw new BadHttpRequestException($"the body of up to {most} bytes came slower than {LongBytesPerSecond} bytes a second", StatusCodes.Status408RequestTimeout);
        }
    }

    private static async Task<byte[]> ReadWithinAsync(HttpRequest request, int limit, string setting, CancellationToken cancellationToken)
    {
        if (request.ContentLength is { } length)
        {
            var exact = new byte[length];
            await request.Body.ReadExactlyAsync(exact, cancellationToken);
            return exact;
        }

        using var body = new MemoryStream();
        var buffer = new byte[64 * 1024];
        int count;
        while ((count = await request.Body.ReadAsync(buffer, cancellationToken)) > 0)
        {
            if (body.Length + count > limit)
            {
                throw new DaException(DaError.TooLarge, $"body: it is longer than the limit of {limit} bytes ({setting})");
            }

            body.Write(buffer, 0, count);
        }

        return body.ToArray();
    }
}
