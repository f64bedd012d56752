using System.Buffers;
using System.IO.Pipelines;
using Meeda.Http;

namespace Meeda.Operator.Http;

/// <summary>
/// Reads a whole request body within a limit, which is checked before a byte is read if there is a Content-Length.
/// </summary>
internal static class RequestBody
{
    /// <summary>Rejects a request whose Content-Length exceeds every route's limit, before doing any work.</summary>
    /// <param name="app">The service.</param>
    /// <param name="limit">The largest limit of any route, in bytes.</param>
    /// <param name="setting">The name of the setting that the limit comes from.</param>
    public static void UseContentLengthLimit(this WebApplication app, long limit, string setting) =>
        app.Use(
            async (context, next) =>
            {
                if (context.Request.ContentLength > limit)
                {
                    if (await DaProviderEndpoint.TryRefuseLongAsync(context, limit))
                    {
                        return;
                    }

                    await context.AnswerErrorAsync(
                        ErrorCode.BodyTooLarge,
                        $"body: {context.Request.ContentLength} bytes are more than the limit of {limit} "
                            + $"bytes ({setting})"
                    );
                    return;
                }

                await next(context);
            }
        );

    /// <summary>
    /// Reads the body, and reserves memory for it as it arrives. The reservation is the request's
    /// <see cref="BodyRoom"/> feature: it is released when the request ends, or earlier by code that no longer needs
    /// the body.
    /// </summary>
    /// <param name="request">The request. Its Content-Encoding is ignored: nothing is ever decompressed here.</param>
    /// <param name="limit">The limit in bytes.</param>
    /// <param name="setting">The name of the setting that the limit comes from, for the message.</param>
    /// <param name="cancellationToken">The request's end.</param>
    /// <exception cref="DaException">
    /// It is longer than the limit (<see cref="DaError.TooLarge"/>), or there is no memory for it
    /// (<see cref="DaError.Overloaded"/>).
    /// </exception>
    /// <exception cref="BadHttpRequestException">It arrived too slowly, or its end did not arrive.</exception>
    public static async Task<byte[]> ReadAsync(
        HttpRequest request,
        int limit,
        string setting,
        CancellationToken cancellationToken
    )
    {
        if (request.ContentLength > limit)
        {
            throw new DaException(
                DaError.TooLarge,
                $"body: {request.ContentLength} bytes are more than the limit of {limit} bytes ({setting})"
            );
        }

        HttpContext context = request.HttpContext;
        BodyRoom room = context.RequestServices.GetRequiredService<BodyBudget>().Open(RequestClient.Of(context));
        context.Response.RegisterForDispose(room);
        context.Features.Set(room);
        var steps = new List<(byte[] Bytes, int Filled)>();
        int copied = 0;
        try
        {
            long length = await ReadStepsAsync(request, limit, setting, room, steps, cancellationToken);
            byte[] body = GC.AllocateUninitializedArray<byte>((int)length);
            for (int start = 0; copied < steps.Count; copied++)
            {
                (byte[] bytes, int filled) = steps[copied];
                bytes.AsSpan(0, filled).CopyTo(body.AsSpan(start));
                start += filled;
                ArrayPool<byte>.Shared.Return(bytes);
            }

            return body;
        }
        finally
        {
            foreach ((byte[] bytes, _) in steps.Skip(copied))
            {
                ArrayPool<byte>.Shared.Return(bytes);
            }
        }
    }

    /// <summary>Reads the body into pooled arrays, one for each step.</summary>
    private static async Task<long> ReadStepsAsync(
        HttpRequest request,
        int limit,
        string setting,
        BodyRoom room,
        List<(byte[] Bytes, int Filled)> steps,
        CancellationToken cancellationToken
    )
    {
        long length = 0;
        int left = 0;
        while (true)
        {
            ReadResult read = await room.ReadAsync(request.BodyReader, cancellationToken);
            try
            {
                foreach (ReadOnlyMemory<byte> part in read.Buffer)
                {
                    if (length + part.Length > limit)
                    {
                        throw new DaException(
                            DaError.TooLarge,
                            $"body: it is longer than the limit of {limit} bytes ({setting})"
                        );
                    }

                    ReadOnlyMemory<byte> rest = part;
                    while (rest.Length > 0)
                    {
                        if (left == 0)
                        {
                            left = BodyBudget.NextStep(length, request.ContentLength);
                            await room.GrowAsync(left, cancellationToken);
                            steps.Add((ArrayPool<byte>.Shared.Rent(left), 0));
                        }

                        (byte[] bytes, int filled) = steps[^1];
                        int count = Math.Min(rest.Length, left);
                        rest[..count].CopyTo(bytes.AsMemory(filled));
                        steps[^1] = (bytes, filled + count);
                        rest = rest[count..];
                        left -= count;
                        length += count;
                    }
                }
            }
            finally
            {
                // Also for a rejected body: otherwise the server, which reads the rest, finds its reader busy.
                request.BodyReader.AdvanceTo(read.Buffer.End);
            }

            if (read.IsCompleted)
            {
                return length;
            }
        }
    }
}
