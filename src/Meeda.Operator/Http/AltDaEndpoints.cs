using System.Globalization;
using Meeda.Client;
using Meeda.Ethereum;
using Meeda.Http;
using Meeda.Operator.Batches;
using Meeda.Operator.Persistence;
using Meeda.Operator.Tenants;
using Meeda.Protocol.Batches;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Mvc;
using Microsoft.Extensions.Options;

namespace Meeda.Operator.Http;

/// <summary>
/// The OP Stack's Alt-DA server protocol (op-alt-da's <c>daclient.go</c> is the client). To that client only 200 is
/// success, the response to <c>/put</c> is the raw encoded commitment, not hex, and a redirect would make Go's client
/// drop the body: so <c>/put</c> and <c>/put/</c> are both served directly.
/// </summary>
internal static class AltDaEndpoints
{
    private const string OctetStream = "application/octet-stream";

    /// <summary>Maps <c>/put</c>, <c>/put/&lt;keccak commitment&gt;</c> and <c>/get/&lt;commitment&gt;</c>.</summary>
    public static void MapAltDa(this IEndpointRouteBuilder routes)
    {
        string[] writes = [HttpMethods.Post, HttpMethods.Put];
        routes
            .MapMethods("/put", writes, PutAsync)
            .RequireAuthorization(TenantAccess.Write)
            .WithSummary("Store a batch; the body is its raw bytes, the answer its raw generic commitment")
            .Accepts<byte[]>(OctetStream, "*/*")
            .Produces<byte[]>(200, OctetStream)
            .Produces<ErrorBody>(400)
            .Produces<ErrorBody>(413)
            .Produces<ErrorBody>(500);
        routes
            .MapMethods("/put/{commitment}", writes, PutKeccakAsync)
            .RequireAuthorization(TenantAccess.Write)
            .WithSummary("Store a batch under the keccak commitment that the client computed")
            .Accepts<byte[]>(OctetStream, "*/*")
            .Produces(200)
            .Produces<ErrorBody>(400)
            .Produces<ErrorBody>(413)
            .Produces<ErrorBody>(500);
        routes
            .MapGet("/get/{commitment}", GetAsync)
            .RequireAuthorization(TenantAccess.Read)
            .WithSummary("Read a batch back by its generic or keccak commitment, checked against its KZG commitments")
            .Produces<byte[]>(200, OctetStream)
            .Produces<ErrorBody>(400)
            .Produces<ErrorBody>(404)
            .Produces<DerivationBody>(418)
            .Produces<ErrorBody>(500);
    }

    private static async Task<FileContentHttpResult> PutAsync(
        HttpRequest request,
        BatchIntake intake,
        IOptions<BatchOptions> options,
        CancellationToken cancellationToken
    )
    {
        byte[] payload = await RequestBody.ReadAsync(
            request,
            options.Value.MaxBatchBytes,
            nameof(BatchOptions.MaxBatchBytes),
            cancellationToken
        );
        StoredBatch batch = await intake.AcceptAsync(
            payload,
            request.HttpContext.Features.Get<BodyRoom>(),
            cancellationToken
        );
        return TypedResults.Bytes(AltDaCommitment.Of(batch.Id).Encode(options.Value.DaLayerByte), OctetStream);
    }

    private static async Task<Ok> PutKeccakAsync(
        string commitment,
        HttpRequest request,
        BatchIntake intake,
        IOptions<BatchOptions> options,
        CancellationToken cancellationToken
    )
    {
        AltDaCommitment expected = Parse(commitment, options.Value.DaLayerByte);
        if (expected.Kind != AltDaCommitmentKind.Keccak)
        {
            throw new DaException(
                DaError.MalformedRequest,
                "commitment: only a keccak commitment (type byte 0x00) can be given with a put; post to /put instead"
            );
        }

        byte[] payload = await RequestBody.ReadAsync(
            request,
            options.Value.MaxBatchBytes,
            nameof(BatchOptions.MaxBatchBytes),
            cancellationToken
        );
        if (Keccak256.Hash(payload) != expected.Hash)
        {
            throw new DaException(DaError.MalformedRequest, "commitment: it is not the Keccak-256 of the body");
        }

        await intake.AcceptAsync(payload, request.HttpContext.Features.Get<BodyRoom>(), cancellationToken);
        return TypedResults.Ok();
    }

    private static async Task<BatchAnswer> GetAsync(
        string commitment,
        HttpContext context,
        [FromQuery(Name = "l1_inclusion_block_number")] string? inclusionBlock,
        BatchReader reader,
        InclusionCheck inclusion,
        IOptions<BatchOptions> options,
        CancellationToken cancellationToken
    )
    {
        ulong block = 0;
        if (
            inclusionBlock is { Length: > 0 }
            && !ulong.TryParse(inclusionBlock, NumberStyles.None, CultureInfo.InvariantCulture, out block)
        )
        {
            throw new DaException(
                DaError.MalformedRequest,
                "l1_inclusion_block_number: a decimal L1 block number is expected; 0 skips the check"
            );
        }

        AltDaCommitment wanted = Parse(commitment, options.Value.DaLayerByte);
        if (wanted.Kind == AltDaCommitmentKind.Keccak)
        {
            // Keccak chains settle availability by challenges on L1: expiry must not drop anything.
            return new BatchAnswer(
                await reader.OpenByPayloadHashAsync(wanted.Hash, RequestClient.Of(context), cancellationToken)
            );
        }

        var id = new BatchId(wanted.Hash);
        await inclusion.EnsureRecentAsync(id, block, cancellationToken);
        return new BatchAnswer(await reader.OpenAsync(id, RequestClient.Of(context), cancellationToken));
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
                DaError.MalformedRequest,
                "commitment: it is not hexadecimal; 66 (keccak) or 70 (generic) hex digits are expected, with or "
                    + "without 0x"
            );
        }

        // Only this layer's and version's commitments have a form that is known for good. Another layer's or a later
        // version's may be valid elsewhere.
        if (
            encoded is [(byte)AltDaCommitmentKind.Generic, var layer, AltDaCommitment.GenericVersion, ..]
            && layer == daLayerByte
            && encoded.Length != AltDaCommitment.GenericLength
        )
        {
            throw new DerivationException(
                DerivationFault.ParseFailed,
                $"commitment: a generic commitment has {AltDaCommitment.GenericLength} bytes, not {encoded.Length}"
            );
        }

        return AltDaCommitment.TryDecode(encoded, daLayerByte, out AltDaCommitment commitment, out string? error)
            ? commitment
            : throw new DaException(DaError.MalformedRequest, error);
    }
}
