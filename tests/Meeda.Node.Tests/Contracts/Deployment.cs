using System.Numerics;
using System.Text.Json;
using Meeda.Chain.Contract;
using Meeda.Ethereum;
using Meeda.L1.Rpc;
using Meeda.L1.Signing;
using Meeda.L1.Transactions;
using Meeda.Testing;

namespace Meeda.Node.Tests.Contracts;

/// <summary>The contracts on an anvil that mines a block for each transaction, and on command.</summary>
internal sealed class Deployment : IAsyncDisposable
{
    private static readonly BigInteger Ether = BigInteger.Pow(10, 18);

    private readonly Anvil _anvil;
    private readonly HttpClient _http;
    public JsonRpcClient Rpc { get; }

    private readonly TransactionSender _sender;

    private Deployment(Anvil anvil)
    {
        _anvil = anvil;
        _http = new HttpClient { BaseAddress = anvil.Rpc, Timeout = Timeout.InfiniteTimeSpan };
        Rpc = new JsonRpcClient(_http, attemptLimit: Patience.Of(JsonRpcClient.AttemptLimit));
        Client = new EthereumClient(Rpc);
        _sender = new TransactionSender(
            Client,
            PrivateKeySigner.FromHex(Anvil.FundedKey),
            new() { Confirmations = 0, PollInterval = TimeSpan.FromMilliseconds(20) }
        );
    }

    /// <summary>The parameters of the contracts' tests: windows of minutes, all samples of few blobs.</summary>
    public static SystemParameters Parameters { get; } =
        new()
        {
            EpochBlocks = 16,
            SeedDelay = 4,
            ProofWindow = 40,
            ChallengeWindow = 100,
            HotEpochs = 1,
            HotSamples = 4,
            ColdSamples = 300,
            Retention = 320,
            PublishWindow = 20,
            AnchorGrace = 20,
            EscrowNotice = 20,
            FraudRewardBps = 500,
            MinimumStake = 16 * Ether,
            StakePerBlob = Ether / 1_000,
            MissPenalty = Ether / 10,
            MissReward = Ether / 100,
            DemandBond = Ether / 100,
        };

    public EthereumClient Client { get; }

    /// <summary>The account that deploys, stakes, anchors and proves.</summary>
    public Address Sender => _sender.Address;

    public SystemContract System { get; private set; } = null!;

    public static async Task<Deployment> StartAsync()
    {
        var made = new Deployment(await Anvil.StartAsync());
        TransactionReceipt deployed = await made.SendAsync(SystemContract.Deploy(Parameters));
        made.System = new SystemContract(made.Client, deployed.ContractAddress!.Value);
        foreach (TransactionRequest part in made.System.CreateParts())
        {
            await made.SendAsync(part);
        }

        return made;
    }

    /// <summary>Sends a transaction; throws with the contract's error if it reverts.</summary>
    public Task<TransactionReceipt> SendAsync(TransactionRequest request) =>
        _sender.SendAsync(request, CancellationToken.None);

    /// <summary>Mines up to a block.</summary>
    public async Task MineToAsync(ulong block)
    {
        ulong head = await Client.GetBlockNumberAsync(default);
        if (block > head)
        {
            await Rpc.CallAsync("anvil_mine", [FakeRpc.Quantity(block - head)], default);
        }
    }

    /// <summary>The RANDAO mix of a block, as the node reports it.</summary>
    public async Task<Bytes32> MixAsync(ulong block)
    {
        JsonElement described = await Rpc.CallAsync("eth_getBlockByNumber", [FakeRpc.Quantity(block), false], default);
        return Bytes32.Parse(described.GetProperty("mixHash").GetString()!);
    }

    public async ValueTask DisposeAsync()
    {
        _sender.Dispose();
        _http.Dispose();
        await _anvil.DisposeAsync();
    }
}
