using System.Numerics;
using System.Text.Json;
using Meeda.Ethereum;
using Meeda.L1.Transactions;

namespace Meeda.L1.Rpc;

/// <summary>
/// What is asked of an Ethereum execution client (execution-apis), with typed answers. Every method throws
/// <see cref="JsonRpcException"/> where the node
/// answers with an error and <see cref="L1UnreachableException"/> where it does not answer, or with something else
/// than was asked for.
/// </summary>
/// <param name="rpc">The JSON-RPC connection: to one node, or to several.</param>
public sealed class EthereumClient(IJsonRpc rpc)
{
    /// <summary>The chain's id (EIP-155).</summary>
    public async Task<ulong> GetChainIdAsync(CancellationToken cancellationToken) =>
        (await rpc.CallAsync("eth_chainId", [], cancellationToken)).AsUInt64();

    /// <summary>The newest block's number.</summary>
    public async Task<ulong> GetBlockNumberAsync(CancellationToken cancellationToken) =>
        (await rpc.CallAsync("eth_blockNumber", [], cancellationToken)).AsUInt64();

    /// <summary>
    /// A block's header, or null where there is no such block: also where the node does not know
    /// <see cref="BlockTag.Finalized"/> or <see cref="BlockTag.Safe"/>.
    /// </summary>
    public async Task<Block?> GetBlockAsync(BlockTag tag, CancellationToken cancellationToken)
    {
        JsonElement block;
        try
        {
            block = await rpc.CallAsync("eth_getBlockByNumber", [tag.ToString(), false], cancellationToken);
        }
        catch (Exception unsupported)
            when ((tag == BlockTag.Finalized || tag == BlockTag.Safe) && IsUnsupported(unsupported))
        {
            return null;
        }

        return block.ValueKind == JsonValueKind.Null
            ? null
            : new Block(
                block.Field("number").AsUInt64(),
                block.Field("hash").AsBytes32(),
                block.Field("parentHash").AsBytes32(),
                block.Field("timestamp").AsUInt64(),
                block.OptionalField("baseFeePerGas")?.AsBigInteger() ?? BigInteger.Zero,
                block.OptionalField("blobGasUsed")?.AsUInt64(),
                block.OptionalField("excessBlobGas")?.AsUInt64()
            );
    }

    /// <summary>
    /// The number of an account's transactions: its next nonce. Of an endpoint that knows no
    /// <see cref="BlockTag.Pending"/> that of the newest block.
    /// </summary>
    public async Task<ulong> GetTransactionCountAsync(
        Address address,
        BlockTag tag,
        CancellationToken cancellationToken
    )
    {
        try
        {
            return (
                await rpc.CallAsync("eth_getTransactionCount", [address.ToString(), tag.ToString()], cancellationToken)
            ).AsUInt64();
        }
        catch (Exception unsupported) when (tag == BlockTag.Pending && IsUnsupported(unsupported))
        {
            return await GetTransactionCountAsync(address, BlockTag.Latest, cancellationToken);
        }
    }

    /// <summary>The code of an account; empty where it is no contract.</summary>
    public async Task<byte[]> GetCodeAsync(Address address, BlockTag tag, CancellationToken cancellationToken) =>
        (await rpc.CallAsync("eth_getCode", [address.ToString(), tag.ToString()], cancellationToken)).AsBytes();

    /// <summary>An account's balance in wei.</summary>
    public async Task<BigInteger> GetBalanceAsync(Address address, BlockTag tag, CancellationToken cancellationToken) =>
        (await rpc.CallAsync("eth_getBalance", [address.ToString(), tag.ToString()], cancellationToken)).AsBigInteger();

    /// <summary>
    /// The tip that the node suggests, in wei for each gas (EIP-1559); of one that suggests none the median of what
    /// the last blocks' transactions paid, or null where it does not
    /// tell that either.
    /// </summary>
    public async Task<BigInteger?> GetMaxPriorityFeePerGasAsync(CancellationToken cancellationToken)
    {
        try
        {
            return (await rpc.CallAsync("eth_maxPriorityFeePerGas", [], cancellationToken)).AsBigInteger();
        }
        catch (Exception unsupported) when (IsUnsupported(unsupported))
        {
            JsonElement? rewards = await FeeHistoryAsync("reward", [50], cancellationToken);
            BigInteger[] tips =
            [
                .. (rewards?.Items() ?? [])
                    .SelectMany(block => block.Items())
                    .Select(tip => tip.AsBigInteger())
                    .Order(),
            ];
            return tips.Length == 0 ? null : tips[tips.Length / 2];
        }
    }

    /// <summary>
    /// The price of blobs in the next block, in wei for each blob gas (EIP-7516), by either of the methods that tell
    /// it; null where the node has neither.
    /// </summary>
    public async Task<BigInteger?> GetBlobBaseFeeAsync(CancellationToken cancellationToken)
    {
        try
        {
            return (await rpc.CallAsync("eth_blobBaseFee", [], cancellationToken)).AsBigInteger();
        }
        catch (Exception unsupported) when (IsUnsupported(unsupported))
        {
            JsonElement? prices = await FeeHistoryAsync("baseFeePerBlobGas", [], cancellationToken);
            return prices?.Items().LastOrDefault() is { ValueKind: JsonValueKind.String } last
                ? last.AsBigInteger()
                : null;
        }
    }

    /// <summary>The answer of a read-only call.</summary>
    public async Task<byte[]> CallAsync(Address to, byte[] data, BlockTag tag, CancellationToken cancellationToken) =>
        (
            await rpc.CallAsync(
                "eth_call",
                [new { to = to.ToString(), data = JsonFields.Data(data) }, tag.ToString()],
                cancellationToken
            )
        ).AsBytes();

    /// <summary>
    /// What a transaction would answer, were it carried out on the state of a block. A revert is a
    /// <see cref="JsonRpcException"/> with its data.
    /// </summary>
    public async Task<byte[]> CallAsync(
        Address from,
        TransactionRequest request,
        ulong gasLimit,
        BlockTag tag,
        CancellationToken cancellationToken
    )
    {
        Dictionary<string, object?> call = Describe(from, request);
        call["gas"] = JsonFields.Quantity(gasLimit);
        return (await rpc.CallAsync("eth_call", [call, tag.ToString()], cancellationToken)).AsBytes();
    }

    /// <summary>
    /// The gas that a transaction would use, with the versioned hashes of its blobs where it has any.
    /// </summary>
    public async Task<ulong> EstimateGasAsync(
        Address from,
        TransactionRequest request,
        CancellationToken cancellationToken
    ) => (await rpc.CallAsync("eth_estimateGas", [Describe(from, request)], cancellationToken)).AsUInt64();

    /// <summary>Hands a signed transaction to the network.</summary>
    /// <returns>Its hash.</returns>
    public async Task<Bytes32> SendRawTransactionAsync(byte[] signedTransaction, CancellationToken cancellationToken) =>
        (
            await rpc.CallAsync("eth_sendRawTransaction", [JsonFields.Data(signedTransaction)], cancellationToken)
        ).AsBytes32();

    /// <summary>A transaction's receipt, or null while no block holds it.</summary>
    public async Task<TransactionReceipt?> GetTransactionReceiptAsync(Bytes32 hash, CancellationToken cancellationToken)
    {
        JsonElement receipt = await rpc.CallAsync("eth_getTransactionReceipt", [hash.ToString()], cancellationToken);
        return receipt.ValueKind == JsonValueKind.Null
            ? null
            : new TransactionReceipt(
                Same(hash, receipt.Field("transactionHash").AsBytes32()),
                receipt.Field("blockNumber").AsUInt64(),
                receipt.Field("blockHash").AsBytes32(),
                receipt.Field("gasUsed").AsUInt64(),
                receipt.OptionalField("contractAddress")?.AsAddress(),
                receipt.Field("status").AsUInt64() == 1,
                [.. receipt.Field("logs").Items().Select(ReadLog)],
                receipt.OptionalField("effectiveGasPrice")?.AsBigInteger() ?? BigInteger.Zero
            );
    }

    /// <summary>A transaction, or null where the node does not know it.</summary>
    public async Task<Transaction?> GetTransactionAsync(Bytes32 hash, CancellationToken cancellationToken)
    {
        JsonElement transaction = await rpc.CallAsync("eth_getTransactionByHash", [hash.ToString()], cancellationToken);
        return transaction.ValueKind == JsonValueKind.Null
            ? null
            : new Transaction(
                Same(hash, transaction.Field("hash").AsBytes32()),
                transaction.Field("from").AsAddress(),
                transaction.OptionalField("to")?.AsAddress(),
                transaction.Field("nonce").AsUInt64(),
                transaction.Field("input").AsBytes(),
                transaction.OptionalField("blockNumber")?.AsUInt64()
            );
    }

    /// <summary>The logs of a contract in a range of blocks, in their order.</summary>
    /// <param name="address">The contract.</param>
    /// <param name="topics">For each place the topics that are wanted; null for any.</param>
    /// <param name="first">The first block.</param>
    /// <param name="last">The last block.</param>
    /// <param name="cancellationToken">Ends the waiting.</param>
    public async Task<IReadOnlyList<Log>> GetLogsAsync(
        Address address,
        IReadOnlyList<IReadOnlyList<Bytes32>?> topics,
        ulong first,
        ulong last,
        CancellationToken cancellationToken
    )
    {
        JsonElement logs = await rpc.CallAsync(
            "eth_getLogs",
            [
                new
                {
                    address = address.ToString(),
                    topics = topics.Select(place => place?.Select(topic => topic.ToString()).ToArray()).ToArray(),
                    fromBlock = JsonFields.Quantity(first),
                    toBlock = JsonFields.Quantity(last),
                },
            ],
            cancellationToken
        );
        return [.. logs.Items().Select(ReadLog)];
    }

    /// <summary>Whether the node answers, but not this: for questions that it need not know.</summary>
    internal static bool IsUnsupported(Exception failure) =>
        failure
            is JsonRpcException { IsRateLimit: false }
                or L1UnreachableException { Problem: L1Problem.Answer or L1Problem.Status };

    /// <summary>A list of the fees of the last ten blocks; null where the node has no such method or field.</summary>
    private async Task<JsonElement?> FeeHistoryAsync(
        string field,
        double[] percentiles,
        CancellationToken cancellationToken
    )
    {
        try
        {
            JsonElement history = await rpc.CallAsync(
                "eth_feeHistory",
                ["0xa", BlockTag.Latest.ToString(), percentiles],
                cancellationToken
            );
            return history.ValueKind == JsonValueKind.Object ? history.OptionalField(field) : null;
        }
        catch (Exception unsupported) when (IsUnsupported(unsupported))
        {
            return null;
        }
    }

    private static Dictionary<string, object?> Describe(Address from, TransactionRequest request)
    {
        var call = new Dictionary<string, object?>
        {
            ["from"] = from.ToString(),
            ["to"] = request.To?.ToString(),
            ["data"] = JsonFields.Data(request.Data),
            ["value"] = JsonFields.Quantity(request.Value),
        };
        if (request.Blobs is { } blobs)
        {
            call["blobVersionedHashes"] = blobs.VersionedHashes().Select(hash => hash.ToString()).ToArray();
        }

        return call;
    }

    private static Bytes32 Same(Bytes32 asked, Bytes32 answered) =>
        answered == asked
            ? answered
            : throw new L1UnreachableException(
                $"the node was asked for transaction {asked} and answered with {answered}"
            );

    private static Log ReadLog(JsonElement log) =>
        new(
            log.Field("address").AsAddress(),
            [.. log.Field("topics").Items().Select(topic => topic.AsBytes32())],
            log.Field("data").AsBytes(),
            log.Field("blockNumber").AsUInt64(),
            log.Field("blockHash").AsBytes32(),
            log.Field("transactionHash").AsBytes32(),
            log.Field("logIndex").AsUInt64()
        );
}
