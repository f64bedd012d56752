using System.Numerics;
using System.Text.Json;
using Meeda.Ethereum;
using Nethereum.RLP;

namespace Meeda.L1.Rpc;

/// <summary>A block's header as the chain hashes it.</summary>
/// <param name="Hash">Keccak-256 of <paramref name="Rlp"/>: the block's hash.</param>
/// <param name="Rlp">The header, encoded (yellow paper, section 4.3, and the EIPs that added fields).</param>
public sealed record BlockHeader(Bytes32 Hash, byte[] Rlp)
{
    // Those up to nonce, which every header has.
    private const int FirstFields = 15;

    // The fields in their order, quantities by "#"; those after nonce came with London, Shanghai, Cancun and Prague.
    private static readonly string[] Fields =
    [
        "parentHash",
        "sha3Uncles",
        "miner",
        "stateRoot",
        "transactionsRoot",
        "receiptsRoot",
        "logsBloom",
        "#difficulty",
        "#number",
        "#gasLimit",
        "#gasUsed",
        "#timestamp",
        "extraData",
        "mixHash",
        "nonce",
        "#baseFeePerGas",
        "withdrawalsRoot",
        "#blobGasUsed",
        "#excessBlobGas",
        "parentBeaconBlockRoot",
        "requestsHash",
    ];

    /// <summary>
    /// Encodes a block that a node described. The result does not have the block's hash (<see cref="IsOf"/>) where a
    /// later fork has added fields.
    /// </summary>
    /// <param name="block">The answer to <c>eth_getBlockByNumber</c>.</param>
    /// <exception cref="L1UnreachableException">A field is missing or malformed.</exception>
    public static BlockHeader Encode(JsonElement block)
    {
        var items = new List<byte[]>();
        foreach (string field in Fields)
        {
            bool isQuantity = field[0] == '#';
            string name = field.TrimStart('#');
            if (block.OptionalField(name) is { } value)
            {
                items.Add(RLP.EncodeElement(isQuantity ? Digits(value.AsBigInteger()) : value.AsBytes()));
            }
            else if (items.Count < FirstFields)
            {
                _ = block.Field(name);
            }
        }

        return Of(RLP.EncodeList([.. items]));
    }

    /// <summary>Whether the header is that of a block that a node described, by its hash.</summary>
    internal bool IsOf(JsonElement block) => block.Field("hash").AsBytes().AsSpan().SequenceEqual(Hash.ToArray());

    /// <summary>The header of that encoding.</summary>
    internal static BlockHeader Of(byte[] rlp) => new(Keccak256.Hash(rlp), rlp);

    // Zero is the empty string.
    private static byte[] Digits(BigInteger value) =>
        value.IsZero ? [] : value.ToByteArray(isUnsigned: true, isBigEndian: true);
}
