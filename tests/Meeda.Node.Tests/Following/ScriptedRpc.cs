using System.Text.Json;
using Meeda.L1.Rpc;

namespace Meeda.Node.Tests.Following;

/// <summary>A connection to L1 that runs an action before, or instead of, one of its responses.</summary>
internal sealed class ScriptedRpc(JsonRpc chain) : JsonRpc
{
    private int _calls;

    /// <summary>How many calls there were.</summary>
    public int Calls => _calls;

    /// <summary>Runs before the call with that number (from 1); may throw.</summary>
    public Action<int>? Before { get; set; }

    /// <summary>Changes a response, given the method, the parameters and the true response.</summary>
    public Func<string, IReadOnlyList<object?>, JsonElement, JsonElement>? Lie { get; set; }

    public override async Task<JsonElement> CallAsync(
        string method,
        IReadOnlyList<object?> parameters,
        CancellationToken cancellationToken
    )
    {
        Before?.Invoke(Interlocked.Increment(ref _calls));
        cancellationToken.ThrowIfCancellationRequested();
        JsonElement truth = await chain.CallAsync(method, parameters, cancellationToken);
        return Lie?.Invoke(method, parameters, truth) ?? truth;
    }
}
