using System.Collections.Immutable;
using System.Text.Json;

namespace Meeda.L1.Rpc;

/// <summary>
/// Several endpoints as one. A signed transaction goes to all of them; everything else is read from one that is
/// trusted. The agreed head is one that more than half of the
/// endpoints in question have on their chains, which with two means both: what only one says, it may have made up.
/// Questions about the latest block are asked
/// about that head by its number, so that an endpoint that runs ahead or is on a fork of its own is not heard about
/// what the others do not have. <c>finalized</c> and <c>safe</c>
/// are the highest blocks of which more than half of the endpoints with that head say so.
/// </summary>
/// <remarks>
/// Which endpoints are in question: those that answer, whose head is not in the future, and which are not far behind
/// an endpoint that has their head on its chain. One that is
/// left alone by this is trusted alone. What is read at a height that is agreed on is taken from one endpoint and
/// not compared: one that gives the right
/// headers and wrong states, logs or receipts is not found out.
/// </remarks>
public sealed class RedundantRpc : JsonRpc, IDisposable
{
    private const string SendMethod = "eth_sendRawTransaction";
    private const string BlockMethod = "eth_getBlockByNumber";
    private const string ReceiptMethod = "eth_getTransactionReceipt";

    // The position of the block parameter in a method's parameters.
    private static readonly Dictionary<string, int> TagPlaces = new(StringComparer.Ordinal)
    {
        ["eth_call"] = 1,
        ["eth_estimateGas"] = 1,
        ["eth_feeHistory"] = 1,
        ["eth_getBalance"] = 1,
        ["eth_getBlockByNumber"] = 0,
        ["eth_getCode"] = 1,
        ["eth_getStorageAt"] = 2,
        ["eth_getTransactionCount"] = 1,
    };

    // Methods that one endpoint alone must not decide: irreversible steps depend on them.
    private static readonly BlockTag[] AgreedTags = [BlockTag.Finalized, BlockTag.Safe];

    private readonly ImmutableArray<JsonRpc> _endpoints;
    private readonly HeadAgreement _agreement;
    private readonly RedundantRpcOptions _options;
    private readonly TimeProvider _time;
    private readonly SemaphoreSlim _looking = new(1);
    private AgreedHead? _agreed;
    private long _lookedAt;

    /// <summary>Several endpoints of one chain.</summary>
    /// <param name="endpoints">The endpoints, the preferred one first.</param>
    /// <param name="options">When they are trusted.</param>
    /// <param name="time">The clock; the system's where it is absent.</param>
    /// <exception cref="ArgumentException">There is none.</exception>
    public RedundantRpc(IEnumerable<JsonRpc> endpoints, RedundantRpcOptions options, TimeProvider? time = null)
    {
        _endpoints = [.. endpoints];
        if (_endpoints.IsEmpty)
        {
            throw new ArgumentException("at least one endpoint is needed", nameof(endpoints));
        }

        _options = options;
        _time = time ?? TimeProvider.System;
        _agreement = new HeadAgreement(_endpoints, options, _time);
    }

    /// <inheritdoc/>
    public override async Task<JsonElement> CallAsync(
        string method,
        IReadOnlyList<object?> parameters,
        CancellationToken cancellationToken
    )
    {
        AgreedHead head = await AgreedAsync(anew: false, cancellationToken);
        switch (method)
        {
            case SendMethod:
                return await SendToAllAsync(parameters, head, cancellationToken);
            case "eth_blockNumber":
                return JsonSerializer.SerializeToElement(JsonFields.Quantity(head.Number));
            case ReceiptMethod:
                return await ReceiptAsync(parameters, head, cancellationToken);
            case BlockMethod
                when parameters is [string tag, ..]
                    && AgreedTags.FirstOrDefault(each => each.ToString() == tag) is { } agreed
                    && agreed != default:
                return await AgreedBlockAsync(agreed, parameters, head, cancellationToken);
            default:
                return await ReadAsync(method, AtHead(method, parameters, head), head, cancellationToken);
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _looking.Dispose();

    /// <summary>The parameters with the trusted head in the place of <c>latest</c>.</summary>
    private static IReadOnlyList<object?> AtHead(string method, IReadOnlyList<object?> parameters, AgreedHead head) =>
        TagPlaces.TryGetValue(method, out int place) && place < parameters.Count && parameters[place] is "latest"
            ? [.. parameters.Take(place), JsonFields.Quantity(head.Number), .. parameters.Skip(place + 1)]
            : parameters;

    private async Task<AgreedHead> AgreedAsync(bool anew, CancellationToken cancellationToken)
    {
        await _looking.WaitAsync(cancellationToken);
        try
        {
            if (anew || _agreed is null || _time.GetElapsedTime(_lookedAt) >= _options.HeadInterval)
            {
                _agreed = null;
                _agreed = await _agreement.LookAsync(cancellationToken);
                _lookedAt = _time.GetTimestamp();
            }

            return _agreed;
        }
        finally
        {
            _looking.Release();
        }
    }

    /// <summary>
    /// Asks the trusted endpoints in turn until one answers. What a contract said is an answer; another error may be
    /// that endpoint's own, so the next is asked.
    /// </summary>
    private async Task<JsonElement> ReadAsync(
        string method,
        IReadOnlyList<object?> parameters,
        AgreedHead head,
        CancellationToken cancellationToken
    )
    {
        Exception? first = null;
        foreach (int member in head.Members)
        {
            try
            {
                return await _endpoints[member].CallAsync(method, parameters, cancellationToken);
            }
            catch (Exception failure)
                when (failure is L1UnreachableException or JsonRpcException { RevertData.Length: 0 })
            {
                // An error is more specific than no answer.
                first = first is null or L1UnreachableException ? failure : first;
            }
        }

        throw Again(first!);
    }

    /// <summary>
    /// The block that a tag stands for in the eyes of more than half of the trusted endpoints, as its chain has it
    /// at that height; null where so many do not name one.
    /// </summary>
    private async Task<JsonElement> AgreedBlockAsync(
        BlockTag tag,
        IReadOnlyList<object?> parameters,
        AgreedHead head,
        CancellationToken cancellationToken
    )
    {
        if (await _agreement.AgreedBelowAsync(head, tag, cancellationToken) is not { } said)
        {
            return JsonSerializer.SerializeToElement<object?>(null);
        }

        JsonElement block = await ReadAsync(
            BlockMethod,
            [JsonFields.Quantity(said.Number), .. parameters.Skip(1)],
            head,
            cancellationToken
        );
        return block.ValueKind == JsonValueKind.Object && block.Field("hash").AsBytes32() == said.Hash
            ? block
            : throw new L1UnreachableException(
                $"{BlockMethod}: block {said.Number}, which the L1 endpoints call {tag}, has two hashes"
            );
    }

    /// <summary>A receipt; null if its block is above the agreed head.</summary>
    private async Task<JsonElement> ReceiptAsync(
        IReadOnlyList<object?> parameters,
        AgreedHead head,
        CancellationToken cancellationToken
    )
    {
        JsonElement receipt = await ReadAsync(ReceiptMethod, parameters, head, cancellationToken);
        if (
            receipt.ValueKind == JsonValueKind.Null
            || receipt.Field("blockNumber").AsUInt64() is var block && block <= head.Number
        )
        {
            return receipt;
        }

        return block <= (await AgreedAsync(anew: true, cancellationToken)).Number
            ? receipt
            : JsonSerializer.SerializeToElement<object?>(null);
    }

    /// <summary>
    /// Hands a transaction to every endpoint; it is sent as soon as one has taken it, and refused where all that were
    /// reached refuse it.
    /// </summary>
    private async Task<JsonElement> SendToAllAsync(
        IReadOnlyList<object?> parameters,
        AgreedHead head,
        CancellationToken cancellationToken
    )
    {
        List<(int Endpoint, Task<JsonElement> Call)> calls =
        [
            .. _endpoints.Select((endpoint, i) => (i, endpoint.CallAsync(SendMethod, parameters, cancellationToken))),
        ];
        var failures = new List<(int Endpoint, Exception Failure)>();
        while (calls.Count > 0)
        {
            Task<JsonElement> done = await Task.WhenAny(calls.Select(call => call.Call));
            int endpoint = calls.Find(call => call.Call == done).Endpoint;
            calls.RemoveAll(call => call.Call == done);
            try
            {
                JsonElement hash = await done;
                calls.ForEach(call =>
                    _ = call.Call.ContinueWith(
                        late => late.Exception,
                        CancellationToken.None,
                        TaskContinuationOptions.OnlyOnFaulted,
                        TaskScheduler.Default
                    )
                );
                return hash;
            }
            catch (Exception failure) when (failure is L1UnreachableException or JsonRpcException)
            {
                failures.Add((endpoint, failure));
            }
        }

        // Silence of an endpoint that answered a moment ago may hide that it took the transaction.
        Exception decisive = failures
            .Where(failed => failed.Failure is L1UnreachableException && head.Members.Contains(failed.Endpoint))
            .Concat(
                failures
                    .Where(failed => failed.Failure is JsonRpcException)
                    .OrderByDescending(failed => head.Members.Contains(failed.Endpoint))
            )
            .Concat(failures)
            .First()
            .Failure;
        throw Again(decisive);
    }

    /// <summary>An endpoint's failure as that of all.</summary>
    private static Exception Again(Exception failure) =>
        failure is JsonRpcException error
            ? new JsonRpcException(error.Method, error.Code, error.NodeMessage, error.RevertData)
            {
                IsRateLimit = error.IsRateLimit,
                Pause = error.Pause,
            }
            : new L1UnreachableException(failure.Message, failure)
            {
                Problem = ((L1UnreachableException)failure).Problem,
            };
}
