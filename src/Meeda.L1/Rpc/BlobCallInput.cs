using System.Text.Json.Serialization;
using Nethereum.RPC.Eth.DTOs;

namespace Meeda.L1.Rpc;

/// <summary>A call or an estimate with blobs (EIP-4844), which Nethereum's own type has no place for.</summary>
internal sealed class BlobCallInput : CallInput
{
    /// <summary>The blobs' versioned hashes; null for none.</summary>
    [JsonPropertyName("blobVersionedHashes")]
    public string[]? BlobVersionedHashes { get; set; }
}
