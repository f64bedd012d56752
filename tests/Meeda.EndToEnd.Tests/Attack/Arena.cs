using System.Globalization;
using System.Numerics;
using System.Security.Cryptography;
using Meeda.Ethereum;
using Meeda.Ethereum.JsonRpc;
using Meeda.Ethereum.Signing;
using Meeda.Ethereum.Transactions;
using Meeda.Node;
using Meeda.Node.Cli;
using Meeda.Node.L1;
using Meeda.Node.Light;
using Meeda.Testing;

namespace Meeda.EndToEnd.Tests.Attack;

/// <summary>A real EVM with the contract on it, accounts as they are needed, and light nodes that watch.</summary>
internal sealed class Arena : IAsyncDisposable
{
    private static readonly BigInteger Ether = BigInteger.Pow(10, 18);

    private readonly Anvil _anvil;
    private readonly HttpClient _http;
    private readonly string _folder = Directory.CreateTempSubdirectory("meeda-attack-").FullName;
    private readonly CancellationTokenSource _stop = new();
    private readonly List<(LightRole Role, Task Running)> _lightNodes = [];

    private Arena(Anvil anvil, HttpClient http)
    {
        _anvil = anvil;
        _http = http;
        Rpc = new JsonRpcClient(http);
        Client = new EthereumClient(Rpc);
    }

    public JsonRpcClient Rpc { get; }

    public EthereumClient Client { get; }

    public MeedaVerifierContract Contract { get; private set; } = null!;

    public static async Task<Arena> StartAsync()
    {
        Anvil anvil = await Anvil.StartAsync("--block-time", "1", "--slots-in-an-epoch", "4");
        var arena = new Arena(anvil, new HttpClient { BaseAddress = anvil.Rpc });
        using TransactionSender deployer = await arena.AccountAsync();
        TransactionReceipt deployment = await deployer.SendAsync(MeedaVerifierContract.Deploy(LocalParameters.Value), CancellationToken.None);
        arena.Contract = new MeedaVerifierContract(arena.Client, deployment.ContractAddress!.Value);
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
        await sender.SendAsync(Contract.Stake(LocalParameters.OperatorStake), CancellationToken.None);
        return sender;
    }

    /// <summary>Starts a light node with an account of its own.</summary>
    public async Task<Address> LightNodeAsync()
    {
        (TransactionSender sender, string key) = await AccountWithKeyAsync();
        sender.Dispose();
        string folder = Path.Combine(_folder, $"light-{_lightNodes.Count}");
        Directory.CreateDirectory(folder);
        string keyFile = Path.Combine(folder, "key");
        await File.WriteAllTextAsync(keyFile, key);
        LightRole role = await Roles.BuildLightNodeAsync(
            new LightOptions { Contract = Contract.Address, Folder = folder, PollInterval = TimeSpan.FromMilliseconds(200) }, _anvil.Rpc, keyFile, listen: null, quiet: true, CancellationToken.None);
        _lightNodes.Add((role, Task.Run(() => role.RunAsync(_stop.Token))));
        return role.Account!.Value;
    }

    /// <summary>Waits until something is so, looking at each new block.</summary>
    public async Task UntilAsync(string what, Func<Task<bool>> isSo)
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(90));
        ulong seen = ulong.MaxValue;
        while (!await isSo())
        {
            ulong head;
            do
            {
                if (limit.IsCancellationRequested)
                {
                    throw new TimeoutException($"not within 90 s: {what}");
                }

                await Task.Delay(50);
                head = await Client.GetBlockNumberAsync(CancellationToken.None);
            }
            while (head == seen);
            seen = head;
        }
    }

    public Task UntilCondemnedAsync(Address operatorAddress) =>
        UntilAsync($"{operatorAddress} is slashed", async () => (await Contract.AccountAsync(operatorAddress, CancellationToken.None)).Condemned);

    public Task<BigInteger> CreditAsync(Address owner) => Contract.CreditAsync(owner, CancellationToken.None);

    public Task MineAsync(int blocks) => Rpc.CallAsync("anvil_mine", [$"0x{blocks:x}"], CancellationToken.None);

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
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
        await Rpc.CallAsync("anvil_setBalance", [signer.Address.ToString(), "0x" + (100 * Ether).ToString("x", CultureInfo.InvariantCulture)], CancellationToken.None);
        return (new TransactionSender(Client, signer, new TransactionSenderOptions { Confirmations = 0, PollInterval = TimeSpan.FromMilliseconds(50) }), key);
    }
}
