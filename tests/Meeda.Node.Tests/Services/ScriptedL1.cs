using System.Collections.Concurrent;
using System.Text.Json;
using Meeda.L1.Rpc;

namespace Meeda.Node.Tests.Services;

/// <summary>
/// The way to an L1 that counts its calls, and that fails or answers otherwise when the test says so.
/// </summary>
internal sealed class ScriptedL1(JsonRpc chain) : JsonRpc
{
    private readonly ConcurrentQueue<string> _calls = new();

    /// <summary>The methods that were called, in their order.</summary>
    public IEnumerable<string> Calls => _calls;

    /// <summary>What calls end with, by method; null where they go on.</summary>
    public Func<string, Exception?> Failure { get; set; } = _ => null;

    /// <summary>What is answered in the chain's place, by method and parameters; null for the chain's answer.</summary>
    public Func<string, IReadOnlyList<object?>, object?> Answer { get; set; } = (_, _) => null;

    /// <summary>Answers nothing from now on.</summary>
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
