using System.Collections.Concurrent;
using System.Globalization;
using System.Numerics;
using System.Text.Json;
using Meeda.Chain.Contract;
using Meeda.DevNet;
using Meeda.Ethereum;
using Meeda.L1.Rpc;
using Meeda.Protocol.Anchors;

namespace Meeda.Node.Tests.L1;

/// <summary>
/// An L1 in memory: blocks from the test, no logs, the contract's parameters and anchors, and wrong answers on command.
/// </summary>
internal sealed class FakeL1 : JsonRpc
{
    private readonly ConcurrentDictionary<uint, Anchor> _anchors = new();

    /// <summary>The newest block.</summary>
    public ulong Head { get; set; }

    /// <summary>The block that it reports as final; null for the head.</summary>
    public ulong? Final { get; set; }

    /// <summary>Part of the blocks' hashes: another value gives another chain.</summary>
    public int Fork { get; set; }

    /// <summary>Whether it answers no calls.</summary>
    public bool IsAway { get; set; }

    public SystemParameters Parameters { get; set; } = LocalParameters.Value;

    /// <summary>What every account stakes, in wei.</summary>
    public BigInteger Stake { get; set; } = LocalParameters.Value.MinimumStake;

    /// <summary>The number of live blobs that every account's stake covers.</summary>
    public ulong Capacity { get; set; } = 1_000_000;

    /// <summary>The price of every operator.</summary>
    public ulong Price { get; set; }

    /// <summary>The demands that wait for every account's blobs.</summary>
    public ulong OpenDemands { get; set; }

    public Bytes32 HashOf(ulong number) => Keccak256.Hash(BitConverter.GetBytes(number + ((ulong)Fork << 40)));

    /// <summary>Adds an anchor to the contract's state, from the anchor's block on.</summary>
    public void Keep(Anchor anchor) => _anchors[anchor.Index] = anchor;

    public override Task<JsonElement> CallAsync(
        string method,
        IReadOnlyList<object?> parameters,
        CancellationToken cancellationToken
    ) =>
        IsAway
            ? throw new L1UnreachableException("it is away")
            : Task.FromResult(JsonSerializer.SerializeToElement(Answer(method, parameters)));

    private static string Hex(ulong number) => "0x" + number.ToString("x", CultureInfo.InvariantCulture);

    private static byte[] Word(BigInteger value)
    {
        byte[] bytes = value.ToByteArray(isUnsigned: true, isBigEndian: true);
        return [.. new byte[32 - bytes.Length], .. bytes];
    }

    private object? Answer(string method, IReadOnlyList<object?> parameters) =>
        method switch
        {
            "eth_chainId" => "0x7a69",
            "eth_blockNumber" => Hex(Head),
            "eth_getCode" => "0x01",
            "eth_getLogs" => Array.Empty<object>(),
            "eth_getBlockByNumber" => BlockOf((string)parameters[0]!),
            "eth_call" => "0x"
                + Convert.ToHexStringLower(
                    Call(JsonSerializer.SerializeToElement(parameters[0]).GetProperty("data").GetString()!)
                ),
            _ => throw new InvalidOperationException($"the fake knows no {method}"),
        };

    private object? BlockOf(string tag)
    {
        ulong number = tag switch
        {
            "latest" or "pending" => Head,
            "finalized" or "safe" => Final ?? Head,
            _ => ulong.Parse(tag.AsSpan(2), NumberStyles.HexNumber, CultureInfo.InvariantCulture),
        };
        return number > Head && tag[0] == '0'
            ? null
            : new
            {
                number = Hex(number),
                hash = HashOf(number).ToString(),
                parentHash = HashOf(number - 1).ToString(),
                mixHash = Keccak256.Hash(HashOf(number).ToArray()).ToString(),
                timestamp = Hex(1_700_000_000 + (12 * number)),
            };
    }

    private byte[] Call(string data)
    {
        byte[] calldata = Convert.FromHexString(data.AsSpan(2));
        if (Is("MeedaSystem", "parameters"))
        {
            return [.. PartAbi.InOrder(Parameters).SelectMany(value => Word(Number(value)))];
        }

        if (Is("MeedaAnchors", "getAnchor"))
        {
            return _anchors.TryGetValue(
                (uint)new BigInteger(calldata.AsSpan(36, 32), isUnsigned: true, isBigEndian: true),
                out Anchor? anchor
            )
                ?
                [
                    .. anchor.Root.ToArray(),
                    .. Word(anchor.FirstBlob),
                    .. Word(anchor.BlobCount),
                    .. Word(anchor.BlockNumber),
                    .. Word(anchor.Expiry),
                ]
                : throw new JsonRpcException("eth_call", 3, "execution reverted", []);
        }

        if (Is("MeedaAnchors", "getAccount"))
        {
            // Every account is its own owner and operator key, and is neither unstaking nor slashed.
            byte[] id = calldata[4..36];
            return
            [
                .. id,
                .. Word(0),
                .. Word(0),
                .. Word(1),
                .. Word(Stake),
                .. Word(0),
                .. id,
                .. Word(0),
                .. Word(0),
                .. Word(0),
            ];
        }

        return Is("MeedaAnchors", "accountEverOf") ? calldata[4..36]
            : Is("MeedaAnchors", "capacity")
                ? [.. Word(Capacity), .. Word((ulong)_anchors.Values.Sum(kept => kept.BlobCount))]
            : Is("MeedaPublication", "openDemands") ? Word(OpenDemands)
            : Is("MeedaEscrow", "priceOf") ? Word(Price)
            : Is("MeedaAnchors", "anchorCount") ? Word((ulong)_anchors.Count)
            : throw new InvalidOperationException("the fake contracts have no such function");

        bool Is(string contract, string function) =>
            calldata.AsSpan().StartsWith(PartAbi.Of(contract).Function(function).Selector);
    }

    private static BigInteger Number(object value) =>
        value is BigInteger amount ? amount : Convert.ToUInt64(value, CultureInfo.InvariantCulture);
}
