using System.Collections.Immutable;
using System.Globalization;
using System.Numerics;
using System.Security.Cryptography;
using System.Text.Json;
using Meeda.Chain.Contract;
using Meeda.Ethereum;
using Meeda.L1.Rpc;
using Meeda.L1.Signing;
using Meeda.L1.Transactions;

namespace Meeda.Node.Tests.Model;

/// <summary>
/// An L1 in memory that behaves like a node with the contracts: blocks, a mempool of properly signed transactions,
/// receipts, logs, reorganisations and finality. Blocks are mined only on command. <c>FakeChainTests</c> compares it
/// with anvil, so that it cannot drift from real nodes. Accounts have as much ether as they need, and gas is an
/// estimate that tests must not compare.
/// </summary>
internal sealed class FakeChain : JsonRpc
{
    /// <summary>Seconds between two blocks.</summary>
    public const ulong SlotSeconds = 12;

    // A node's errors for a transaction: execution clients share these codes, not the messages.
    private const int Rejected = -32003;
    private const int Reverted = 3;
    private const int InvalidParameters = -32602;
    private const int UnknownMethod = -32601;

    private static readonly BigInteger Balance = BigInteger.Pow(10, 22);

    private readonly Lock _gate = new();
    private readonly List<FakeBlock> _blocks = [];

    // The pending transactions, by sender and nonce.
    private readonly SortedDictionary<(string Sender, ulong Nonce), FakeTransaction> _pending = [];
    private readonly FakeContracts _contracts;
    private ulong _salt;

    /// <summary>A chain with its genesis block, which already contains the contract.</summary>
    /// <param name="parameters">The contract's parameters.</param>
    /// <param name="chainId">The chain's id.</param>
    /// <param name="genesisTime">Seconds since 1970 of the genesis block.</param>
    /// <param name="contract">The contract's address.</param>
    public FakeChain(
        SystemParameters parameters,
        ulong chainId = 31_337,
        ulong genesisTime = 1_700_000_000,
        Address? contract = null
    )
    {
        ChainId = chainId;
        Contract = contract ?? Address.Parse("0x00000000000000000000000000000000000000c0");
        _contracts = new FakeContracts(
            parameters,
            new SystemContract(new EthereumClient(this), Contract),
            chainId,
            number => (_blocks[(int)number].Hash, _blocks[(int)number].Mix)
        );
        _blocks.Add(
            Block(
                0,
                Bytes32.Zero,
                genesisTime,
                [],
                FakeContracts.State.Empty,
                ImmutableDictionary<Address, ulong>.Empty
            )
        );
    }

    /// <summary>The contract's address.</summary>
    public Address Contract { get; }

    /// <summary>The chain's id.</summary>
    public ulong ChainId { get; }

    /// <summary>The base fee of the next blocks, in wei per gas.</summary>
    public BigInteger BaseFee { get; set; } = 1_000_000_000;

    /// <summary>The blob base fee of the next blocks, in wei per blob gas.</summary>
    public BigInteger BlobBaseFee { get; set; } = 1;

    /// <summary>How far below the head the last final block is. Default 64, two epochs of Ethereum.</summary>
    public ulong FinalityDepth { get; set; } = 64;

    /// <summary>Whether blocks include pending transactions.</summary>
    public bool TakesTransactions { get; set; } = true;

    /// <summary>The newest block's number.</summary>
    public ulong Head
    {
        get
        {
            lock (_gate)
            {
                return _blocks[^1].Number;
            }
        }
    }

    /// <summary>The last final block's number.</summary>
    public ulong Finalized => Head - Math.Min(Head, FinalityDepth);

    /// <summary>The number of pending transactions.</summary>
    public int PendingCount
    {
        get
        {
            lock (_gate)
            {
                return _pending.Count;
            }
        }
    }

    /// <summary>The contracts' state at the head.</summary>
    public FakeContracts.State Verified
    {
        get
        {
            lock (_gate)
            {
                return _blocks[^1].State;
            }
        }
    }

    /// <summary>Gives an operator a stake, in a separate block.</summary>
    public void Stake(Address account, BigInteger wei)
    {
        lock (_gate)
        {
            Append([], _blocks[^1].State.WithStake(account, wei), _blocks[^1].Nonces);
        }
    }

    /// <summary>Gives an operator a price, in a block of its own.</summary>
    public void SetPrice(Address account, BigInteger weiPerByteBlock)
    {
        lock (_gate)
        {
            FakeContracts.State state = _blocks[^1].State;
            state = state.With(account, state.Of(account) with { Price = weiPerByteBlock });
            Append([], state, _blocks[^1].Nonces);
        }
    }

    /// <summary>Adds blocks; each includes the pending transactions that pay enough.</summary>
    public void Mine(int count = 1)
    {
        lock (_gate)
        {
            for (int i = 0; i < count; i++)
            {
                MineOne();
            }
        }
    }

    /// <summary>Replaces the last blocks by as many empty ones. Final blocks stay.</summary>
    /// <param name="depth">The number of blocks, limited to those that are not final.</param>
    /// <param name="forget">
    /// Whether the node forgets their transactions; otherwise they wait in its mempool again.
    /// </param>
    /// <returns>The number of replaced blocks.</returns>
    public int Reorganise(int depth, bool forget = false)
    {
        lock (_gate)
        {
            depth = (int)Math.Min((ulong)depth, Head - Finalized);
            FakeBlock[] undone = [.. _blocks.Skip(_blocks.Count - depth)];
            _blocks.RemoveRange(_blocks.Count - depth, depth);
            _salt++;
            for (int i = 0; i < depth; i++)
            {
                Append([], _blocks[^1].State, _blocks[^1].Nonces);
            }

            foreach (
                FakeTransaction transaction in undone
                    .SelectMany(block => block.Transactions)
                    .Select(mined => mined.Transaction)
                    .Where(_ => !forget)
            )
            {
                _pending[(transaction.From.ToString(), transaction.Nonce)] = transaction;
            }

            return depth;
        }
    }

    /// <summary>Empties the node's mempool.</summary>
    public void ForgetPending()
    {
        lock (_gate)
        {
            _pending.Clear();
        }
    }

    /// <inheritdoc/>
    public override Task<JsonElement> CallAsync(
        string method,
        IReadOnlyList<object?> parameters,
        CancellationToken cancellationToken
    )
    {
        cancellationToken.ThrowIfCancellationRequested();
        JsonElement[] given = [.. parameters.Select(parameter => JsonSerializer.SerializeToElement(parameter))];
        lock (_gate)
        {
            try
            {
                return Task.FromResult(JsonSerializer.SerializeToElement(Answer(method, given)));
            }
            catch (JsonRpcException refused)
            {
                return Task.FromException<JsonElement>(refused);
            }
            catch (FakeRevertException reverted)
            {
                return Task.FromException<JsonElement>(
                    new JsonRpcException(method, Reverted, "execution reverted", reverted.RevertData)
                );
            }
        }
    }

    /// <summary>A quantity as JSON-RPC writes it.</summary>
    internal static string Quantity(BigInteger value) =>
        value.IsZero ? "0x0" : "0x" + value.ToString("x", CultureInfo.InvariantCulture).TrimStart('0');

    private static string Data(ReadOnlySpan<byte> bytes) => "0x" + Convert.ToHexStringLower(bytes);

    private static ulong ReadQuantity(string text) =>
        ulong.Parse(text.AsSpan(2), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture);

    private object? Answer(string method, JsonElement[] given) =>
        method switch
        {
            "eth_chainId" => Quantity(ChainId),
            "eth_blockNumber" => Quantity(Head),
            "eth_getBlockByNumber" => Describe(BlockAt(given[0])),
            "eth_getTransactionCount" => Quantity(Count(Address.Parse(given[0].GetString()!), given[1])),
            "eth_getBalance" => Quantity(Balance),
            "eth_maxPriorityFeePerGas" => Quantity(1_000_000_000),
            "eth_blobBaseFee" => Quantity(BlobBaseFee),
            "eth_getCode" => _contracts.Has(Address.Parse(given[0].GetString()!)) ? "0xfe" : "0x",
            "eth_call" => Data(
                Execute(
                    Call(given[0]),
                    given.Length > 1
                        ? BlockAt(given[1]) ?? throw Refused(method, InvalidParameters, "header not found")
                        : _blocks[^1],
                    isNext: false
                ).Output
            ),
            "eth_estimateGas" => Quantity(Execute(Call(given[0]), _blocks[^1], isNext: true).Gas),
            "eth_sendRawTransaction" => Take(Convert.FromHexString(given[0].GetString()!.AsSpan(2))),
            "eth_getTransactionReceipt" => Find(given[0]) is var (block, mined) ? Receipt(block, mined) : null,
            "eth_getTransactionByHash" => Transaction(given[0]),
            "eth_getLogs" => Logs(given[0]),
            _ => throw Refused(method, UnknownMethod, $"the method {method} does not exist"),
        };

    private static JsonRpcException Refused(string method, int code, string message) => new(method, code, message, []);

    private FakeBlock? BlockAt(JsonElement tag) =>
        tag.GetString() switch
        {
            "latest" or "pending" => _blocks[^1],
            "earliest" => _blocks[0],
            "finalized" => _blocks[(int)Finalized],
            "safe" => _blocks[(int)(Head - Math.Min(Head, FinalityDepth / 2))],
            { } number => ReadQuantity(number) <= Head ? _blocks[(int)ReadQuantity(number)] : null,
            null => throw Refused("eth_getBlockByNumber", InvalidParameters, "a block tag is expected"),
        };

    private static Dictionary<string, object>? Describe(FakeBlock? block) =>
        block is null
            ? null
            : new Dictionary<string, object>(block.Header)
            {
                ["hash"] = block.Hash.ToString(),
                ["transactions"] = block.Transactions.Select(mined => mined.Transaction.Hash.ToString()),
            };

    private ulong Count(Address account, JsonElement tag)
    {
        FakeBlock block =
            BlockAt(tag) ?? throw Refused("eth_getTransactionCount", InvalidParameters, "header not found");
        ulong next = block.Nonces.GetValueOrDefault(account);
        while (tag.GetString() == "pending" && _pending.ContainsKey((account.ToString(), next)))
        {
            next++;
        }

        return next;
    }

    private static (Address From, Address? To, byte[] Data, BigInteger Value) Call(JsonElement call) =>
        (
            call.TryGetProperty("from", out JsonElement from) ? Address.Parse(from.GetString()!) : Address.Zero,
            call.TryGetProperty("to", out JsonElement to) && to.ValueKind == JsonValueKind.String
                ? Address.Parse(to.GetString()!)
                : null,
            call.TryGetProperty("data", out JsonElement data) ? Convert.FromHexString(data.GetString()!.AsSpan(2)) : [],
            call.TryGetProperty("value", out JsonElement value)
                ? new BigInteger(ReadQuantity(value.GetString()!))
                : BigInteger.Zero
        );

    /// <summary>Executes a call on a block's state, as part of it or of the next block.</summary>
    private (byte[] Output, ulong Gas) Execute(
        (Address From, Address? To, byte[] Data, BigInteger Value) call,
        FakeBlock block,
        bool isNext
    )
    {
        ulong gas = Gas(call.Data);
        return call.To is { } to && _contracts.Has(to)
            ? (
                _contracts
                    .Call(block.State, call.From, to, call.Value, call.Data, block.Number + (isNext ? 1ul : 0))
                    .Output,
                gas
            )
            : ([], gas);
    }

    private static ulong Gas(byte[] data) => 121_000 + (40 * (ulong)data.Length);

    private string Take(byte[] wire)
    {
        FakeTransaction transaction;
        try
        {
            transaction = FakeTransaction.Decode(wire);
        }
        catch (FormatException malformed)
        {
            throw Refused(
                "eth_sendRawTransaction",
                InvalidParameters,
                $"failed to decode signed transaction: {malformed.Message}"
            );
        }

        if (transaction.ChainId != ChainId)
        {
            throw Refused("eth_sendRawTransaction", Rejected, "invalid chain id for signer");
        }

        if (transaction.Nonce < _blocks[^1].Nonces.GetValueOrDefault(transaction.From))
        {
            throw Refused("eth_sendRawTransaction", Rejected, "nonce too low");
        }

        if (_pending.TryGetValue((transaction.From.ToString(), transaction.Nonce), out FakeTransaction? known))
        {
            if (known.Hash == transaction.Hash)
            {
                throw Refused("eth_sendRawTransaction", Rejected, "transaction already imported");
            }

            int least = transaction.IsBlob
                ? TransactionSenderOptions.LeastBlobFeeBumpPercent
                : TransactionSenderOptions.LeastFeeBumpPercent;
            if (
                known.IsBlob != transaction.IsBlob
                || 100 * transaction.MaxFeePerGas < (100 + least) * known.MaxFeePerGas
                || 100 * transaction.Tip < (100 + least) * known.Tip
            )
            {
                throw Refused("eth_sendRawTransaction", Rejected, "replacement transaction underpriced");
            }
        }
        else if (
            _pending.Any(other =>
                other.Key.Sender == transaction.From.ToString() && other.Value.IsBlob != transaction.IsBlob
            )
        )
        {
            throw Refused("eth_sendRawTransaction", Rejected, "address already reserved");
        }

        _pending[(transaction.From.ToString(), transaction.Nonce)] = transaction;
        return transaction.Hash.ToString();
    }

    private void MineOne()
    {
        var mined = new List<MinedTransaction>();
        FakeContracts.State state = _blocks[^1].State;
        ImmutableDictionary<Address, ulong> nonces = _blocks[^1].Nonces;
        ulong number = Head + 1;
        int logIndex = 0;
        foreach (FakeTransaction transaction in _pending.Values.ToArray())
        {
            if (transaction.Nonce < nonces.GetValueOrDefault(transaction.From))
            {
                _pending.Remove((transaction.From.ToString(), transaction.Nonce));
                continue;
            }

            if (
                !TakesTransactions
                || transaction.Nonce != nonces.GetValueOrDefault(transaction.From)
                || transaction.MaxFeePerGas < BaseFee
                || (transaction.IsBlob && transaction.MaxFeePerBlobGas < BlobBaseFee)
            )
            {
                continue;
            }

            _pending.Remove((transaction.From.ToString(), transaction.Nonce));
            nonces = nonces.SetItem(transaction.From, transaction.Nonce + 1);
            IReadOnlyList<FakeLog> logs = [];
            bool succeeded = true;
            try
            {
                if (transaction.To is { } to && _contracts.Has(to))
                {
                    (state, _, logs) = _contracts.Call(
                        state,
                        transaction.From,
                        to,
                        transaction.Value,
                        transaction.Data,
                        number
                    );
                }
            }
            catch (FakeRevertException)
            {
                succeeded = false;
            }

            mined.Add(new MinedTransaction(transaction, mined.Count, logIndex, succeeded, logs, Gas(transaction.Data)));
            logIndex += logs.Count;
        }

        Append(mined, state, nonces);
    }

    private void Append(
        IReadOnlyList<MinedTransaction> mined,
        FakeContracts.State state,
        ImmutableDictionary<Address, ulong> nonces
    )
    {
        FakeBlock parent = _blocks[^1];
        _blocks.Add(Block(parent.Number + 1, parent.Hash, parent.Time + SlotSeconds, mined, state, nonces));
    }

    /// <summary>A block, whose hash is that of its header.</summary>
    private FakeBlock Block(
        ulong number,
        Bytes32 parent,
        ulong time,
        IReadOnlyList<MinedTransaction> mined,
        FakeContracts.State state,
        ImmutableDictionary<Address, ulong> nonces
    )
    {
        // Represents the block's content, and differs after each reorganisation.
        Bytes32 content = Keccak256.Hash([
            .. BitConverter.GetBytes(ChainId),
            .. BitConverter.GetBytes(_salt),
            .. mined.SelectMany(each => each.Transaction.Hash.ToArray()),
        ]);
        Bytes32 mix = Keccak256.Hash([.. parent.ToArray(), .. content.ToArray()]);
        var header = new Dictionary<string, object>
        {
            ["parentHash"] = parent.ToString(),
            ["sha3Uncles"] = Bytes32.Zero.ToString(),
            ["miner"] = Address.Zero.ToString(),
            ["stateRoot"] = content.ToString(),
            ["transactionsRoot"] = Bytes32.Zero.ToString(),
            ["receiptsRoot"] = Bytes32.Zero.ToString(),
            ["logsBloom"] = Data(new byte[256]),
            ["difficulty"] = "0x0",
            ["number"] = Quantity(number),
            ["gasLimit"] = Quantity(60_000_000),
            ["gasUsed"] = "0x0",
            ["timestamp"] = Quantity(time),
            ["extraData"] = "0x",
            ["mixHash"] = mix.ToString(),
            ["nonce"] = Data(new byte[8]),
            ["baseFeePerGas"] = Quantity(BaseFee),
            ["withdrawalsRoot"] = Bytes32.Zero.ToString(),
            ["blobGasUsed"] = "0x0",
            ["excessBlobGas"] = "0x0",
        };
        Bytes32 hash = BlockHeader.Encode(JsonSerializer.SerializeToElement(header)).Hash;
        return new FakeBlock(number, hash, mix, time, BaseFee, mined, state, nonces, header);
    }

    private (FakeBlock Block, MinedTransaction Mined)? Find(JsonElement hash)
    {
        Bytes32 wanted = Bytes32.Parse(hash.GetString()!);
        foreach (FakeBlock block in _blocks)
        {
            if (block.Transactions.FirstOrDefault(mined => mined.Transaction.Hash == wanted) is { } mined)
            {
                return (block, mined);
            }
        }

        return null;
    }

    private static object Receipt(FakeBlock block, MinedTransaction mined) =>
        new
        {
            transactionHash = mined.Transaction.Hash.ToString(),
            transactionIndex = Quantity(mined.Index),
            blockNumber = Quantity(block.Number),
            blockHash = block.Hash.ToString(),
            gasUsed = Quantity(mined.GasUsed),
            status = mined.Succeeded ? "0x1" : "0x0",
            contractAddress = (string?)null,
            effectiveGasPrice = Quantity(
                BigInteger.Min(mined.Transaction.MaxFeePerGas, block.BaseFee + mined.Transaction.Tip)
            ),
            logs = mined.Logs.Select((log, i) => Describe(block, mined, log, i)),
        };

    private static object Describe(FakeBlock block, MinedTransaction mined, FakeLog log, int place) =>
        new
        {
            address = log.Address.ToString(),
            topics = log.Topics.Select(topic => topic.ToString()),
            data = Data(log.Data),
            blockNumber = Quantity(block.Number),
            blockHash = block.Hash.ToString(),
            transactionHash = mined.Transaction.Hash.ToString(),
            logIndex = Quantity(mined.FirstLog + place),
        };

    private object? Transaction(JsonElement hash)
    {
        (FakeBlock Block, MinedTransaction Mined)? found = Find(hash);
        FakeTransaction? transaction =
            found?.Mined.Transaction
            ?? _pending.Values.FirstOrDefault(pending => pending.Hash == Bytes32.Parse(hash.GetString()!));
        return transaction is null
            ? null
            : new
            {
                hash = transaction.Hash.ToString(),
                from = transaction.From.ToString(),
                to = transaction.To?.ToString(),
                nonce = Quantity(transaction.Nonce),
                input = Data(transaction.Data),
                blockNumber = found is { } mined ? Quantity(mined.Block.Number) : null,
            };
    }

    private List<object> Logs(JsonElement filter)
    {
        JsonElement named = filter.GetProperty("address");
        Address[] addresses =
            named.ValueKind == JsonValueKind.Array
                ? [.. named.EnumerateArray().Select(each => Address.Parse(each.GetString()!))]
                : [Address.Parse(named.GetString()!)];
        ulong first = ReadQuantity(filter.GetProperty("fromBlock").GetString()!),
            last = ReadQuantity(filter.GetProperty("toBlock").GetString()!);
        Bytes32[]?[] topics =
        [
            .. filter
                .GetProperty("topics")
                .EnumerateArray()
                .Select(place =>
                    place.ValueKind == JsonValueKind.Null
                        ? null
                        : place.EnumerateArray().Select(topic => Bytes32.Parse(topic.GetString()!)).ToArray()
                ),
        ];
        return
        [
            .. _blocks
                .Where(block => block.Number >= first && block.Number <= last)
                .SelectMany(block =>
                    block.Transactions.SelectMany(mined =>
                        mined
                            .Logs.Select((log, place) => (Log: log, Place: place))
                            .Where(each =>
                                addresses.Contains(each.Log.Address)
                                && topics.Length <= each.Log.Topics.Count
                                && topics
                                    .Index()
                                    .All(wanted => wanted.Item?.Contains(each.Log.Topics[wanted.Index]) != false)
                            )
                            .Select(each => Describe(block, mined, each.Log, each.Place))
                    )
                ),
        ];
    }

    private sealed record FakeBlock(
        ulong Number,
        Bytes32 Hash,
        Bytes32 Mix,
        ulong Time,
        BigInteger BaseFee,
        IReadOnlyList<MinedTransaction> Transactions,
        FakeContracts.State State,
        ImmutableDictionary<Address, ulong> Nonces,
        Dictionary<string, object> Header
    );

    private sealed record MinedTransaction(
        FakeTransaction Transaction,
        int Index,
        int FirstLog,
        bool Succeeded,
        IReadOnlyList<FakeLog> Logs,
        ulong GasUsed
    );
}

/// <summary>A log that the fake contract emitted.</summary>
internal sealed record FakeLog(Address Address, IReadOnlyList<Bytes32> Topics, byte[] Data);

/// <summary>The fake contract reverted.</summary>
/// <param name="revertData">The ABI of its error.</param>
internal sealed class FakeRevertException(byte[] revertData) : Exception
{
    public byte[] RevertData => revertData;
}

/// <summary>A signed transaction of type 2 or 3 as it comes from the wire.</summary>
internal sealed record FakeTransaction(
    Bytes32 Hash,
    Address From,
    ulong ChainId,
    ulong Nonce,
    BigInteger Tip,
    BigInteger MaxFeePerGas,
    Address? To,
    BigInteger Value,
    byte[] Data,
    BigInteger MaxFeePerBlobGas,
    bool IsBlob
)
{
    /// <summary>Decodes a transaction and recovers its signer.</summary>
    /// <exception cref="FormatException">It is not a transaction.</exception>
    public static FakeTransaction Decode(byte[] wire)
    {
        byte[][] fields = wire is [2 or 3, ..]
            ? Items(wire.AsSpan(1))
            : throw new FormatException("neither type 2 nor type 3");
        bool isBlob = wire[0] == 3;
        if (isBlob)
        {
            // The network encoding includes the blobs: [transaction, version, blobs, commitments, proofs].
            byte[] body =
                fields.Length == 5 ? fields[0] : throw new FormatException("a blob transaction comes with its blobs");
            byte[][] commitments = Items(fields[3]);
            fields = Items(body);
            Bytes32[] hashes = [.. Items(fields[10]).Select(hash => Bytes32.FromBytes(Text(hash)))];
            if (
                !hashes.SequenceEqual(
                    commitments.Select(commitment =>
                        Bytes32.FromBytes([1, .. SHA256.HashData(Text(commitment)).AsSpan(1)])
                    )
                )
            )
            {
                throw new FormatException("versioned hashes are not those of the commitments");
            }
        }

        ulong chainId = (ulong)Number(fields[0]),
            nonce = (ulong)Number(fields[1]),
            gas = (ulong)Number(fields[4]);
        BigInteger tip = Number(fields[2]),
            maxFee = Number(fields[3]),
            value = Number(fields[6]);
        Address? to = Text(fields[5]) is { Length: > 0 } called ? Address.FromBytes(called) : null;
        byte[] data = Text(fields[7]);
        int signature = isBlob ? 11 : 9;
        BigInteger blobFee = isBlob ? Number(fields[9]) : 0;
        UnsignedTransaction unsigned = isBlob
            ? new BlobTransaction(
                chainId,
                nonce,
                tip,
                maxFee,
                gas,
                to!.Value,
                value,
                data,
                blobFee,
                [.. Items(fields[10]).Select(hash => Bytes32.FromBytes(Text(hash)))]
            )
            : new FeeMarketTransaction(chainId, nonce, tip, maxFee, gas, to, value, data);
        var signed = new Signature(
            (int)Number(fields[signature]),
            Number(fields[signature + 1]),
            Number(fields[signature + 2])
        );
        return SignatureRecovery.TryRecover(
            unsigned.SigningHash(),
            [.. Word(signed.R), .. Word(signed.S), (byte)(27 + signed.YParity)],
            out Address from
        )
            ? new FakeTransaction(
                Keccak256.Hash(unsigned.WithSignature(signed)),
                from,
                chainId,
                nonce,
                tip,
                maxFee,
                to,
                value,
                data,
                blobFee,
                isBlob
            )
            : throw new FormatException("the signature is invalid");
    }

    private static byte[] Word(BigInteger value)
    {
        byte[] digits = value.ToByteArray(isUnsigned: true, isBigEndian: true);
        return [.. new byte[32 - digits.Length], .. digits];
    }

    private static BigInteger Number(byte[] item) => new(Text(item), isUnsigned: true, isBigEndian: true);

    /// <summary>The bytes of an encoded string.</summary>
    private static byte[] Text(byte[] item) => item is [< 0x80] ? item : item[Header(item).Length..];

    /// <summary>The encoded items of a list that spans the whole input.</summary>
    private static byte[][] Items(ReadOnlySpan<byte> list)
    {
        var items = new List<byte[]>();
        ReadOnlySpan<byte> rest = list[Header(list).Length..];
        while (!rest.IsEmpty)
        {
            (int header, int length) = rest[0] < 0x80 ? (0, 1) : Header(rest);
            items.Add(rest[..(header + length)].ToArray());
            rest = rest[(header + length)..];
        }

        return [.. items];
    }

    private static (int Length, int Payload) Header(ReadOnlySpan<byte> item)
    {
        int rest = item[0] - (item[0] >= 0xc0 ? 0xc0 : 0x80);
        return rest <= 55
            ? (1, rest)
            : (1 + rest - 55, (int)new BigInteger(item[1..(1 + rest - 55)], isUnsigned: true, isBigEndian: true));
    }
}
