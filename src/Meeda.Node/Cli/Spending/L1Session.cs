using Meeda.Chain.Contract;
using Meeda.Chain.L1;
using Meeda.Ethereum;
using Meeda.Hosting;
using Meeda.L1.Rpc;

namespace Meeda.Node.Cli.Spending;

/// <summary>A command's connection to L1 and its contracts.</summary>
internal sealed class L1Session : IDisposable
{
    private readonly IReadOnlyList<HttpClient> _endpoints;

    private L1Session(IReadOnlyList<HttpClient> endpoints, EthereumClient client, ulong chainId)
    {
        _endpoints = endpoints;
        Client = client;
        ChainId = chainId;
    }

    /// <summary>L1.</summary>
    public EthereumClient Client { get; }

    /// <summary>Its chain id.</summary>
    public ulong ChainId { get; }

    /// <summary>Connects to L1.</summary>
    /// <exception cref="SetupException">It does not answer.</exception>
    public static async Task<L1Session> OpenAsync(L1Options l1, CancellationToken cancellationToken)
    {
        List<HttpClient> endpoints = [.. l1.Endpoints().Select(Connect)];
        EthereumClient client = L1Connection.Open(endpoints, warning => Console.Error.WriteLine($"meeda: {warning}"));
        try
        {
            return new L1Session(endpoints, client, await client.GetChainIdAsync(cancellationToken));
        }
        catch (Exception failure)
            when (failure is L1UnreachableException or JsonRpcException && !cancellationToken.IsCancellationRequested)
        {
            endpoints.ForEach(endpoint => endpoint.Dispose());
            throw Unreachable(failure);
        }
    }

    /// <summary>The deployment at an address, with its parameters read from L1.</summary>
    /// <exception cref="SetupException">There is none, or L1 does not answer.</exception>
    public async Task<SystemContract> SystemAsync(Address address, CancellationToken cancellationToken)
    {
        var system = new SystemContract(Client, address);
        try
        {
            await system.EpochParametersAsync(cancellationToken);
            return system;
        }
        catch (Exception failure) when (!cancellationToken.IsCancellationRequested)
        {
            throw failure is L1UnreachableException
                ? Unreachable(failure)
                : new SetupException(
                    $"contract: there is no MeedaSystem at {address} on this L1: {failure.Message.TrimEnd('.')}"
                );
        }
    }

    /// <summary>The message for an L1 that does not answer.</summary>
    public static SetupException Unreachable(Exception failure) =>
        new($"L1: {Outage.Explain(failure).Reason.TrimEnd('.')}");

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (HttpClient endpoint in _endpoints)
        {
            endpoint.Dispose();
        }
    }

    private static HttpClient Connect(Uri endpoint)
    {
        HttpClient http = OutgoingHttp.Client();
        http.BaseAddress = endpoint;
        return http;
    }
}
