using System.Numerics;
using Meeda.Ethereum;
using Meeda.L1.Rpc;
using Meeda.L1.Signing;
using Meeda.L1.Transactions;
using Meeda.Testing;

namespace Meeda.L1.Tests.Transactions;

/// <summary>
/// A node with the rules of execution clients' mempools: it accepts either blob transactions or others from one account
/// at a time, a replacement must pay more (blob transactions twice as much for each fee), and a block includes what
/// pays enough. A block is produced whenever a receipt is requested.
/// </summary>
internal sealed class FakePool : ITransactionSigner
{
    private readonly PrivateKeySigner _key = PrivateKeySigner.FromHex(Anvil.FundedKey);
    private readonly List<(UnsignedTransaction Transaction, byte[] Body, Bytes32 Hash)> _signed = [];
    private readonly SortedDictionary<ulong, (UnsignedTransaction Transaction, Bytes32 Hash)> _waiting = [];
    private readonly List<(UnsignedTransaction Transaction, Bytes32 Hash, ulong Block)> _mined = [];
    private readonly Lock _gate = new();

    public FakePool()
    {
        Rpc = new FakeRpc(
            (method, parameters) =>
            {
                lock (_gate)
                {
                    return Override(method, parameters) ?? Answer(method, parameters);
                }
            }
        );
        Client = new EthereumClient(Rpc);
    }

    public FakeRpc Rpc { get; }

    public EthereumClient Client { get; }

    public Address Address => _key.Address;

    /// <summary>Answers, or throws, in the node's place; null leaves it to the node.</summary>
    public Func<string, IReadOnlyList<object?>, object?> Override { get; set; } = (_, _) => null;

    /// <summary>The price of blobs.</summary>
    public BigInteger BlobBaseFee { get; set; } = 1_000_000_000;

    /// <summary>The number of the account's transactions from other senders.</summary>
    public ulong Foreign { get; set; }

    public IReadOnlyList<UnsignedTransaction> Mined
    {
        get
        {
            lock (_gate)
            {
                return [.. _mined.Select(each => each.Transaction)];
            }
        }
    }

    public int Waiting
    {
        get
        {
            lock (_gate)
            {
                return _waiting.Count;
            }
        }
    }

    /// <summary>The pending transactions, by nonce.</summary>
    public IReadOnlyList<UnsignedTransaction> WaitingTransactions
    {
        get
        {
            lock (_gate)
            {
                return [.. _waiting.Values.Select(each => each.Transaction)];
            }
        }
    }

    public Task<Signature> SignAsync(UnsignedTransaction transaction, CancellationToken cancellationToken)
    {
        Signature signature = _key.Sign(transaction.SigningHash());
        byte[] signed = transaction.WithSignature(signature);
        lock (_gate)
        {
            _signed.Add((transaction, signed[1..], Keccak256.Hash(signed)));
        }

        return Task.FromResult(signature);
    }

    private static ulong NonceOf(UnsignedTransaction transaction) =>
        transaction is BlobTransaction blob ? blob.Nonce : ((FeeMarketTransaction)transaction).Nonce;

    private static BigInteger TipOf(UnsignedTransaction transaction) =>
        transaction is BlobTransaction blob
            ? blob.MaxPriorityFeePerGas
            : ((FeeMarketTransaction)transaction).MaxPriorityFeePerGas;

    private object? Answer(string method, IReadOnlyList<object?> parameters) =>
        method switch
        {
            "eth_chainId" => "0x1",
            "eth_estimateGas" => "0x5208",
            "eth_getTransactionCount" => FakeRpc.Quantity(
                Foreign + (ulong)_mined.Count + (parameters[1] is "pending" ? (ulong)_waiting.Count : 0)
            ),
            "eth_maxPriorityFeePerGas" => "0x3b9aca00",
            "eth_blobBaseFee" => FakeRpc.Quantity((ulong)BlobBaseFee),
            "eth_blockNumber" => FakeRpc.Quantity((ulong)_mined.Count),
            "eth_getBlockByNumber" => FakeRpc.Block((ulong)_mined.Count),
            "eth_sendRawTransaction" => Take(Convert.FromHexString(((string)parameters[0]!)[2..])).ToString(),
            "eth_getTransactionByHash" => _waiting.Values.Any(each => each.Hash.ToString() == (string)parameters[0]!)
                ? new
                {
                    hash = parameters[0],
                    from = Address.ToString(),
                    nonce = "0x0",
                    input = "0x",
                }
                : null,
            "eth_getTransactionReceipt" => Receipt((string)parameters[0]!),
            _ => throw FakeRpc.Unknown(method),
        };

    private Bytes32 Take(byte[] wire)
    {
        (UnsignedTransaction transaction, _, Bytes32 hash) = _signed.Find(each =>
            wire.AsSpan().IndexOf(each.Body) >= 0
        );
        ulong nonce = NonceOf(transaction);
        if (nonce < Foreign + (ulong)_mined.Count)
        {
            throw new JsonRpcException("eth_sendRawTransaction", -32000, "nonce too low", []);
        }

        if (_waiting.Values.Any(other => other.Transaction.GetType() != transaction.GetType()))
        {
            throw new JsonRpcException("eth_sendRawTransaction", -32000, "address already reserved", []);
        }

        if (_waiting.TryGetValue(nonce, out (UnsignedTransaction Transaction, Bytes32 Hash) last))
        {
            bool isEnough =
                transaction is BlobTransaction blob && last.Transaction is BlobTransaction old
                    ? blob.MaxFeePerBlobGas >= 2 * old.MaxFeePerBlobGas
                        && blob.MaxFeePerGas >= 2 * old.MaxFeePerGas
                        && blob.MaxPriorityFeePerGas >= 2 * old.MaxPriorityFeePerGas
                    : TipOf(transaction) * 10 >= TipOf(last.Transaction) * 11;
            if (last.Hash == hash || !isEnough)
            {
                throw new JsonRpcException(
                    "eth_sendRawTransaction",
                    -32000,
                    last.Hash == hash ? "already known" : "replacement transaction underpriced",
                    []
                );
            }
        }

        _waiting[nonce] = (transaction, hash);
        return hash;
    }

    private object? Receipt(string hash)
    {
        Mine();
        return _mined.FindIndex(each => each.Hash.ToString() == hash) is >= 0 and var place
            ? new
            {
                transactionHash = hash,
                blockNumber = FakeRpc.Quantity(_mined[place].Block),
                blockHash = Bytes32.Zero.ToString(),
                gasUsed = "0x5208",
                status = "0x1",
                logs = Array.Empty<object>(),
            }
            : null;
    }

    private void Mine()
    {
        while (
            _waiting.TryGetValue(
                Foreign + (ulong)_mined.Count,
                out (UnsignedTransaction Transaction, Bytes32 Hash) next
            ) && (next.Transaction is not BlobTransaction blob || blob.MaxFeePerBlobGas >= BlobBaseFee)
        )
        {
            _waiting.Remove(Foreign + (ulong)_mined.Count);
            _mined.Add((next.Transaction, next.Hash, (ulong)_mined.Count + 1));
        }
    }
}
