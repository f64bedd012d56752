using System.Numerics;
using Meeda.Ethereum;

namespace Meeda.L1.Rpc;

/// <summary>A block's header, as far as it is used.</summary>
/// <param name="Number">Its number.</param>
/// <param name="Hash">Its hash.</param>
/// <param name="ParentHash">The hash of the block below.</param>
/// <param name="Timestamp">Seconds since 1970.</param>
/// <param name="BaseFeePerGas">Wei for each gas (EIP-1559).</param>
/// <param name="BlobGasUsed">The gas of its blobs, 131,072 each (EIP-4844); null before Cancun.</param>
/// <param name="ExcessBlobGas">The blob gas above the target up to this block, which sets the price of blobs
/// (EIP-4844); null before Cancun.</param>
/// <param name="PrevRandao">The RANDAO mix of the block before (EIP-4399), which the header has as <c>mixHash</c>;
/// null where the node does not state it.</param>
public sealed record Block(
    ulong Number,
    Bytes32 Hash,
    Bytes32 ParentHash,
    ulong Timestamp,
    BigInteger BaseFeePerGas,
    ulong? BlobGasUsed = null,
    ulong? ExcessBlobGas = null,
    Bytes32? PrevRandao = null
);

/// <summary>A log that a contract wrote.</summary>
/// <param name="Address">The contract.</param>
/// <param name="Topics">The event's hash and its indexed arguments.</param>
/// <param name="Data">The other arguments.</param>
/// <param name="BlockNumber">The block that holds it.</param>
/// <param name="BlockHash">That block's hash.</param>
/// <param name="TransactionHash">The transaction that wrote it.</param>
/// <param name="LogIndex">Its place in the block.</param>
public sealed record Log(
    Address Address,
    IReadOnlyList<Bytes32> Topics,
    byte[] Data,
    ulong BlockNumber,
    Bytes32 BlockHash,
    Bytes32 TransactionHash,
    ulong LogIndex
);

/// <summary>A transaction that a block holds or the mempool waits with.</summary>
/// <param name="Hash">Its hash.</param>
/// <param name="From">The sender.</param>
/// <param name="To">The called account; null if it creates a contract.</param>
/// <param name="Nonce">Its place among the sender's.</param>
/// <param name="Input">Its calldata.</param>
/// <param name="BlockNumber">The block that holds it, or null.</param>
public sealed record Transaction(
    Bytes32 Hash,
    Address From,
    Address? To,
    ulong Nonce,
    byte[] Input,
    ulong? BlockNumber
);
