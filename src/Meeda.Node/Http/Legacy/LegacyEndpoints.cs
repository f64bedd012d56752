using System.Text.Json;
using Meeda.Ethereum;
using Meeda.Node.Batches;
using Meeda.Node.L1;
using Meeda.Node.Storage;
using Meeda.Node.Telemetry;
using Meeda.Node.Verification;
using Meeda.Protocol.Batches;
using Microsoft.AspNetCore.Mvc;
using Microsoft.Extensions.Options;

namespace Meeda.Node.Http.Legacy;

/// <summary>
/// The routes of Meeda's first version, for clients that are in use: same paths, JSON and id as a string. What was wrong is put right and listed in
/// docs/http-api.md.
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
            group.MapPost("/putObject", PutAsync).WithSummary("As the first version: store the hex in \"data\"")
                .Accepts<PutObjectRequestBody>("application/json", "*/*").Produces<PutObjectBody>().Produces<LegacyErrorBody>(400).Produces<LegacyErrorBody>(413);
            group.MapGet("/getObject", GetAsync).WithSummary("As the first version: the bytes").Produces<byte[]>(200, "application/octet-stream").Produces<LegacyErrorBody>(400).Produces<LegacyErrorBody>(404);
            group.MapGet("/getObjectInfo", GetInfoAsync).WithSummary("As the first version: size and expiration").Produces<ObjectInfoBody>().Produces<LegacyErrorBody>(400).Produces<LegacyErrorBody>(404);
            group.MapGet("/getProofInfo", GetProofInfoAsync).WithSummary("As the first version: how often sampled, how often proven").Produces<ProofInfoBody>().Produces<LegacyErrorBody>(400).Produces<LegacyErrorBody>(404);
            group.MapGet("/warmup", () => Results.Text("null", "application/json")).WithSummary("As the first version; there is nothing to warm up").Produces<object>();
        }
    }

    private static async Task<IResult> PutAsync(
        HttpRequest request, [FromServices] BatchIntake intake, [FromServices] IOptions<BatchOptions> options, CancellationToken cancellationToken)
    {
        int limit = (int)Math.Min(int.MaxValue, (2L * options.Value.MaxBatchBytes) + Overhead);
        byte[] body = await RequestBody.ReadAsync(request, limit, "twice MaxBatchBytes", cancellationToken);
        byte[] payload;
        try
        {
            using JsonDocument document = JsonDocument.Parse(body);
            payload = Convert.FromHexString(document.RootElement.GetProperty("data").GetString() ?? throw new FormatException());
        }
        catch (Exception malformed) when (malformed is JsonException or KeyNotFoundException or InvalidOperationException or FormatException)
        {
            throw new DaException(DaError.MalformedRequest, "data: a JSON object with the bytes as hex digits in \"data\" is expected");
        }

        StoredBatch batch = await intake.AcceptAsync(payload, cancellationToken);
        return Results.Json(new PutObjectBody(IdOf(batch.Id)));
    }

    private static async Task<IResult> GetAsync([FromQuery] string? id, [FromServices] BatchReader reader, CancellationToken cancellationToken) =>
        Results.Bytes(await reader.ReadAsync(Parse(id), cancellationToken), "application/octet-stream");

    private static async Task<IResult> GetInfoAsync(
        [FromQuery] string? id, [FromServices] Ledger ledger, [FromServices] Absence absence, [FromServices] L1Follower follower, [FromServices] TimeProvider time, CancellationToken cancellationToken)
    {
        StoredBatch batch = await FindAsync(ledger, absence, id, cancellationToken);
        long expiration = 0;
        if (await ledger.FindAnchoringAsync(batch.Id, cancellationToken) is { } found && follower.Tip is { } tip)
        {
            expiration = time.GetUtcNow().ToUnixTimeSeconds() + (long)(((double)found.Anchor.Expiry - tip) * SecondsPerBlock);
        }

        return Results.Json(new ObjectInfoBody(IdOf(batch.Id), batch.PayloadLength, expiration));
    }

    private static async Task<IResult> GetProofInfoAsync(
        [FromQuery] string? id,
        [FromServices] Ledger ledger,
        [FromServices] Absence absence,
        [FromServices] OperatorAccount account,
        [FromServices] SamplingHistory history,
        CancellationToken cancellationToken)
    {
        StoredBatch batch = await FindAsync(ledger, absence, id, cancellationToken);
        SampledEpoch[] sampled = await ledger.FindAnchoringAsync(batch.Id, cancellationToken) is { } found
            ? [.. (await history.OfAsync(new BatchAnchoring(account.Address, found.Batch, found.Anchor, found.TransactionHash), cancellationToken)).Where(epoch => epoch.Sampled > 0)]
            : [];
        return Results.Json(new ProofInfoBody(IdOf(batch.Id), sampled.Length, sampled.Count(epoch => epoch.Outcome == EpochOutcome.Proven)));
    }

    private static async Task<StoredBatch> FindAsync(Ledger ledger, Absence absence, string? id, CancellationToken cancellationToken) =>
        await ledger.FindBatchAsync(Parse(id), cancellationToken) ?? throw await absence.OfAsync("id: no object of this id was ever stored here", cancellationToken);

    private static BatchId Parse(string? id) => Bytes32.TryParse(id, out Bytes32 value)
        ? new BatchId(value)
        : throw new DaException(DaError.MalformedRequest, "id: 64 hex digits are expected; ids of the first version (96 digits) do not name objects here");

    private static string IdOf(BatchId id) => id.ToString()[2..];

    private static async ValueTask<object?> AnswerErrorsAsync(EndpointFilterInvocationContext context, EndpointFilterDelegate next)
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
                DaError.TooLarge => ("ServerError", StatusCodes.Status413PayloadTooLarge),
                DaError.Absent => ("DataBase", StatusCodes.Status404NotFound),
                _ => ("Storage", StatusCodes.Status500InternalServerError),
            };
            if (status == StatusCodes.Status500InternalServerError)
            {
                HttpContext http = context.HttpContext;
                http.RequestServices.GetRequiredService<ILogger<BatchReader>>().RequestFailed(http.Request.Method, http.Request.Path, failure);
            }

            return Results.Json(new LegacyErrorBody(code, failure.Message, status), statusCode: status);
        }
    }
}
