using System.Text.Json;
using Meeda.Ethereum;
using Meeda.L1.Rpc;
using Meeda.L1.Signing;
using Meeda.L1.Transactions;
using Meeda.Testing;

namespace Meeda.L1.Tests.Transactions;

/// <summary>
/// An anvil with two clients: the one under test over a <see cref="FaultyConnection"/>, and <see cref="Rpc"/>, which
/// the test observes it through.
/// </summary>
internal sealed class Chain : IAsyncDisposable
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(30);

    private readonly HttpClient _http;
    private readonly HttpClient _faultyHttp;
    private readonly List<TransactionSender> _senders = [];
    private readonly ReservedPort _port;
    private Anvil _anvil;

    private Chain(Anvil anvil, ReservedPort port)
    {
        _port = port;
        _anvil = anvil;
        _http = new HttpClient { BaseAddress = anvil.Rpc };
        _faultyHttp = new HttpClient(Connection) { BaseAddress = anvil.Rpc };

        // On a busy machine, anvil's check of a blob's proofs exceeds any ordinary time limit.
        _http.Timeout = _faultyHttp.Timeout = Timeout.InfiniteTimeSpan;
        Rpc = new JsonRpcClient(_http, attemptLimit: Patience.Of(JsonRpcClient.AttemptLimit));
        Client = new EthereumClient(Rpc);
    }

    public FaultyConnection Connection { get; } = new();

    public JsonRpcClient Rpc { get; }

    public EthereumClient Client { get; }

    public static async Task<Chain> StartAsync(params string[] arguments)
    {
        var port = new ReservedPort();
        try
        {
            return new Chain(await Anvil.StartAtAsync(port.Number, arguments), port);
        }
        catch
        {
            port.Dispose();
            throw;
        }
    }

    /// <summary>A sender of anvil's funded account, over the faulty connection.</summary>
    public TransactionSender Sender(
        TransactionSenderOptions? options = null,
        string? key = null,
        ITransactionJournal? journal = null,
        TimeProvider? time = null
    )
    {
        var sender = new TransactionSender(
            new EthereumClient(new JsonRpcClient(_faultyHttp, attemptLimit: Patience.Of(JsonRpcClient.AttemptLimit))),
            PrivateKeySigner.FromHex(key ?? Anvil.FundedKey),
            options ?? new() { Confirmations = 0, PollInterval = TimeSpan.FromMilliseconds(20) },
            time,
            journal
        );
        _senders.Add(sender);
        return sender;
    }

    public Task<JsonElement> CallAsync(string method, params object[] parameters) =>
        Rpc.CallAsync(method, parameters, CancellationToken.None);

    /// <summary>Kills the node and starts another at the same address, whose chain and mempool are empty.</summary>
    public async Task RestartAsync(params string[] arguments)
    {
        await _anvil.DisposeAsync();
        _anvil = await Anvil.StartAtAsync(_port.Number, arguments);
    }

    /// <summary>Waits until the mempool holds one transaction that is not the known one.</summary>
    public async Task<Bytes32> PendingAsync(Bytes32? known)
    {
        using var limit = Patience.Limit(Limit);
        while (true)
        {
            JsonElement block = await Rpc.CallAsync("eth_getBlockByNumber", ["pending", false], limit.Token);
            JsonElement transactions = block.GetProperty("transactions");
            if (
                transactions.GetArrayLength() == 1
                && Bytes32.Parse(transactions[0].GetString()!) is var hash
                && hash != known
            )
            {
                return hash;
            }

            await Task.Yield();
        }
    }

    /// <summary>Waits until the node's next block would include that many transactions.</summary>
    public async Task PendingCountAsync(int count)
    {
        await Patience.UntilAsync(
            async () =>
                (await CallAsync("eth_getBlockByNumber", "pending", false)).GetProperty("transactions").GetArrayLength()
                == count,
            Limit
        );
    }

    /// <summary>Waits for a transaction's receipt.</summary>
    public async Task<TransactionReceipt> ReceiptAsync(Bytes32 hash)
    {
        using var limit = Patience.Limit(Limit);
        while (true)
        {
            if (await Client.GetTransactionReceiptAsync(hash, limit.Token) is { } receipt)
            {
                return receipt;
            }
        }
    }

    /// <summary>The distinct transactions that were submitted, in order.</summary>
    public string[] HandedIn() =>
        [
            .. Connection
                .Sent.Where(body => body.Contains("eth_sendRawTransaction", StringComparison.Ordinal))
                .Select(body => JsonDocument.Parse(body).RootElement.GetProperty("params")[0].GetString()!)
                .Distinct(),
        ];

    /// <summary>Waits until that many distinct transactions were submitted.</summary>
    public async Task HandedInAsync(int count)
    {
        using var limit = Patience.Limit(Limit);
        while (HandedIn().Length < count)
        {
            // Each poll is a round trip to the node, so this does not spin.
            await Rpc.CallAsync("eth_blockNumber", [], limit.Token);
        }
    }

    public async ValueTask DisposeAsync()
    {
        _senders.ForEach(sender => sender.Dispose());
        _http.Dispose();
        _faultyHttp.Dispose();
        await _anvil.DisposeAsync();
        _port.Dispose();
    }
}
