using System.Buffers;
using System.Text.Json;
using Meeda.Chain.Index;
using Meeda.Chain.Verification;
using Meeda.Http;
using Meeda.Operator.Batches;
using Meeda.Operator.L1;
using Meeda.Operator.Persistence;
using Meeda.Operator.Tenants;
using Meeda.Protocol.Batches;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Mvc;
using Microsoft.Extensions.Options;

namespace Meeda.Operator.Http.Legacy;

/// <summary>
/// The routes of Meeda's first version, for existing clients: same paths, JSON and id as a string. docs/http-api.md
/// lists the corrections.
/// </summary>
internal static class LegacyEndpoints
{
    private const double SecondsPerBlock = 12;

    // The field's name, quotes and braces, with room for white space.
    private const int Overhead = 4096;

    /// <summary>Maps the routes at the root and below <c>/da</c>.</summary>
    public static void MapLegacy(this IEndpointRouteBuilder routes)
    {
        foreach (string prefix in (string[])["", "/da"])
        {
            RouteGroupBuilder group = routes.MapGroup(prefix);
            group.AddEndpointFilter(AnswerErrorsAsync);
            group
                .MapPost("/putObject", PutAsync)
                .RequireAuthorization(TenantAccess.Write)
                .WithSummary("As the first version: store the hex in \"data\"")
                .Accepts<PutObjectRequestBody>("application/json", "*/*")
                .Produces<LegacyErrorBody>(400)
                .Produces<LegacyErrorBody>(413);
            group
                .MapGet("/getObject", GetAsync)
                .RequireAuthorization(TenantAccess.Read)
                .WithSummary("As the first version: the bytes")
                .Produces<byte[]>(200, "application/octet-stream")
                .Produces<LegacyErrorBody>(400)
                .Produces<LegacyErrorBody>(404);
            group
                .MapGet("/getObjectInfo", GetInfoAsync)
                .RequireAuthorization(TenantAccess.Read)
                .WithSummary("As the first version: size and expiration")
                .Produces<LegacyErrorBody>(400)
                .Produces<LegacyErrorBody>(404);
            group
                .MapGet("/getProofInfo", GetProofInfoAsync)
                .RequireAuthorization(TenantAccess.Read)
                .WithSummary("As the first version: how often sampled, how often proven")
                .Produces<LegacyErrorBody>(400)
                .Produces<LegacyErrorBody>(404);
            group
                .MapGet("/warmup", () => TypedResults.Text("null", "application/json"))
                .RequireAuthorization(TenantAccess.Read)
                .WithSummary("As the first version; there is nothing to warm up")
                .Produces<object>();
        }
    }

    private static async Task<Ok<PutObjectBody>> PutAsync(
        HttpRequest request,
        BatchIntake intake,
        IOptions<BatchOptions> options,
        CancellationToken cancellationToken
    )
    {
        int limit = (int)Math.Min(int.MaxValue, (2L * options.Value.MaxBatchBytes) + Overhead);
        byte[] body = await RequestBody.ReadAsync(request, limit, "twice MaxBatchBytes", cancellationToken);
        byte[] payload = DataOf(body);
        StoredBatch batch = await intake.AcceptAsync(
            payload,
            request.HttpContext.Features.Get<BodyRoom>(),
            cancellationToken
        );
        return TypedResults.Ok(new PutObjectBody(IdOf(batch.Id)));
    }

    /// <summary>The bytes in "data", decoded directly from the body: other content takes no memory.</summary>
    private static byte[] DataOf(byte[] body)
    {
        byte[]? data = null;
        try
        {
            var reader = new Utf8JsonReader(body);
            if (!reader.Read() || reader.TokenType != JsonTokenType.StartObject)
            {
                throw Malformed();
            }

            while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
            {
                bool isData = reader.ValueTextEquals("data"u8);
                reader.Read();
                if (isData)
                {
                    // Hex has no escapes. A second field of that name would be ambiguous.
                    if (
                        data is not null
                        || reader.TokenType != JsonTokenType.String
                        || reader.ValueSpan.Length % 2 != 0
                    )
                    {
                        throw Malformed();
                    }

                    data = new byte[reader.ValueSpan.Length / 2];
                    if (Convert.FromHexString(reader.ValueSpan, data, out _, out _) != OperationStatus.Done)
                    {
                        throw Malformed();
                    }
                }

                reader.Skip();
            }

            reader.Read(); // what follows is refused
        }
        catch (Exception malformed) when (malformed is JsonException or InvalidOperationException)
        {
            throw Malformed(); // the second is the reader's word for a name that is not Unicode
        }

        return data ?? throw Malformed();

        static DaException Malformed() =>
            new(DaError.MalformedRequest, "data: a JSON object with the bytes as hex digits in \"data\" is expected");
    }

    private static async Task<BatchAnswer> GetAsync(
        [FromQuery] string? id,
        HttpContext context,
        BatchReader reader,
        CancellationToken cancellationToken
    ) => new BatchAnswer(await reader.OpenAsync(Parse(id), RequestClient.Of(context), cancellationToken));

    private static async Task<Ok<ObjectInfoBody>> GetInfoAsync(
        [FromQuery] string? id,
        [FromServices] Ledger ledger,
        Absence absence,
        L1Follower follower,
        TimeProvider time,
        CancellationToken cancellationToken
    )
    {
        StoredBatch batch = await FindAsync(ledger, absence, id, cancellationToken);
        long expiration = 0;
        if (await ledger.FindAnchoringAsync(batch.Id, cancellationToken) is { } found && follower.Tip is { } tip)
        {
            expiration =
                time.GetUtcNow().ToUnixTimeSeconds() + (long)(((double)found.Anchor.Expiry - tip) * SecondsPerBlock);
        }

        return TypedResults.Ok(new ObjectInfoBody(IdOf(batch.Id), batch.PayloadLength, expiration));
    }

    private static async Task<Ok<ProofInfoBody>> GetProofInfoAsync(
        [FromQuery] string? id,
        HttpContext context,
        [FromServices] Ledger ledger,
        Absence absence,
        OperatorAccount account,
        CancellationToken cancellationToken
    )
    {
        StoredBatch batch = await FindAsync(ledger, absence, id, cancellationToken);
        SampledEpoch[] sampled = await ledger.FindAnchoringAsync(batch.Id, cancellationToken) is { } found
            ?
            [
                .. (
                    await ProofEndpoints.HistoryOfAsync(
                        context,
                        new BatchAnchoring(account.Address, found.Batch, found.Anchor, found.TransactionHash),
                        cancellationToken
                    )
                ).Where(epoch => epoch.Sampled > 0),
            ]
            : [];
        return TypedResults.Ok(
            new ProofInfoBody(
                IdOf(batch.Id),
                sampled.Length,
                sampled.Count(epoch => epoch.Outcome == EpochOutcome.Proven)
            )
        );
    }

    private static async Task<StoredBatch> FindAsync(
        Ledger ledger,
        Absence absence,
        string? id,
        CancellationToken cancellationToken
    ) =>
        await ledger.FindBatchAsync(Parse(id), cancellationToken)
        ?? throw await absence.OfAsync("id: no object of this id was ever stored here", cancellationToken);

    private static BatchId Parse(string? id) =>
        BatchId.TryParse(id, null, out BatchId value)
            ? value
            : throw new DaException(
                DaError.MalformedRequest,
                "id: 64 hex digits are expected; ids of the first version (96 digits) do not name objects here"
            );

    private static string IdOf(BatchId id) => id.ToString()[2..];

    private static async ValueTask<object?> AnswerErrorsAsync(
        EndpointFilterInvocationContext context,
        EndpointFilterDelegate next
    )
    {
        try
        {
            return await next(context);
        }
        catch (DaException failure)
        {
            (string code, int status) = failure.Error switch
            {
                DaError.MalformedRequest => ("ServerError", StatusCodes.Status400BadRequest),
                DaError.PaymentRequired => ("ServerError", StatusCodes.Status402PaymentRequired),
                DaError.TooLarge => ("ServerError", StatusCodes.Status413PayloadTooLarge),
                DaError.NotFound => ("DataBase", StatusCodes.Status404NotFound),
                DaError.Overloaded => ("Busy", StatusCodes.Status429TooManyRequests),
                DaError.FailOver => ("Storage", StatusCodes.Status503ServiceUnavailable),
                _ => ("Storage", StatusCodes.Status500InternalServerError),
            };
            if (status == StatusCodes.Status500InternalServerError)
            {
                HttpContext http = context.HttpContext;
                ErrorResponses.LogFailure(
                    http.RequestServices.GetRequiredService<ILogger<BatchReader>>(),
                    http.Request,
                    failure
                );
            }

            if (status is StatusCodes.Status429TooManyRequests or >= StatusCodes.Status500InternalServerError)
            {
                context.HttpContext.Response.Headers.RetryAfter = "1";
            }

            return TypedResults.Json(new LegacyErrorBody(code, failure.Message, status), statusCode: status);
        }
    }
}
