using Meeda.Ethereum;
using Meeda.Protocol.Anchors;
using Meeda.Protocol.Batches;

namespace Meeda.Chain.Index;

/// <content>The tables' rows, as every user of the index selects them.</content>
internal sealed partial class ChainIndex
{
    /// <summary>An anchor without its leaves.</summary>
    internal sealed record AnchorRow(
        long AnchorIndex,
        byte[] Root,
        long FirstBlob,
        long BlobCount,
        long BlockNumber,
        long Expiry
    )
    {
        /// <summary>The columns to select.</summary>
        public const string Columns =
            "anchor_index AS AnchorIndex, root AS Root, first_blob AS FirstBlob, blob_count AS BlobCount, "
            + "block_number AS BlockNumber, expiry AS Expiry";

        /// <summary>The anchor.</summary>
        public Anchor ToAnchor() =>
            new(
                (uint)AnchorIndex,
                Bytes32.FromBytes(Root),
                (ulong)FirstBlob,
                (uint)BlobCount,
                (ulong)BlockNumber,
                (ulong)Expiry
            );
    }

    /// <summary>A proof of an epoch.</summary>
    internal sealed record ProofRow(long Epoch, long BlockNumber, byte[] TransactionHash, byte[] Seed)
    {
        /// <summary>The columns to select.</summary>
        public const string Columns =
            "epoch AS Epoch, block_number AS BlockNumber, transaction_hash AS TransactionHash, seed AS Seed";

        /// <summary>The proof.</summary>
        public ProofEvent ToProof() =>
            new((ulong)Epoch, (ulong)BlockNumber, Bytes32.FromBytes(TransactionHash), Bytes32.FromBytes(Seed));
    }

    /// <summary>A demand.</summary>
    internal sealed record DemandRow(
        long Id,
        byte[] Operator,
        long Position,
        byte[] Demander,
        byte[] VersionedHash,
        long Deadline,
        long BlockNumber
    )
    {
        /// <summary>The columns to select.</summary>
        public const string Columns =
            "id AS Id, operator AS Operator, position AS Position, demander AS Demander, "
            + "versioned_hash AS VersionedHash, deadline AS Deadline, block_number AS BlockNumber";

        /// <summary>The demand.</summary>
        public DemandEvent ToDemand() =>
            new(
                (ulong)Id,
                Address.FromBytes(Operator),
                (ulong)Position,
                Address.FromBytes(Demander),
                Bytes32.FromBytes(VersionedHash),
                (ulong)Deadline,
                (ulong)BlockNumber
            );
    }

    private sealed record AnchoringRow(
        byte[] Operator,
        long BatchFirstBlob,
        long BatchBlobCount,
        long AnchorIndex,
        byte[] Root,
        long FirstBlob,
        long BlobCount,
        long BlockNumber,
        long Expiry,
        byte[] TransactionHash
    )
    {
        // The caller appends the order.
        public const string OfBatch = """
            SELECT b.operator AS Operator, b.first_blob AS BatchFirstBlob, b.blob_count AS BatchBlobCount,
                   a.anchor_index AS AnchorIndex, a.root AS Root, a.first_blob AS FirstBlob, a.blob_count AS BlobCount,
                   a.block_number AS BlockNumber, a.expiry AS Expiry, a.transaction_hash AS TransactionHash
            FROM anchored_batch b JOIN anchor a ON a.operator = b.operator AND a.anchor_index = b.anchor_index
            WHERE b.batch_id = @id ORDER BY
            """;

        public BatchAnchoring ToAnchoring(BatchId id) =>
            new(
                Address.FromBytes(Operator),
                new AnchoredBatch(id, (uint)AnchorIndex, (ulong)BatchFirstBlob, (uint)BatchBlobCount),
                new AnchorRow(AnchorIndex, Root, FirstBlob, BlobCount, BlockNumber, Expiry).ToAnchor(),
                Bytes32.FromBytes(TransactionHash)
            );
    }

    private sealed record BlockRow(long Number, byte[] Hash)
    {
        public const string NewestFirst =
            "SELECT number AS Number, hash AS Hash FROM followed_block ORDER BY number DESC";

        public BlockPoint ToPoint() => new((ulong)Number, Bytes32.FromBytes(Hash));
    }
}
