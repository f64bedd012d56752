using System.Collections.Immutable;
using System.Text.Json;

namespace Meeda.L1.Rpc;

/// <summary>
/// Combines several endpoints. A signed transaction goes to all of them; everything else is read from one trusted
/// endpoint. The agreed head is a block that more than half of the eligible endpoints have on their chains, which with
/// two endpoints means both: a single one may have invented it. Calls that refer to <c>latest</c> are sent with the
/// agreed head's number instead, so that an endpoint that is ahead or on a fork cannot report a block that the others
/// lack. <c>finalized</c> and <c>safe</c> are the highest blocks that more than half of the endpoints with that head
/// report as such.
/// </summary>
/// <remarks>
/// An endpoint is eligible if it answers, its head is not in the future, and it is not far behind an endpoint that has
/// its head on its chain. If only one is eligible, it is trusted alone. Data at an agreed height is read from one
/// endpoint and not compared: an endpoint that serves valid headers with wrong state, logs or receipts goes undetected.
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

    // Tags that a single endpoint must not decide: irreversible steps depend on them.
    private static readonly BlockTag[] AgreedTags = [BlockTag.Finalized, BlockTag.Safe];

    private readonly ImmutableArray<JsonRpc> _endpoints;
    private readonly HeadAgreement _agreement;
    private readonly RedundantRpcOptions _options;
    private readonly TimeProvider _time;
    private readonly SemaphoreSlim _polling = new(1);
    private AgreedHead? _agreed;
    private long _polledAt;

    /// <summary>Combines several endpoints of one chain.</summary>
    /// <param name="endpoints">The endpoints, the preferred one first.</param>
    /// <param name="options">When an endpoint is trusted.</param>
    /// <param name="time">The clock; the system clock if null.</param>
    /// <exception cref="ArgumentException">There are no endpoints.</exception>
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
        AgreedHead head = await AgreedAsync(refresh: false, cancellationToken);
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
    public void Dispose() => _polling.Dispose();

    /// <summary>The parameters, with <c>latest</c> replaced by the agreed head's number.</summary>
    private static IReadOnlyList<object?> AtHead(string method, IReadOnlyList<object?> parameters, AgreedHead head) =>
        TagPlaces.TryGetValue(method, out int place) && place < parameters.Count && parameters[place] is "latest"
            ? [.. parameters.Take(place), JsonFields.Quantity(head.Number), .. parameters.Skip(place + 1)]
            : parameters;

    private async Task<AgreedHead> AgreedAsync(bool refresh, CancellationToken cancellationToken)
    {
        await _polling.WaitAsync(cancellationToken);
        try
        {
            if (refresh || _agreed is null || _time.GetElapsedTime(_polledAt) >= _options.HeadInterval)
            {
                _agreed = null;
                _agreed = await _agreement.PollAsync(cancellationToken);
                _polledAt = _time.GetTimestamp();
            }

            return _agreed;
        }
        finally
        {
            _polling.Release();
        }
    }

    /// <summary>
    /// Asks the trusted endpoints in turn until one answers. A revert is an answer; any other error may be specific to
    /// that endpoint, so the next one is asked.
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
    /// The block that a tag denotes according to more than half of the trusted endpoints, read by its number; null if
    /// fewer name one.
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

        return block <= (await AgreedAsync(refresh: true, cancellationToken)).Number
            ? receipt
            : JsonSerializer.SerializeToElement<object?>(null);
    }

    /// <summary>
    /// Submits a transaction to every endpoint. It counts as sent once one accepts it, and as rejected if every
    /// endpoint that answers rejects it.
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

        // An endpoint that answered a moment ago and is silent now may have accepted the transaction.
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

    /// <summary>Reports one endpoint's failure as the failure of all of them.</summary>
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
