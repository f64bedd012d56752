using Meeda.L1.Rpc;

namespace Meeda.Chain.L1;

/// <summary>The way to L1: one endpoint, or several that must agree about the head.</summary>
internal static class L1Connection
{
    // With another endpoint to ask, none is waited for long.
    private const int RetriesOfSeveral = 1;
    private static readonly TimeSpan LimitOfSeveral = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan MaxHeadInterval = TimeSpan.FromSeconds(1);

    /// <summary>Adds an <see cref="EthereumClient"/> of the configured endpoints.</summary>
    public static void Add(IServiceCollection services, L1Options l1)
    {
        IReadOnlyList<Uri> endpoints = l1.Endpoints();
        for (int i = 0; i < endpoints.Count; i++)
        {
            Uri endpoint = endpoints[i];
            services.AddHttpClient(Name(i), http => http.BaseAddress = endpoint);
        }

        if (endpoints.Count == 1)
        {
            services.AddSingleton<JsonRpc>(provider => new JsonRpcClient(
                provider.GetRequiredService<IHttpClientFactory>().CreateClient(Name(0))
            ));
        }
        else
        {
            services.AddSingleton<JsonRpc>(provider => Several(provider, endpoints, l1.PollInterval));
        }

        services.AddSingleton(provider => new EthereumClient(provider.GetRequiredService<JsonRpc>()));
    }

    /// <summary>A client of one endpoint or of several, for a command that has no services and asks once.</summary>
    /// <param name="endpoints">The clients of the endpoints; their <see cref="HttpClient.BaseAddress"/> says where
    /// they are.</param>
    /// <param name="warn">Hears of an endpoint that is left out, in words.</param>
    public static EthereumClient Open(IReadOnlyList<HttpClient> endpoints, Action<string> warn)
    {
        if (endpoints.Count == 1)
        {
            return new EthereumClient(new JsonRpcClient(endpoints[0]));
        }

        var options = new RedundantRpcOptions
        {
            Observer = notice =>
                warn(
                    notice.Problem is { } problem
                        ? $"L1 endpoint {notice.Endpoint} ({endpoints[notice.Endpoint].BaseAddress!.Host}) is "
                            + $"left out: {problem.TrimEnd('.')}"
                        : $"L1 endpoint {notice.Endpoint} ({endpoints[notice.Endpoint].BaseAddress!.Host}) is "
                            + "trusted again"
                ),
        };
        return new EthereumClient(
            new RedundantRpc(
                endpoints.Select(http => new JsonRpcClient(http, RetriesOfSeveral, LimitOfSeveral)),
                options
            )
        );
    }

    private static RedundantRpc Several(IServiceProvider provider, IReadOnlyList<Uri> endpoints, TimeSpan pollInterval)
    {
        IHttpClientFactory clients = provider.GetRequiredService<IHttpClientFactory>();
        ILogger logger = provider.GetRequiredService<ILogger<RedundantRpc>>();
        var options = new RedundantRpcOptions
        {
            HeadInterval = pollInterval < MaxHeadInterval ? pollInterval : MaxHeadInterval,
            Observer = notice => Tell(logger, endpoints, notice),
        };
        return new RedundantRpc(
            endpoints.Select(
                (_, i) => new JsonRpcClient(clients.CreateClient(Name(i)), RetriesOfSeveral, LimitOfSeveral)
            ),
            options,
            provider.GetRequiredService<TimeProvider>()
        );
    }

    private static void Tell(ILogger logger, IReadOnlyList<Uri> endpoints, EndpointNotice notice)
    {
        // The host and nothing else: paths and user names of endpoints are credentials.
        string host = endpoints[notice.Endpoint].Host;
        ChainMetrics.EndpointChanges.Add(1, new("endpoint", notice.Endpoint), new("trusted", notice.Problem is null));
        if (notice.Problem is { } problem)
        {
            logger.EndpointExcluded(notice.Endpoint, host, problem);
        }
        else
        {
            logger.EndpointReadmitted(notice.Endpoint, host);
        }
    }

    private static string Name(int endpoint) => $"{nameof(EthereumClient)}:{endpoint}";
}
