using System.Net;
using System.Numerics;
using System.Text.Json;
using Meeda.Chain.Contract;
using Meeda.Chain.Following;
using Meeda.Chain.Verification;
using Meeda.Ethereum;
using Meeda.Kzg.Commitments;
using Meeda.Kzg.Curves;
using Meeda.L1.Rpc;
using Meeda.L1.Signing;
using Meeda.L1.Transactions;
using Meeda.Light;
using Meeda.Node.Tests.Following;
using Meeda.Node.Tests.Model;
using Meeda.Node.Tests.Storage;
using Meeda.Protocol.Proofs;
using Microsoft.Extensions.Time.Testing;

namespace Meeda.Node.Tests.Light;

/// <summary>A light node's parts over a chain in memory, which mines a block for each transaction.</summary>
internal sealed class LightWorld : IAsyncDisposable
{
    private static readonly Lazy<VerificationKey> Key = new(() => new VerificationKey(TrustedSetup.Ethereum));

    private readonly TemporaryFolder _folder = new();

    private LightWorld(bool hasKey, BigInteger? budget)
    {
        Rpc = new ScriptedRpc(World.Chain) { Lie = MineAfterSend };
        Signer = hasKey ? PrivateKeySigner.FromHex(new string('3', 64)) : null;
        Options = new LightOptions
        {
            Contract = World.Chain.Contract,
            Budget = budget ?? BigInteger.Pow(10, 18),
            Operators = new Dictionary<Address, Uri> { [First] = new("http://operator.test/") },
            SampleInterval = TimeSpan.FromMinutes(1),
        };
    }

    /// <summary>The operator that is asked for cells.</summary>
    public static Address First => AnchoringChain.First.Address;

    /// <summary>The commitment to a blob of zeros.</summary>
    public static byte[] ZeroBlob { get; } = [0xc0, .. new byte[47]];

    public AnchoringChain World { get; } = new();

    public FakeChain L1 => World.Chain;

    public ScriptedRpc Rpc { get; }

    public PrivateKeySigner? Signer { get; }

    public LightOptions Options { get; }

    public FakeTimeProvider Clock { get; } = new();

    public LineLogger Log { get; } = new();

    /// <summary>The operator's API.</summary>
    public OperatorApi Api { get; } = new();

    public LightLedger Ledger { get; private set; } = null!;

    public FraudDetector Detector { get; private set; } = null!;

    public ChallengeSender Challenges { get; private set; } = null!;

    public AvailabilitySampling Sampling { get; private set; } = null!;

    public LightNode Node { get; private set; } = null!;

    public EpochVerification Verification { get; private set; } = null!;

    public SystemContract Contract { get; private set; } = null!;

    public static async Task<LightWorld> StartAsync(bool hasKey = true, BigInteger? budget = null)
    {
        var world = new LightWorld(hasKey, budget);
        await world.RestartAsync();
        return world;
    }

    /// <summary>A new process over the same file.</summary>
    public async Task RestartAsync()
    {
        if (Ledger is not null)
        {
            Node.Dispose();
            await Ledger.DisposeAsync();
        }

        Ledger = await LightLedger.OpenAsync(_folder.Path, CancellationToken.None);
        var client = new EthereumClient(Rpc);
        Contract = new SystemContract(client, L1.Contract);
        Verification = new EpochVerification(client, Contract, Ledger.Index, Key.Value, Clock);
        Challenges = new ChallengeSender(
            Options,
            Ledger,
            Signer is null
                ? null
                : new TransactionSender(
                    client,
                    Signer,
                    new TransactionSenderOptions { Confirmations = 0, PollInterval = TimeSpan.FromMilliseconds(1) }
                ),
            new Forwarder<ChallengeSender>(Log)
        );
        Detector = new FraudDetector(
            client,
            Contract,
            Ledger,
            Verification,
            Challenges,
            Clock,
            new Forwarder<FraudDetector>(Log)
        );
        Sampling = new AvailabilitySampling(
            Options,
            Ledger,
            Contract,
            Challenges,
            Api,
            Clock,
            new Forwarder<AvailabilitySampling>(Log)
        );
        Node = new LightNode(
            Options,
            new ChainFollower(client, Contract, new LightChain(Ledger, Detector), only: null, fromBlock: 0, Log),
            Ledger,
            Detector,
            Sampling,
            new RewardClaims(Options, Contract, Challenges, Clock),
            Clock,
            new Forwarder<LightNode>(Log)
        );
    }

    /// <summary>Lets the first operator prove an epoch over blobs of zeros.</summary>
    public async Task ProveAsync(ulong epoch)
    {
        EpochParameters parameters = await World.Contract.EpochParametersAsync(CancellationToken.None);
        (LiveRange range, RangeHints hints) = parameters.LiveRangeAt(epoch, L1.Verified.Of(First).Anchors)!.Value;
        var client = new EthereumClient(L1);
        ulong seedBlock = parameters.SeedBlockOf(epoch);
        Block block = (await client.GetBlockAsync(BlockTag.Number(seedBlock), default))!;
        EpochSeed seed = EpochSeed.Derive(
            block.PrevRandao!.Value,
            epoch,
            First,
            World.Contract.Verifier.Address,
            L1.ChainId
        );
        Sample[] samples = Sampler.Draw(seed, range, parameters.HotSamples, parameters.ColdSamples);
        var proof = new AvailabilityProof(
            AvailabilityProof.SumCommitments(samples, _ => G1Point.Infinity),
            default,
            KzgProof.From(G1Point.Infinity)
        );
        await World.SendAsync(
            AnchoringChain.First,
            World.Contract.Verifier.SubmitProof(
                epoch,
                seed,
                hints,
                proof,
                await client.GetBlockHeaderAsync(seedBlock, default)
            )
        );
        L1.Mine();
    }

    /// <summary>The number of the light node's transactions that the chain included.</summary>
    public async Task<ulong> SentAsync() =>
        await new EthereumClient(L1).GetTransactionCountAsync(Signer!.Address, BlockTag.Latest, CancellationToken.None);

    public async ValueTask DisposeAsync()
    {
        Node.Dispose();
        await Ledger.DisposeAsync();
        _folder.Dispose();
    }

    public JsonElement MineAfterSend(string method, IReadOnlyList<object?> parameters, JsonElement truth)
    {
        if (method == "eth_sendRawTransaction")
        {
            L1.Mine();
        }

        return truth;
    }

    /// <summary>Writes one class's lines to the common log.</summary>
    private sealed class Forwarder<T>(LineLogger log) : Microsoft.Extensions.Logging.ILogger<T>
    {
        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(Microsoft.Extensions.Logging.LogLevel logLevel) => true;

        public void Log<TState>(
            Microsoft.Extensions.Logging.LogLevel logLevel,
            Microsoft.Extensions.Logging.EventId eventId,
            TState state,
            Exception? exception,
            Func<TState, Exception?, string> formatter
        ) => log.Log(logLevel, eventId, state, exception, formatter);
    }
}

/// <summary>An operator's API as a light node reaches it.</summary>
internal sealed class OperatorApi : HttpMessageHandler, IHttpClientFactory
{
    /// <summary>The status of every response.</summary>
    public HttpStatusCode Status { get; set; } = HttpStatusCode.NotFound;

    /// <summary>The requests, by path.</summary>
    public List<string> Asked { get; } = [];

    public HttpClient CreateClient(string name) => new(this, disposeHandler: false);

    protected override Task<HttpResponseMessage> SendAsync(
        HttpRequestMessage request,
        CancellationToken cancellationToken
    )
    {
        cancellationToken.ThrowIfCancellationRequested();
        Asked.Add(request.RequestUri!.PathAndQuery);
        return Task.FromResult(
            new HttpResponseMessage(Status)
            {
                Content = new StringContent("{\"error\":\"no\"}"),
                RequestMessage = request,
            }
        );
    }
}
