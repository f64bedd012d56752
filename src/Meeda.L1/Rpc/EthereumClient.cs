using System.Numerics;
using System.Text.Json;
using Meeda.Ethereum;
using Meeda.L1.Transactions;
using Nethereum.Contracts.Services;
using Nethereum.Hex.HexTypes;
using Nethereum.JsonRpc.Client;
using Nethereum.RPC.Eth;
using Nethereum.RPC.Eth.DTOs;
using Nethereum.Web3;

namespace Meeda.L1.Rpc;

/// <summary>
/// Calls to an Ethereum execution client (execution-apis): Nethereum's services with a cancellation token and complete
/// responses. Every method throws <see cref="JsonRpcException"/> if the node returns an error and
/// <see cref="L1UnreachableException"/> if it does not answer, or answers something other than requested.
/// </summary>
/// <param name="rpc">The JSON-RPC connection: to one node, or to several.</param>
public sealed class EthereumClient(JsonRpc rpc)
{
    private readonly IEthApiContractService _eth = new Web3(rpc).Eth;
    private readonly EthMaxPriorityFeePerGas _tip = new(rpc);
    private readonly FeeHistory _feeHistory = new(rpc);

    // Nethereum has no service for EIP-7516.
    private readonly RpcRequestResponseHandlerNoParam<HexBigInteger> _blobBaseFee = new(rpc, "eth_blobBaseFee");

    /// <summary>The chain's id (EIP-155).</summary>
    public async Task<ulong> GetChainIdAsync(CancellationToken cancellationToken) =>
        Answers.UInt64(await JsonRpc.UnderAsync(() => _eth.ChainId.SendRequestAsync(), cancellationToken), "chain id");

    /// <summary>The newest block's number.</summary>
    public async Task<ulong> GetBlockNumberAsync(CancellationToken cancellationToken) =>
        Answers.UInt64(
            await JsonRpc.UnderAsync(() => _eth.Blocks.GetBlockNumber.SendRequestAsync(), cancellationToken),
            "block number"
        );

    /// <summary>
    /// A block's header, or null where there is no such block: also where the node does not know
    /// <see cref="BlockTag.Finalized"/> or <see cref="BlockTag.Safe"/>.
    /// </summary>
    public async Task<Block?> GetBlockAsync(BlockTag tag, CancellationToken cancellationToken)
    {
        BlockWithTransactionHashes? block;
        try
        {
            block = await JsonRpc.UnderAsync(
                () => _eth.Blocks.GetBlockWithTransactionsHashesByNumber.SendRequestAsync(tag.ToParameter()),
                cancellationToken
            );
        }
        catch (Exception unsupported)
            when ((tag == BlockTag.Finalized || tag == BlockTag.Safe) && IsUnsupported(unsupported))
        {
            return null;
        }

        return block is null ? null : Answers.Header(block);
    }

    /// <summary>
    /// The encoded header of a block, its hash checked; null where there is no such block. One that this client cannot
    /// encode, as after a fork that adds fields, is asked for by <c>debug_getRawHeader</c>, which few nodes answer.
    /// </summary>
    /// <param name="number">The block's number.</param>
    /// <param name="cancellationToken">Ends the waiting.</param>
    public async Task<BlockHeader?> GetBlockHeaderAsync(ulong number, CancellationToken cancellationToken)
    {
        string quantity = JsonFields.Quantity(number);
        JsonElement block = await rpc.CallAsync("eth_getBlockByNumber", [quantity, false], cancellationToken);
        if (block.ValueKind == JsonValueKind.Null)
        {
            return null;
        }

        BlockHeader header = BlockHeader.Encode(block);
        if (header.IsOf(block))
        {
            return header;
        }

        JsonElement raw = await rpc.CallAsync("debug_getRawHeader", [quantity], cancellationToken);
        header = BlockHeader.Of(raw.AsBytes());
        return header.IsOf(block)
            ? header
            : throw new L1UnreachableException($"the node's header of block {number} has not that block's hash");
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
            return Answers.UInt64(
                await JsonRpc.UnderAsync(
                    () => _eth.Transactions.GetTransactionCount.SendRequestAsync($"{address}", tag.ToParameter()),
                    cancellationToken
                ),
                "transaction count"
            );
        }
        catch (Exception unsupported) when (tag == BlockTag.Pending && IsUnsupported(unsupported))
        {
            return await GetTransactionCountAsync(address, BlockTag.Latest, cancellationToken);
        }
    }

    /// <summary>The code of an account; empty where it is no contract.</summary>
    public async Task<byte[]> GetCodeAsync(Address address, BlockTag tag, CancellationToken cancellationToken) =>
        Answers.Data(
            await JsonRpc.UnderAsync(
                () => _eth.GetCode.SendRequestAsync($"{address}", tag.ToParameter()),
                cancellationToken
            ),
            "code"
        );

    /// <summary>An account's balance in wei.</summary>
    public async Task<BigInteger> GetBalanceAsync(Address address, BlockTag tag, CancellationToken cancellationToken) =>
        Answers.Number(
            await JsonRpc.UnderAsync(
                () => _eth.GetBalance.SendRequestAsync($"{address}", tag.ToParameter()),
                cancellationToken
            ),
            "balance"
        );

    /// <summary>
    /// The tip that the node suggests, in wei for each gas (EIP-1559); of one that suggests none the median of what
    /// the last blocks' transactions paid, or null where it does not
    /// tell that either.
    /// </summary>
    public async Task<BigInteger?> GetMaxPriorityFeePerGasAsync(CancellationToken cancellationToken)
    {
        try
        {
            return Answers.Number(
                await JsonRpc.UnderAsync(() => _tip.SendRequestAsync(null), cancellationToken),
                "priority fee"
            );
        }
        catch (Exception unsupported) when (IsUnsupported(unsupported))
        {
            return await _feeHistory.MedianTipAsync(cancellationToken);
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
            return Answers.Number(
                await JsonRpc.UnderAsync(() => _blobBaseFee.SendRequestAsync(null), cancellationToken),
                "blob base fee"
            );
        }
        catch (Exception unsupported) when (IsUnsupported(unsupported))
        {
            return await _feeHistory.LastBlobBaseFeeAsync(cancellationToken);
        }
    }

    /// <summary>The answer of a read-only call.</summary>
    public Task<byte[]> CallAsync(Address to, byte[] data, BlockTag tag, CancellationToken cancellationToken) =>
        CallAsync(new CallInput { To = $"{to}", Data = JsonFields.Data(data) }, tag, cancellationToken);

    /// <summary>
    /// The output of a transaction if it were executed on the state of a block. A revert is a
    /// <see cref="JsonRpcException"/> with its data.
    /// </summary>
    public Task<byte[]> CallAsync(
        Address from,
        TransactionRequest request,
        ulong gasLimit,
        BlockTag tag,
        CancellationToken cancellationToken
    )
    {
        BlobCallInput call = Describe(from, request);
        call.Gas = new HexBigInteger(gasLimit);
        return CallAsync(call, tag, cancellationToken);
    }

    /// <summary>
    /// The gas that a transaction would use, with the versioned hashes of its blobs where it has any.
    /// </summary>
    public async Task<ulong> EstimateGasAsync(
        Address from,
        TransactionRequest request,
        CancellationToken cancellationToken
    ) =>
        Answers.UInt64(
            await JsonRpc.UnderAsync(
                () => _eth.Transactions.EstimateGas.SendRequestAsync(Describe(from, request)),
                cancellationToken
            ),
            "gas"
        );

    /// <summary>Submits a signed transaction.</summary>
    /// <returns>Its hash.</returns>
    public async Task<Bytes32> SendRawTransactionAsync(byte[] signedTransaction, CancellationToken cancellationToken) =>
        Answers.Hash(
            await JsonRpc.UnderAsync(
                () => _eth.Transactions.SendRawTransaction.SendRequestAsync(JsonFields.Data(signedTransaction)),
                cancellationToken
            ),
            "transaction hash"
        );

    /// <summary>A transaction's receipt, or null while no block includes it.</summary>
    public async Task<Transactions.TransactionReceipt?> GetTransactionReceiptAsync(
        Bytes32 hash,
        CancellationToken cancellationToken
    ) =>
        await JsonRpc.UnderAsync(
            () => _eth.Transactions.GetTransactionReceipt.SendRequestAsync($"{hash}"),
            cancellationToken
        )
            is { } receipt
            ? Answers.Receipt(receipt, hash)
            : null;

    /// <summary>A transaction, or null if the node does not know it.</summary>
    public async Task<Transaction?> GetTransactionAsync(Bytes32 hash, CancellationToken cancellationToken) =>
        await JsonRpc.UnderAsync(
            () => _eth.Transactions.GetTransactionByHash.SendRequestAsync($"{hash}"),
            cancellationToken
        )
            is { } transaction
            ? Answers.Transaction(transaction, hash)
            : null;

    /// <summary>The logs of some contracts in a range of blocks, in their order.</summary>
    /// <param name="addresses">The contracts.</param>
    /// <param name="topics">For each position the accepted topics; null for any.</param>
    /// <param name="first">The first block.</param>
    /// <param name="last">The last block.</param>
    /// <param name="cancellationToken">Ends the waiting.</param>
    public async Task<IReadOnlyList<Log>> GetLogsAsync(
        IReadOnlyList<Address> addresses,
        IReadOnlyList<IReadOnlyList<Bytes32>?> topics,
        ulong first,
        ulong last,
        CancellationToken cancellationToken
    )
    {
        var filter = new
        {
            // A list only where it is needed: not every endpoint takes a list of one.
            address = addresses.Count == 1 ? (object)$"{addresses[0]}" : addresses.Select(each => $"{each}").ToArray(),
            topics = topics.Select(place => place?.Select(topic => $"{topic}").ToArray()).ToArray(),
            fromBlock = JsonFields.Quantity(first),
            toBlock = JsonFields.Quantity(last),
        };

        // One at a time, and not by Nethereum's service: tens of thousands of its logs, with their data as text, would
        // be in memory at once. Its filter names one address as a list, which not every endpoint takes.
        JsonElement logs = await rpc.CallAsync("eth_getLogs", [filter], cancellationToken);
        return [.. logs.Items().Select(log => Answers.Log(AnswerJson.Read<FilterLog?>(log)))];
    }

    /// <summary>Whether the node answers but does not support this call, which is optional.</summary>
    internal static bool IsUnsupported(Exception failure) =>
        failure
            is JsonRpcException { IsRateLimit: false }
                or L1UnreachableException { Problem: L1Problem.Answer or L1Problem.Status };

    private async Task<byte[]> CallAsync(CallInput call, BlockTag tag, CancellationToken cancellationToken) =>
        Answers.Data(
            await JsonRpc.UnderAsync(
                () => _eth.Transactions.Call.SendRequestAsync(call, tag.ToParameter()),
                cancellationToken
            ),
            "result"
        );

    private static BlobCallInput Describe(Address from, TransactionRequest request) =>
        new()
        {
            From = $"{from}",
            To = request.To?.ToString(),
            Data = JsonFields.Data(request.Data),
            Value = new HexBigInteger(request.Value),
            BlobVersionedHashes = request.Blobs?.VersionedHashes().Select(hash => $"{hash}").ToArray(),
        };
}
