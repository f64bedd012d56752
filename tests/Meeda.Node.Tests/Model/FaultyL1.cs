using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using Meeda.Ethereum;
using Meeda.L1.Rpc;

namespace Meeda.Node.Tests.Model;

/// <summary>One wrong answer of an L1 endpoint.</summary>
internal enum Lie
{
    /// <summary>The final block is far ahead of the chain.</summary>
    Finalized,

    /// <summary>The head is far ahead of the chain's.</summary>
    Head,

    /// <summary>A block comes from another chain.</summary>
    Block,

    /// <summary>There are no logs.</summary>
    Logs,

    /// <summary>There is no such block.</summary>
    NoBlock,
}

/// <summary>A node's connection to L1, which may be silent, and may lie once.</summary>
internal sealed class FaultyL1(JsonRpc chain, Activity activity) : JsonRpc
{
    private readonly Lock _gate = new();
    private readonly HashSet<Lie> _lies = [];

    /// <summary>Whether it answers no calls.</summary>
    public bool IsSilent { get; set; }

    /// <summary>Lets the next answer of a kind be wrong.</summary>
    public void Lie(Lie lie)
    {
        lock (_gate)
        {
            _lies.Add(lie);
        }
    }

    /// <summary>Makes it answer truthfully from now on.</summary>
    public void Repent()
    {
        lock (_gate)
        {
            _lies.Clear();
        }
    }

    /// <inheritdoc/>
    public override async Task<JsonElement> CallAsync(
        string method,
        IReadOnlyList<object?> parameters,
        CancellationToken cancellationToken
    )
    {
        activity.Note();
        if (IsSilent)
        {
            throw new L1UnreachableException($"{method}: L1 is silent");
        }

        JsonElement truth = await chain.CallAsync(method, parameters, cancellationToken);
        return (method, parameters.Count > 0 ? parameters[0] as string : null) switch
        {
            ("eth_getBlockByNumber", "finalized") when Take(Model.Lie.Finalized) => Other(truth, moreBlocks: 1_000_000),
            ("eth_blockNumber", _) when Take(Model.Lie.Head) => JsonSerializer.SerializeToElement(
                FakeChain.Quantity(
                    ulong.Parse(truth.GetString()![2..], NumberStyles.HexNumber, CultureInfo.InvariantCulture) + 1_000
                )
            ),
            ("eth_getBlockByNumber", not ("finalized" or "latest"))
                when truth.ValueKind == JsonValueKind.Object && Take(Model.Lie.Block) => Other(truth, moreBlocks: 0),
            ("eth_getBlockByNumber", not ("finalized" or "latest")) when Take(Model.Lie.NoBlock) =>
                JsonSerializer.SerializeToElement<object?>(null),
            ("eth_getLogs", _) when truth.GetArrayLength() > 0 && Take(Model.Lie.Logs) =>
                JsonSerializer.SerializeToElement(Array.Empty<object>()),
            _ => truth,
        };
    }

    private static JsonElement Other(JsonElement block, ulong moreBlocks)
    {
        JsonObject other = JsonNode.Parse(block.GetRawText())!.AsObject();
        other["number"] = FakeChain.Quantity(
            ulong.Parse(((string)other["number"]!)[2..], NumberStyles.HexNumber, CultureInfo.InvariantCulture)
                + moreBlocks
        );
        other["hash"] = Keccak256.Hash(Convert.FromHexString(((string)other["hash"]!)[2..])).ToString();
        return JsonSerializer.SerializeToElement(other);
    }

    private bool Take(Lie lie)
    {
        lock (_gate)
        {
            return _lies.Remove(lie);
        }
    }
}
