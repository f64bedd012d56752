using System.Data.Common;
using Meeda.Chain.Contract;
using Meeda.Chain.Following;
using Meeda.Chain.Index;
using Meeda.Chain.L1;
using Meeda.Chain.Verification;
using Meeda.Hosting;
using Meeda.Http;
using Meeda.Kzg.Commitments;
using Meeda.L1.Rpc;
using Meeda.L1.Signing;
using Meeda.L1.Transactions;

namespace Meeda.Light;

/// <summary>Registers the services of a light node, one method per concept.</summary>
internal static class LightServices
{
    /// <summary>Opens the ledger before the host is built, so that an unusable folder is reported at once.</summary>
    /// <exception cref="SetupException">The folder cannot be used.</exception>
    public static async Task<LightLedger> OpenLedgerAsync(LightOptions options, CancellationToken cancellationToken)
    {
        try
        {
            return await LightLedger.OpenAsync(options.Folder, cancellationToken);
        }
        catch (Exception unusable)
            when (unusable is IOException or InvalidDataException or UnauthorizedAccessException or DbException)
        {
            throw new SetupException(
                $"--folder: {Path.GetFullPath(options.Folder)} cannot be used: {unusable.Message.TrimEnd('.')}"
            );
        }
    }

    /// <summary>The ledger with its index, and the operators whose proofs are served.</summary>
    public static IServiceCollection AddLightLedger(
        this IServiceCollection services,
        LightOptions options,
        LightLedger ledger
    ) =>
        services
            .AddSingleton(options)
            .AddSingleton(TimeProvider.System)
            .AddSingleton(_ => ledger) // by a factory, so that the host disposes of it
            .AddSingleton<IAnchorRecord>(ledger.Index)
            .AddSingleton(
                new ServedOperators(async stop =>
                    [.. (await ledger.OperatorsAsync(stop)).Select(each => each.Operator)]
                )
            );

    /// <summary>L1: endpoints, the contract and the follower.</summary>
    public static IServiceCollection AddLightL1(this IServiceCollection services, LightOptions options, L1Options l1)
    {
        services.AddOutgoingHttp();
        L1Connection.Add(services, l1);
        return services
            .AddSingleton(provider => new SystemContract(
                provider.GetRequiredService<EthereumClient>(),
                options.Contract
            ))
            .AddSingleton<LightChain>()
            .AddSingleton(provider => new ChainFollower(
                provider.GetRequiredService<EthereumClient>(),
                provider.GetRequiredService<SystemContract>(),
                provider.GetRequiredService<LightChain>(),
                only: null,
                options.FromBlock,
                provider.GetRequiredService<ILogger<ChainFollower>>()
            ));
    }

    /// <summary>Transactions, within the budget; none without a key.</summary>
    public static IServiceCollection AddChallenges(
        this IServiceCollection services,
        LightOptions options,
        PrivateKeySigner? signer
    ) =>
        services.AddSingleton(provider => new ChallengeSender(
            options,
            provider.GetRequiredService<LightLedger>(),
            signer is null
                ? null
                : new TransactionSender(
                    provider.GetRequiredService<EthereumClient>(),
                    signer,
                    new TransactionSenderOptions { Confirmations = 0, PollInterval = options.PollInterval }
                ),
            provider.GetRequiredService<ILogger<ChallengeSender>>()
        ));

    /// <summary>What the contracts owe it.</summary>
    public static IServiceCollection AddRewards(this IServiceCollection services) =>
        services.AddSingleton<RewardClaims>();

    /// <summary>Recomputing proofs.</summary>
    public static IServiceCollection AddFraudDetection(this IServiceCollection services) =>
        services
            .AddSingleton(_ => new VerificationKey(TrustedSetup.Ethereum))
            .AddSingleton<EpochVerification>()
            .AddSingleton<FraudDetector>();

    /// <summary>Sampling of operators' APIs.</summary>
    public static IServiceCollection AddSampling(this IServiceCollection services)
    {
        services.AddHttpClient(
            nameof(AvailabilitySampling),
            http =>
            {
                http.Timeout = TimeSpan.FromSeconds(10);
                http.MaxResponseContentBufferSize = 64 * 1024;
            }
        );
        return services.AddSingleton<AvailabilitySampling>();
    }
}
