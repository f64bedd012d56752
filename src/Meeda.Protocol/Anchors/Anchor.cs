using Meeda.Ethereum;

namespace Meeda.Protocol.Anchors;

/// <summary>One anchor of an operator as the L1 contract keeps it (docs/protocol.md, "Anchoring").</summary>
/// <param name="Index">The anchor's place among its operator's, from 0.</param>
/// <param name="Root">The root over its commitments and batches (<see cref="AnchorRoots"/>).</param>
/// <param name="FirstBlob">The operator's position of its first blob.</param>
/// <param name="BlobCount">Its blobs, at least one.</param>
/// <param name="BlockNumber">The L1 block that holds the transaction.</param>
/// <param name="Expiry">The L1 block from which on its blobs need no longer be held; never below the previous
/// anchor's.</param>
public sealed record Anchor(uint Index, Bytes32 Root, ulong FirstBlob, uint BlobCount, ulong BlockNumber, ulong Expiry)
{
    /// <summary>One past the position of the last blob.</summary>
    public ulong EndBlob => FirstBlob + BlobCount;
}
