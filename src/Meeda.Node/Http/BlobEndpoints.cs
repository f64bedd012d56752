using System.Globalization;
using Meeda.Client;
using Meeda.Kzg.Cells;
using Meeda.Kzg.Commitments;
using Meeda.Kzg.Fields;
using Meeda.Node.Proofs;
using Microsoft.AspNetCore.Mvc;

namespace Meeda.Node.Http;

/// <summary>What only who holds the data can answer: openings and cells of blobs, by the operator's position.</summary>
internal static class BlobEndpoints
{
    /// <summary>Maps <c>/blobs/&lt;position&gt;/opening</c> and <c>/blobs/&lt;position&gt;/cells/&lt;index&gt;</c>.</summary>
    public static void MapBlobs(this IEndpointRouteBuilder routes)
    {
        routes.MapGet("/blobs/{position}/opening", GetOpeningAsync)
            .WithSummary("A blob's value at a given point with its KZG proof")
            .Produces<OpeningBody>().Produces<ErrorBody>(400).Produces<ErrorBody>(404).Produces<ErrorBody>(500);
        routes.MapGet("/blobs/{position}/cells/{index}", GetCellAsync)
            .WithSummary("One of a blob's 128 cells with its KZG proof")
            .Produces<CellBody>().Produces<ErrorBody>(400).Produces<ErrorBody>(404).Produces<ErrorBody>(500);
    }

    private static async Task<OpeningBody> GetOpeningAsync(
        string position, [FromQuery] string? z, [FromServices] BlobSource blobs, [FromServices] CommitmentKey key, CancellationToken cancellationToken)
    {
        if (!HexBody.TryDecode(z, Fr.Length, out byte[] encoded) || !Fr.TryDecode(encoded, out Fr point))
        {
            throw new DaException(DaError.MalformedRequest, "z: the point is 64 hex digits of a number below the order of BLS12-381's scalar field (?z=0x…)");
        }

        (ulong number, byte[] blob, byte[] commitment) = await ReadAsync(blobs, position, cancellationToken);
        KzgProof proof = key.Open(blob, point, out Fr y);
        return new OpeningBody(number, HexBody.Of(commitment), HexBody.Of(encoded), y.ToString(), proof.ToString());
    }

    private static async Task<CellBody> GetCellAsync(
        string position, string index, [FromServices] BlobSource blobs, [FromServices] CellOpening cells, CancellationToken cancellationToken)
    {
        if (!int.TryParse(index, NumberStyles.None, CultureInfo.InvariantCulture, out int cellIndex) || cellIndex >= Cell.CountPerBlob)
        {
            throw new DaException(DaError.MalformedRequest, $"index: a blob has cells 0 to {Cell.CountPerBlob - 1}");
        }

        (ulong number, byte[] blob, byte[] commitment) = await ReadAsync(blobs, position, cancellationToken);
        byte[] cell = cells.Open(blob, new CellIndex((ulong)cellIndex), out KzgProof proof);
        return new CellBody(number, cellIndex, HexBody.Of(commitment), HexBody.Of(cell), proof.ToString());
    }

    private static async Task<(ulong Position, byte[] Blob, byte[] Commitment)> ReadAsync(BlobSource blobs, string position, CancellationToken cancellationToken)
    {
        if (!ulong.TryParse(position, NumberStyles.None, CultureInfo.InvariantCulture, out ulong number) || number > long.MaxValue)
        {
            throw new DaException(DaError.MalformedRequest, "position: the whole number under which the operator anchored the blob");
        }

        (byte[] blob, byte[] commitment) = await blobs.ReadAsync(number, cancellationToken);
        return (number, blob, commitment);
    }
}
