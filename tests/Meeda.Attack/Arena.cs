using System.Globalization;
using System.Numerics;
using System.Security.Cryptography;
using System.Text.Json;
using Meeda.Chain.Contract;
using Meeda.DevNet;
using Meeda.Ethereum;
using Meeda.L1.Rpc;
using Meeda.L1.Signing;
using Meeda.L1.Transactions;
using Meeda.Light;
using Meeda.Testing;

namespace Meeda.Attack;

/// <summary>A real EVM with the contract, accounts on demand, and light nodes that watch.</summary>
internal sealed class Arena : IAsyncDisposable
{
    // On a quiet machine blocks come every second.
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(3);
    private static readonly BigInteger Ether = BigInteger.Pow(10, 18);

    private readonly Anvil _anvil;
    private readonly HttpClient _http;
    private readonly string _folder = Directory.CreateTempSubdirectory("meeda-attack-").FullName;
    private readonly CancellationTokenSource _stop = new();
    private readonly List<(LightRole Role, Task Running)> _lightNodes = [];
    private readonly List<OperatorNode> _operators = [];

    private Arena(Anvil anvil, HttpClient http)
    {
        _anvil = anvil;
        _http = http;
        Rpc = new JsonRpcClient(http);
        Client = new EthereumClient(Rpc);
    }

    public JsonRpcClient Rpc { get; }

    public EthereumClient Client { get; }

    public SystemContract System { get; private set; } = null!;

    /// <summary>The L1's JSON-RPC endpoint.</summary>
    public Uri L1 => _anvil.Rpc;

    /// <summary>A folder that is deleted with the arena.</summary>
    public string Folder => _folder;

    public static async Task<Arena> StartAsync(SystemParameters? parameters = null)
    {
        Anvil anvil = await Anvil.StartAsync("--block-time", $"{Patience.BlockSeconds}", "--slots-in-an-epoch", "4");
        var arena = new Arena(anvil, new HttpClient { BaseAddress = anvil.Rpc });
        using TransactionSender deployer = await arena.AccountAsync();
        (arena.System, _) = await LocalContracts.DeployAsync(
            arena.Client,
            deployer,
            parameters ?? LocalParameters.Value,
            CancellationToken.None
        );
        return arena;
    }

    /// <summary>A new account with ether.</summary>
    public async Task<TransactionSender> AccountAsync()
    {
        (TransactionSender sender, _) = await AccountWithKeyAsync();
        return sender;
    }

    /// <summary>A new operator that has staked.</summary>
    public async Task<TransactionSender> OperatorAsync()
    {
        TransactionSender sender = await AccountAsync();
        await LocalContracts.RegisterAsync(System, sender, LocalParameters.OperatorStake, CancellationToken.None);
        return sender;
    }

    /// <summary>A new account with its key in a file.</summary>
    public async Task<(Address Address, string KeyFile)> AccountKeyAsync()
    {
        (TransactionSender sender, string key) = await AccountWithKeyAsync();
        using (sender)
        {
            string keyFile = Path.Combine(_folder, $"{sender.Address}.key");
            await File.WriteAllTextAsync(keyFile, key);
            return (sender.Address, keyFile);
        }
    }

    /// <summary>A new staked account with its key in a file.</summary>
    public async Task<(Address Address, string KeyFile)> StakedKeyAsync()
    {
        (Address address, string keyFile) = await AccountKeyAsync();
        await StakeAsync(keyFile);
        return (address, keyFile);
    }

    /// <summary>Sends from the account of a key file.</summary>
    public TransactionSender SenderOf(string keyFile) =>
        new(
            Client,
            PrivateKeySigner.FromFile(keyFile),
            new TransactionSenderOptions { Confirmations = 0, PollInterval = TimeSpan.FromMilliseconds(50) }
        );

    /// <summary>Stakes for the account of a key file.</summary>
    public async Task StakeAsync(string keyFile)
    {
        using TransactionSender sender = SenderOf(keyFile);
        await LocalContracts.RegisterAsync(System, sender, LocalParameters.OperatorStake, CancellationToken.None);
    }

    /// <summary>Starts the product's operator with a staked account of its own.</summary>
    /// <param name="settings">Settings beside the usual ones.</param>
    public async Task<OperatorNode> OperatorNodeAsync(params (string Name, string Value)[] settings)
    {
        (Address address, string keyFile) = await StakedKeyAsync();
        OperatorNode node = await OperatorNode.StartAsync(
            address,
            keyFile,
            Path.Combine(_folder, $"operator-{_operators.Count}"),
            _anvil.Rpc,
            System.Address,
            settings.ToDictionary(each => each.Name, each => (string?)each.Value)
        );
        _operators.Add(node);
        return node;
    }

    /// <summary>Starts a light node with an account of its own.</summary>
    /// <param name="operators">The APIs that it samples.</param>
    public Task<Address> LightNodeAsync(params (Address Operator, Uri Api)[] operators) => LightNodeAsync(0, operators);

    /// <summary>Starts a light node that follows L1 from a block on.</summary>
    public async Task<Address> LightNodeAsync(ulong fromBlock, params (Address Operator, Uri Api)[] operators)
    {
        (TransactionSender sender, string key) = await AccountWithKeyAsync();
        sender.Dispose();
        string folder = Path.Combine(_folder, $"light-{_lightNodes.Count}");
        Directory.CreateDirectory(folder);
        string keyFile = Path.Combine(folder, "key");
        await File.WriteAllTextAsync(keyFile, key);
        LightRole role = await LightNodeApplication.BuildAsync(
            new LightOptions
            {
                Contract = System.Address,
                FromBlock = fromBlock,
                Folder = folder,
                PollInterval = TimeSpan.FromMilliseconds(200),
                SampleInterval = TimeSpan.FromMilliseconds(500),
                Operators = operators.ToDictionary(each => each.Operator, each => each.Api),
            },
            _anvil.Rpc,
            keyFile,
            listen: null,
            quiet: true,
            CancellationToken.None
        );
        _lightNodes.Add((role, Task.Run(() => role.RunAsync(_stop.Token))));
        return role.Account!.Value;
    }

    /// <summary>Waits until a condition holds, checking at each new block.</summary>
    public async Task UntilAsync(string what, Func<Task<bool>> isSo)
    {
        using CancellationTokenSource limit = Patience.Limit(Limit * Patience.BlockSeconds);
        ulong seen = ulong.MaxValue;
        while (!await isSo())
        {
            ulong head;
            do
            {
                if (limit.IsCancellationRequested)
                {
                    throw new TimeoutException($"not within {Limit}: {what}");
                }

                await Task.Delay(50);
                head = await Client.GetBlockNumberAsync(CancellationToken.None);
            } while (head == seen);
            seen = head;
        }
    }

    public Task UntilSlashedAsync(Address operatorAddress) =>
        UntilAsync(
            $"{operatorAddress} is slashed",
            async () => (await System.Anchors.AccountAsync(operatorAddress, CancellationToken.None)).IsSlashed
        );

    /// <summary>What the contracts owe an address.</summary>
    public async Task<BigInteger> CreditAsync(Address owner) =>
        await System.Anchors.CreditAsync(owner, CancellationToken.None)
        + await System.Publication.CreditAsync(owner, CancellationToken.None);

    /// <summary>The blob with that versioned hash, as published in one of these blocks.</summary>
    public async Task<byte[]> PublishedBlobAsync(Bytes32 versionedHash, ulong first, ulong last)
    {
        for (ulong number = first; number <= last; number++)
        {
            JsonElement block = await Rpc.CallAsync(
                "eth_getBlockByNumber",
                [$"0x{number:x}", true],
                CancellationToken.None
            );
            foreach (JsonElement transaction in block.GetProperty("transactions").EnumerateArray())
            {
                int index =
                    transaction.TryGetProperty("blobVersionedHashes", out JsonElement hashes)
                    && hashes.ValueKind == JsonValueKind.Array
                        ? hashes
                            .EnumerateArray()
                            .ToList()
                            .FindIndex(hash => hash.GetString() == versionedHash.ToString())
                        : -1;
                if (index >= 0)
                {
                    JsonElement blobs = await Rpc.CallAsync(
                        "anvil_getBlobsByTransactionHash",
                        [transaction.GetProperty("hash").GetString()!],
                        CancellationToken.None
                    );
                    return Convert.FromHexString(blobs[index].GetString()![2..]);
                }
            }
        }

        throw new InvalidDataException($"no block from {first} to {last} carries a blob of {versionedHash}");
    }

    public Task MineAsync(int blocks) => Rpc.CallAsync("anvil_mine", [$"0x{blocks:x}"], CancellationToken.None);

    /// <summary>Mines until the head is there.</summary>
    public async Task MineToAsync(ulong block)
    {
        ulong head = await Client.GetBlockNumberAsync(CancellationToken.None);
        if (head < block)
        {
            await MineAsync((int)(block - head));
        }
    }

    /// <summary>Replaces the last blocks by empty ones.</summary>
    public Task ReorganiseAsync(int depth) =>
        Rpc.CallAsync("anvil_reorg", [depth, Array.Empty<object>()], CancellationToken.None);

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        foreach (OperatorNode node in _operators)
        {
            await node.DisposeAsync();
        }

        foreach ((LightRole role, Task running) in _lightNodes)
        {
            await running.ContinueWith(_ => { }, TaskScheduler.Default);
            await role.DisposeAsync();
        }

        _stop.Dispose();
        _http.Dispose();
        await _anvil.DisposeAsync();
        Microsoft.Data.Sqlite.SqliteConnection.ClearAllPools();
        Directory.Delete(_folder, recursive: true);
    }

    private async Task<(TransactionSender Sender, string Key)> AccountWithKeyAsync()
    {
        string key = Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(32));
        PrivateKeySigner signer = PrivateKeySigner.FromHex(key);
        await Rpc.CallAsync(
            "anvil_setBalance",
            [signer.Address.ToString(), "0x" + (100 * Ether).ToString("x", CultureInfo.InvariantCulture)],
            CancellationToken.None
        );
        return (
            new TransactionSender(
                Client,
                signer,
                new TransactionSenderOptions { Confirmations = 0, PollInterval = TimeSpan.FromMilliseconds(50) }
            ),
            key
        );
    }
}
