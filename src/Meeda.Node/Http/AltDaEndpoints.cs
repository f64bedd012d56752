using Meeda.Ethereum;
using Meeda.Node.Batches;
using Meeda.Node.Storage;
using Meeda.Protocol.Batches;
using Microsoft.AspNetCore.Mvc;
using Microsoft.Extensions.Options;

namespace Meeda.Node.Http;

/// <summary>
/// The OP Stack's Alt-DA server protocol (op-alt-da's <c>daclient.go</c> is the client). Only 200 is success to that client, the answer to
/// <c>/put</c> is the raw encoded commitment, not hex, and a redirect would make Go's client drop the body: so <c>/put</c> and <c>/put/</c>
/// are both served as they come.
/// </summary>
internal static class AltDaEndpoints
{
    private const string OctetStream = "application/octet-stream";

    /// <summary>Maps <c>/put</c>, <c>/put/&lt;keccak commitment&gt;</c> and <c>/get/&lt;commitment&gt;</c>.</summary>
    public static void MapAltDa(this IEndpointRouteBuilder routes)
    {
        string[] writes = [HttpMethods.Post, HttpMethods.Put];
        routes.MapMethods("/put", writes, PutAsync)
            .WithSummary("Store a batch; the body is its raw bytes, the answer its raw generic commitment")
            .Accepts<byte[]>(OctetStream, "*/*").Produces<byte[]>(200, OctetStream).Produces<ErrorBody>(400).Produces<ErrorBody>(413).Produces<ErrorBody>(500);
        routes.MapMethods("/put/{commitment}", writes, PutKeccakAsync)
            .WithSummary("Store a batch under the keccak commitment that the client computed")
            .Accepts<byte[]>(OctetStream, "*/*").Produces(200).Produces<ErrorBody>(400).Produces<ErrorBody>(413).Produces<ErrorBody>(500);
        routes.MapGet("/get/{commitment}", GetAsync)
            .WithSummary("Read a batch back by its generic or keccak commitment, checked against its KZG commitments")
            .Produces<byte[]>(200, OctetStream).Produces<ErrorBody>(400).Produces<ErrorBody>(404).Produces<ErrorBody>(500);
    }

    private static async Task<IResult> PutAsync(
        HttpRequest request, [FromServices] BatchIntake intake, [FromServices] IOptions<BatchOptions> options, CancellationToken cancellationToken)
    {
        byte[] payload = await ReadBodyAsync(request, options.Value.MaxBatchBytes, cancellationToken);
        StoredBatch batch = await intake.AcceptAsync(payload, cancellationToken);
        return Results.Bytes(AltDaCommitment.Of(batch.Id).Encode(options.Value.DaLayerByte), OctetStream);
    }

    private static async Task<IResult> PutKeccakAsync(
        string commitment,
        HttpRequest request,
        [FromServices] BatchIntake intake,
        [FromServices] IOptions<BatchOptions> options,
        CancellationToken cancellationToken)
    {
        AltDaCommitment expected = Parse(commitment, options.Value.DaLayerByte);
        if (expected.Kind != AltDaCommitmentKind.Keccak)
        {
            throw new DaException(DaError.MalformedRequest, "commitment: only a keccak commitment (type byte 0x00) can be given with a put; post to /put instead");
        }

        byte[] payload = await ReadBodyAsync(request, options.Value.MaxBatchBytes, cancellationToken);
        if (Keccak256.Hash(payload) != expected.Hash)
        {
            throw new DaException(DaError.MalformedRequest, "commitment: it is not the Keccak-256 of the body");
        }

        await intake.AcceptAsync(payload, cancellationToken);
        return Results.Ok();
    }

    private static async Task<IResult> GetAsync(
        string commitment, [FromServices] BatchReader reader, [FromServices] IOptions<BatchOptions> options, CancellationToken cancellationToken)
    {
        AltDaCommitment wanted = Parse(commitment, options.Value.DaLayerByte);
        byte[] payload = wanted.Kind == AltDaCommitmentKind.Generic
            ? await reader.ReadAsync(new BatchId(wanted.Hash), cancellationToken)
            : await reader.ReadByPayloadHashAsync(wanted.Hash, cancellationToken);
        return Results.Bytes(payload, OctetStream);
    }

    private static AltDaCommitment Parse(string text, byte daLayerByte)
    {
        string digits = text.StartsWith("0x", StringComparison.OrdinalIgnoreCase) ? text[2..] : text;
        byte[] encoded;
        try
        {
            encoded = Convert.FromHexString(digits);
        }
        catch (FormatException)
        {
            throw new DaException(
                DaError.MalformedRequest, "commitment: it is not hexadecimal; 66 (keccak) or 70 (generic) hex digits are expected, with or without 0x");
        }

        return AltDaCommitment.TryDecode(encoded, daLayerByte, out AltDaCommitment commitment, out string? error)
            ? commitment
            : throw new DaException(DaError.MalformedRequest, error);
    }

    private static async Task<byte[]> ReadBodyAsync(HttpRequest request, int limit, CancellationToken cancellationToken)
    {
        if (request.ContentLength > limit)
        {
            throw new DaException(DaError.TooLarge, $"body: {request.ContentLength} bytes are more than the limit of {limit} bytes (MaxBatchBytes)");
        }

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
                throw new DaException(DaError.TooLarge, $"body: it is longer than the limit of {limit} bytes (MaxBatchBytes)");
            }

            body.Write(buffer, 0, count);
        }

        return body.ToArray();
    }
}
