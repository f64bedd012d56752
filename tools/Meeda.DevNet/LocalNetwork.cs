using System.Globalization;
using System.Numerics;
using System.Security.Cryptography;
using Meeda.Chain.Contract;
using Meeda.Ethereum;
using Meeda.Hosting;
using Meeda.Http;
using Meeda.L1.Rpc;
using Meeda.L1.Signing;
using Meeda.L1.Transactions;
using Meeda.Operator;
using Meeda.Operator.Nitro;

namespace Meeda.DevNet;

/// <summary>What a local network is made of.</summary>
/// <param name="Folder">The operator's data folder.</param>
/// <param name="L1Port">The L1's port, 0 for a free one.</param>
/// <param name="OperatorPort">The operator's port, 0 for a free one.</param>
/// <param name="Quiet">The operator logs warnings only.</param>
internal sealed record LocalNetworkSettings(string Folder, int L1Port, int OperatorPort, bool Quiet);

/// <summary>
/// Everything on one machine: a new L1, the contract on it, a staked operator account with a key made for the
/// occasion, and the operator with its
/// store in a folder.
/// </summary>
internal sealed class LocalNetwork : IAsyncDisposable
{
    private static readonly BigInteger Ether = BigInteger.Pow(10, 18);
    private static readonly TimeSpan StopLimit = TimeSpan.FromSeconds(10);

    private readonly LocalL1 _l1;
    private readonly HttpClient _http;
    private readonly WebApplication _operator;

    private LocalNetwork(
        LocalL1 l1,
        HttpClient http,
        WebApplication @operator,
        EthereumClient client,
        SystemContract system,
        TransactionReceipt deployment,
        TransactionReceipt stake,
        Address operatorAddress
    )
    {
        _l1 = l1;
        _http = http;
        _operator = @operator;
        Client = client;
        System = system;
        Deployment = deployment;
        Stake = stake;
        OperatorAddress = operatorAddress;
        OperatorUrl = new Uri(@operator.Urls.First());
    }

    /// <summary>The L1's JSON-RPC endpoint.</summary>
    public Uri L1 => _l1.Rpc;

    /// <summary>A client of the L1 that is not the operator's.</summary>
    public EthereumClient Client { get; }

    /// <summary>The deployed contracts.</summary>
    public SystemContract System { get; }

    /// <summary>The deployment's receipt.</summary>
    public TransactionReceipt Deployment { get; }

    /// <summary>The receipt of the operator's stake.</summary>
    public TransactionReceipt Stake { get; }

    /// <summary>The operator's account.</summary>
    public Address OperatorAddress { get; }

    /// <summary>The operator's HTTP API.</summary>
    public Uri OperatorUrl { get; }

    /// <summary>Starts everything, in order; on failure nothing keeps running.</summary>
    /// <exception cref="SetupException">A part could not be started; the message states which and why.</exception>
    public static async Task<LocalNetwork> StartAsync(
        LocalNetworkSettings settings,
        CancellationToken cancellationToken
    )
    {
        LocalL1 l1 = await LocalL1.StartAsync(settings.L1Port, TimeSpan.FromSeconds(1), cancellationToken);
        HttpClient http = OutgoingHttp.Client();
        http.BaseAddress = l1.Rpc;
        WebApplication? app = null;
        try
        {
            var rpc = new JsonRpcClient(http);
            var client = new EthereumClient(rpc);
            string keyHex = Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(32));
            PrivateKeySigner signer = PrivateKeySigner.FromHex(keyHex);
            await rpc.CallAsync(
                "anvil_setBalance",
                [signer.Address.ToString(), "0x" + (1_000 * Ether).ToString("x", CultureInfo.InvariantCulture)],
                cancellationToken
            );
            var sender = new TransactionSender(
                client,
                signer,
                new TransactionSenderOptions { Confirmations = 0, PollInterval = TimeSpan.FromMilliseconds(100) }
            );
            (SystemContract system, TransactionReceipt deployment) = await LocalContracts.DeployAsync(
                client,
                sender,
                LocalParameters.Value,
                cancellationToken
            );
            TransactionReceipt stake = await LocalContracts.RegisterAsync(
                system,
                sender,
                LocalParameters.OperatorStake,
                cancellationToken
            );

            Address validator = await DeployValidatorAsync(sender, signer.Address, cancellationToken);
            var nitro = new Dictionary<string, string?>
            {
                ["Meeda:Nitro:Validator"] = $"{validator}",
                ["Meeda:Nitro:ValidatorChainId"] = $"{await client.GetChainIdAsync(cancellationToken)}",
            };
            app = await StartOperatorAsync(settings, l1.Rpc, system.Address, keyHex, nitro, cancellationToken);
            return new LocalNetwork(l1, http, app, client, system, deployment, stake, signer.Address);
        }
        catch
        {
            if (app is not null)
            {
                await app.DisposeAsync();
            }

            http.Dispose();
            await l1.DisposeAsync();
            throw;
        }
    }

    /// <summary>Stops the operator, then the L1.</summary>
    public async ValueTask DisposeAsync()
    {
        using var limit = new CancellationTokenSource(StopLimit);
        await _operator.StopAsync(limit.Token);
        await _operator.DisposeAsync();
        _http.Dispose();
        await _l1.DisposeAsync();
    }

    /// <summary>The contract by which a Nitro chain on this L1 would judge the operator's certificates.</summary>
    private static async Task<Address> DeployValidatorAsync(
        TransactionSender sender,
        Address operatorAddress,
        CancellationToken cancellationToken
    )
    {
        TransactionReceipt made = await sender.SendAsync(
            DaProofValidatorContract.Deploy(new NitroOptions().ProviderByte, operatorAddress),
            cancellationToken
        );
        return made.ContractAddress ?? throw new SetupException("the validator's deployment left no address");
    }

    private static async Task<WebApplication> StartOperatorAsync(
        LocalNetworkSettings settings,
        Uri rpc,
        Address system,
        string keyHex,
        Dictionary<string, string?> nitro,
        CancellationToken cancellationToken
    )
    {
        string keyFile = Path.Combine(settings.Folder, "operator.key");
        await WriteKeyAsync(keyFile, keyHex, cancellationToken);
        WebApplication app = await OperatorApplication.BuildAsync(
            new Dictionary<string, string?>(nitro)
            {
                ["Meeda:Storage:Folder"] = settings.Folder,
                ["Meeda:L1:Rpc"] = rpc.ToString(),
                ["Meeda:L1:Contract"] = system.ToString(),
                ["Meeda:L1:KeyFile"] = keyFile,
                ["Meeda:L1:PollInterval"] = "00:00:00.2",
                ["Meeda:L1:Confirmations"] = "0",
                ["Meeda:Anchors:Interval"] = "00:00:01",
                ["Meeda:Storage:ScrubInterval"] = "00:00:02",

                // Local promises last minutes; nobody who tries things out expects the data to be gone then.
                ["Meeda:Storage:Archive"] = "true",
            },
            $"http://127.0.0.1:{settings.OperatorPort}",
            settings.Quiet,
            cancellationToken
        );
        try
        {
            await ServiceHost.StartAsync(app, cancellationToken);
            return app;
        }
        catch (IOException taken)
        {
            await app.DisposeAsync();
            throw new SetupException(
                $"port {settings.OperatorPort} is in use by another process, so the operator cannot listen there: "
                    + $"free it or choose another with --port ({taken.Message.TrimEnd('.')})"
            );
        }
    }

    private static async Task WriteKeyAsync(string path, string keyHex, CancellationToken cancellationToken)
    {
        try
        {
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            var options = new FileStreamOptions { Mode = FileMode.Create, Access = FileAccess.Write };
            if (!OperatingSystem.IsWindows())
            {
                options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
            }

            await using var writer = new StreamWriter(path, options);
            await writer.WriteAsync(keyHex.AsMemory(), cancellationToken);
        }
        catch (Exception unwritable) when (unwritable is IOException or UnauthorizedAccessException)
        {
            throw new SetupException(
                $"data folder: {Path.GetDirectoryName(path)} cannot be written: {unwritable.Message.TrimEnd('.')}"
            );
        }
    }
}
