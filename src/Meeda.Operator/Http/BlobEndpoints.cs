using System.Globalization;
using Meeda.Client;
using Meeda.Http;
using Meeda.Kzg.Cells;
using Meeda.Kzg.Commitments;
using Meeda.Kzg.Fields;
using Meeda.Operator.Proofs;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Meeda.Operator.Http;

/// <summary>
/// Openings and cells of blobs, by the operator's position. Only a holder of the data can compute them.
/// </summary>
internal static class BlobEndpoints
{
    // The memory of a response, in hex digits of two bytes each.
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
            .WithSummary("A blob's value at a given point with its KZG proof");
        routes
            .MapGet("/blobs/{position}/cells/{index}", GetCellAsync)
            .WithSummary("One of a blob's 128 cells with its KZG proof");
    }

    private static async Task<
        Results<Ok<OpeningBody>, Problem<Status400>, Problem<Status404>, Problem<Status500>>
    > GetOpeningAsync(
        string position,
        Fr z,
        HttpContext context,
        BlobSource blobs,
        CommitmentKey key,
        ProofWork work,
        CancellationToken cancellationToken
    )
    {
        if (!TryRead(position, out ulong number))
        {
            return NoPosition();
        }

        byte[] commitment = await blobs.FindCommitmentAsync(number, cancellationToken);
        return TypedResults.Ok(
            await work.GetAsync(
                RequestClient.Of(context),
                ("opening", number, HexBody.Of(commitment), z.ToString()),
                async () =>
                {
                    (byte[] blob, commitment) = await blobs.ReadAsync(number, CancellationToken.None);
                    KzgProof proof = key.Open(blob, z, out Fr y);
                    return new OpeningBody(
                        number,
                        HexBody.Of(commitment),
                        z.ToString(),
                        y.ToString(),
                        proof.ToString()
                    );
                },
                _ => OpeningBytes,
                cancellationToken
            )
        );
    }

    private static async Task<
        Results<Ok<CellBody>, Problem<Status400>, Problem<Status404>, Problem<Status500>>
    > GetCellAsync(
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
            return new Problem<Status400>(
                ErrorCode.MalformedRequest,
                $"index: a blob has cells 0 to {Cell.CountPerBlob - 1}"
            );
        }

        if (!TryRead(position, out ulong number))
        {
            return NoPosition();
        }

        byte[] commitment = await blobs.FindCommitmentAsync(number, cancellationToken);
        return TypedResults.Ok(
            await work.GetAsync(
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
            )
        );
    }

    private static bool TryRead(string position, out ulong number) =>
        ulong.TryParse(position, NumberStyles.None, CultureInfo.InvariantCulture, out number)
        && number <= long.MaxValue;

    private static Problem<Status400> NoPosition() =>
        new(ErrorCode.MalformedRequest, "position: the whole number under which the operator anchored the blob");
}
