using System.Globalization;
using Meeda.Client;
using Meeda.Http;
using Meeda.Kzg.Cells;
using Meeda.Kzg.Commitments;
using Meeda.Kzg.Fields;
using Meeda.Operator.Proofs;

namespace Meeda.Operator.Http;

/// <summary>What only who holds the data can answer: openings and cells of blobs, by the operator's position.</summary>
internal static class BlobEndpoints
{
    // What an answer takes to keep, in hex digits of two bytes each.
    private const long OpeningBytes = 1024;
    private const long CellBytes = (Cell.ByteLength * 4) + 1024;

    /// <summary>
    /// Maps <c>/blobs/&lt;position&gt;/opening</c> and <c>/blobs/&lt;position&gt;/cells/&lt;index&gt;</c>.
    /// </summary>
    public static void MapBlobs(this IEndpointRouteBuilder routes)
    {
        routes
            .MapGet("/blobs/{position}/opening", GetOpeningAsync)
            .Expects(ParameterForms.Point)
            .WithSummary("A blob's value at a given point with its KZG proof")
            .Produces<OpeningBody>()
            .Produces<ProblemBody>(400, ProblemBody.ContentType)
            .Produces<ProblemBody>(404, ProblemBody.ContentType)
            .Produces<ProblemBody>(500, ProblemBody.ContentType);
        routes
            .MapGet("/blobs/{position}/cells/{index}", GetCellAsync)
            .WithSummary("One of a blob's 128 cells with its KZG proof")
            .Produces<CellBody>()
            .Produces<ProblemBody>(400, ProblemBody.ContentType)
            .Produces<ProblemBody>(404, ProblemBody.ContentType)
            .Produces<ProblemBody>(500, ProblemBody.ContentType);
    }

    private static async Task<OpeningBody> GetOpeningAsync(
        string position,
        Fr z,
        HttpContext context,
        BlobSource blobs,
        CommitmentKey key,
        ProofWork work,
        CancellationToken cancellationToken
    )
    {
        ulong number = Parse(position);
        byte[] commitment = await blobs.FindCommitmentAsync(number, cancellationToken);
        return await work.GetAsync(
            RequestClient.Of(context),
            ("opening", number, HexBody.Of(commitment), z.ToString()),
            async () =>
            {
                (byte[] blob, commitment) = await blobs.ReadAsync(number, CancellationToken.None);
                KzgProof proof = key.Open(blob, z, out Fr y);
                return new OpeningBody(number, HexBody.Of(commitment), z.ToString(), y.ToString(), proof.ToString());
            },
            _ => OpeningBytes,
            cancellationToken
        );
    }

    private static async Task<CellBody> GetCellAsync(
        string position,
        string index,
        HttpContext context,
        BlobSource blobs,
        CellOpening cells,
        ProofWork work,
        CancellationToken cancellationToken
    )
    {
        if (
            !int.TryParse(index, NumberStyles.None, CultureInfo.InvariantCulture, out int cellIndex)
            || cellIndex >= Cell.CountPerBlob
        )
        {
            throw new DaException(DaError.MalformedRequest, $"index: a blob has cells 0 to {Cell.CountPerBlob - 1}");
        }

        ulong number = Parse(position);
        byte[] commitment = await blobs.FindCommitmentAsync(number, cancellationToken);
        return await work.GetAsync(
            RequestClient.Of(context),
            ("cell", number, HexBody.Of(commitment), cellIndex),
            async () =>
            {
                (byte[] blob, commitment) = await blobs.ReadAsync(number, CancellationToken.None);
                byte[] cell = cells.Open(blob, new CellIndex((ulong)cellIndex), out KzgProof proof);
                return new CellBody(number, cellIndex, HexBody.Of(commitment), HexBody.Of(cell), proof.ToString());
            },
            _ => CellBytes,
            cancellationToken
        );
    }

    private static ulong Parse(string position) =>
        ulong.TryParse(position, NumberStyles.None, CultureInfo.InvariantCulture, out ulong number)
        && number <= long.MaxValue
            ? number
            : throw new DaException(
                DaError.MalformedRequest,
                "position: the whole number under which the operator anchored the blob"
            );
}
