using System.Collections.Concurrent;
using System.Text.Json;
using Meeda.L1.Rpc;

namespace Meeda.Node.Tests.Services;

/// <summary>A connection to L1 that records its calls, and fails or changes responses on command.</summary>
internal sealed class ScriptedL1(JsonRpc chain) : JsonRpc
{
    private readonly ConcurrentQueue<string> _calls = new();

    /// <summary>The methods that were called, in their order.</summary>
    public IEnumerable<string> Calls => _calls;

    /// <summary>The failure of a call, by method; null to pass it on.</summary>
    public Func<string, Exception?> Failure { get; set; } = _ => null;

    /// <summary>A response instead of the chain's, by method and parameters; null for the chain's.</summary>
    public Func<string, IReadOnlyList<object?>, object?> Answer { get; set; } = (_, _) => null;

    /// <summary>Stops answering.</summary>
    public void GoAway() => Failure = method => new L1UnreachableException($"{method}: the endpoint does not answer");

    /// <summary>Answers again.</summary>
    public void ComeBack() => Failure = _ => null;

    /// <inheritdoc/>
    public override async Task<JsonElement> CallAsync(
        string method,
        IReadOnlyList<object?> parameters,
        CancellationToken cancellationToken
    )
    {
        _calls.Enqueue(method);
        if (Failure(method) is { } failure)
        {
            throw failure;
        }

        return Answer(method, parameters) is { } answer
            ? JsonSerializer.SerializeToElement(answer)
            : await chain.CallAsync(method, parameters, cancellationToken);
    }
}
