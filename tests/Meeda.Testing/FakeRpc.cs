using System.Collections.Concurrent;
using System.Globalization;
using System.Text.Json;
using Meeda.Ethereum;
using Meeda.L1.Rpc;

namespace Meeda.Testing;

/// <summary>A node in the test's process; the test decides what it answers or throws.</summary>
public sealed class FakeRpc(Func<string, IReadOnlyList<object?>, object?> answer) : JsonRpc
{
    /// <summary>The methods that were called, in their order.</summary>
    public ConcurrentQueue<string> Calls { get; } = new();

    /// <summary>A number as JSON-RPC writes it.</summary>
    public static string Quantity(ulong value) => "0x" + value.ToString("x", CultureInfo.InvariantCulture);

    /// <summary>A number as JSON-RPC writes it, read.</summary>
    public static ulong Number(object? hex) =>
        ulong.Parse(((string)hex!)[2..], NumberStyles.HexNumber, CultureInfo.InvariantCulture);

    /// <summary>A block whose hash follows from its number and its chain.</summary>
    public static object Block(ulong number, string chain = "")
    {
        string hash = Keccak256.Hash(System.Text.Encoding.UTF8.GetBytes($"{chain}{number}")).ToString();
        return new
        {
            number = Quantity(number),
            hash,
            parentHash = Bytes32.Zero.ToString(),
            mixHash = hash,
            timestamp = Quantity(1_000 + (number * 12)),
            baseFeePerGas = "0x7",
        };
    }

    /// <summary>A node's error for an unknown method.</summary>
    public static JsonRpcException Unknown(string method) =>
        new(method, -32601, $"the method {method} does not exist/is not available", []);

    /// <inheritdoc/>
    public override Task<JsonElement> CallAsync(
        string method,
        IReadOnlyList<object?> parameters,
        CancellationToken cancellationToken
    )
    {
        Calls.Enqueue(method);
        try
        {
            return Task.FromResult(JsonSerializer.SerializeToElement(answer(method, parameters)));
        }
        catch (Exception failure) when (failure is JsonRpcException or L1UnreachableException)
        {
            return Task.FromException<JsonElement>(failure);
        }
    }
}
