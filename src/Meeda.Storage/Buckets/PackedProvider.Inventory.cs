using System.Data.Common;
using System.Runtime.CompilerServices;
using Meeda.Kzg.Commitments;
using Meeda.Protocol.Batches;

namespace Meeda.Storage.Buckets;

/// <content>What the bucket holds that the index does not know: for a ledger that is older than the bucket.</content>
internal sealed partial class PackedProvider
{
    private const string PackSuffix = ".rows";

    /// <summary>
    /// The objects with rows that are in the bucket and not in the index, each with what it says of itself. Their rows
    /// are not read here; each later read checks them.
    /// </summary>
    /// <exception cref="IOException">The bucket cannot be listed or read now.</exception>
    public async IAsyncEnumerable<FoundPack> UnknownPacksAsync(
        [EnumeratorCancellation] CancellationToken cancellationToken
    )
    {
        IReadOnlySet<string> known = await index.KnownPacksAsync(Name, cancellationToken);
        var unknown = new List<ListedObject>();
        await foreach (ListedObject listed in store.ListAsync(cancellationToken))
        {
            if (listed.Name.EndsWith(PackSuffix, StringComparison.Ordinal) && !known.Contains(listed.Name))
            {
                unknown.Add(listed);
            }
        }

        // Names are in the order of time: a row that a scrub wrote again is the newer one, and the better.
        foreach (ListedObject listed in unknown.OrderByDescending(each => each.Name, StringComparer.Ordinal))
        {
            yield return await InspectAsync(listed, cancellationToken);
        }
    }

    /// <summary>Takes rows of such an object into the index, where it does not know them better.</summary>
    /// <param name="pack">The object.</param>
    /// <param name="batches">The batches whose rows are meant.</param>
    /// <param name="cancellationToken">Ends the work; nothing of it is then taken.</param>
    /// <returns>How many rows were meant.</returns>
    public async Task<int> AdoptAsync(
        FoundPack pack,
        IReadOnlySet<BatchId> batches,
        CancellationToken cancellationToken
    )
    {
        PackedRow[] rows =
        [
            .. pack.Contents!.Rows.Select((row, i) => new PackedRow(row.Batch, row.Row, (long)i * Blob.ByteLength))
                .Where(row => batches.Contains(row.Batch)),
        ];
        if (rows.Length > 0)
        {
            await index.AdoptPackAsync(Name, pack.Name, store.OccupiedBytes(pack.Length), rows, cancellationToken);
        }

        return rows.Length;
    }

    private async Task<FoundPack> InspectAsync(ListedObject listed, CancellationToken cancellationToken)
    {
        var end = new byte[PackContents.TrailerBytes];
        if (
            listed.Length < end.Length
            || !await store.ReadAsync(listed.Name, listed.Length - end.Length, end, cancellationToken)
        )
        {
            return Unusable("it is too short, or gone by now");
        }

        if (PackContents.LengthFrom(end, listed.Length) is not { } length)
        {
            return Unusable(
                listed.Length % Blob.ByteLength == 0
                    ? "it does not say what is in it, as objects of older versions do not"
                    : "its end is not that of an object with rows: it is half written, or damaged"
            );
        }

        var all = new byte[length];
        return
            await store.ReadAsync(listed.Name, listed.Length - length, all, cancellationToken)
            && PackContents.TryDecode(all, listed.Length - length) is { } contents
            ? new FoundPack(listed.Name, listed.Length, contents, Problem: null)
            : Unusable("what it says of itself does not match its hash: it is damaged");

        FoundPack Unusable(string problem) => new(listed.Name, listed.Length, Contents: null, problem);
    }

    /// <summary>Whether the bucket gives this very row; false also where it cannot be asked.</summary>
    private async Task<bool> HoldsAsync(
        BatchId id,
        int row,
        ReadOnlyMemory<byte> blob,
        CancellationToken cancellationToken
    )
    {
        try
        {
            if (await index.FindPackedRowAsync(Name, id, row, cancellationToken) is not { } place)
            {
                return false;
            }

            using var held = new RowBuffer(Blob.ByteLength);
            return await store.ReadAsync(
                    place.ObjectName,
                    place.Offset,
                    held.Memory[..Blob.ByteLength],
                    cancellationToken
                ) && held.Memory.Span[..Blob.ByteLength].SequenceEqual(blob.Span[..Blob.ByteLength]);
        }
        catch (Exception unknown) when (unknown is IOException or DbException)
        {
            return false;
        }
    }
}
