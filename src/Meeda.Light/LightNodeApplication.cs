using Meeda.Chain.L1;
using Meeda.Hosting;
using Meeda.Hosting.Persistence;
using Meeda.Hosting.Settings;
using Meeda.Http;
using Meeda.L1.Signing;

namespace Meeda.Light;

/// <summary>The light node as an application: which services it is made of.</summary>
internal static class LightNodeApplication
{
    /// <summary>The light node: follows L1, recomputes every proof, answers every lie.</summary>
    /// <param name="options">What it watches and how much it may spend.</param>
    /// <param name="rpc">The L1 endpoint.</param>
    /// <param name="keyFile">The file with the key that answers; null for watching only.</param>
    /// <param name="listen">The URL under which verifiers ask it; null for none.</param>
    /// <param name="quiet">Log warnings only.</param>
    /// <param name="cancellationToken">Stops the construction.</param>
    /// <exception cref="SetupException">The folder or the key cannot be used.</exception>
    public static Task<LightRole> BuildAsync(
        LightOptions options,
        Uri rpc,
        string? keyFile,
        string? listen,
        bool quiet,
        CancellationToken cancellationToken
    ) =>
        BuildAsync(
            options,
            new L1Options { Rpc = rpc.AbsoluteUri, PollInterval = options.PollInterval },
            keyFile is null ? null : SignerOptions.ReadKeyFile(keyFile, password: null, passwordFile: null),
            listen,
            new HttpOptions(),
            quiet,
            cancellationToken
        );

    /// <summary>The light node, of settings that are read already.</summary>
    /// <param name="settings">All there are; what is wrong with them is said here.</param>
    /// <param name="quiet">Log warnings only, to standard error.</param>
    /// <param name="cancellationToken">Stops the construction.</param>
    /// <exception cref="SetupException">A setting is wrong, or the folder or the key cannot be used.</exception>
    public static async Task<LightRole> BuildAsync(
        SettingsReader settings,
        bool quiet,
        CancellationToken cancellationToken
    )
    {
        using ServiceProvider all = AddSettings(new ServiceCollection(), settings).Validate();
        LightSettings light = all.Options<LightSettings>();
        L1Options l1 = all.Options<L1Options>();
        HttpOptions http = all.Options<HttpOptions>();
        SignerOptions signing = all.Options<SignerOptions>();
        string? listen = light.Listen.Length == 0 ? null : light.Listen;
        OutgoingHttp.UseProxy(all.Options<ProxyOptions>());
        PrivateKeySigner? signer = light.KeyFile is null
            ? null
            : SignerOptions.ReadKeyFile(light.KeyFile, signing.Password, signing.PasswordFile);
        return await BuildAsync(light.ToOptions(l1), l1, signer, listen, http, quiet, cancellationToken);
    }

    /// <summary>Checks the settings of a light node, and nothing else.</summary>
    /// <exception cref="SetupException">Some are invalid: the message names all of them.</exception>
    public static void Check(SettingsReader settings) =>
        AddSettings(new ServiceCollection(), settings).Validate().Dispose();

    private static IServiceCollection AddSettings(IServiceCollection services, SettingsReader settings) =>
        services
            .AddSettings(settings, new L1OptionsValidator())
            .AddSettings(settings, new LightSettingsValidator())
            .AddSettings(settings, new NoArchiveValidator())
            .AddSettings(settings, new HttpOptionsValidator())
            .AddSettings(settings, new ProxyOptionsValidator())
            .AddSettings<SignerOptions>(settings)
            .PostConfigure<HttpOptions>(http =>
            {
                // It listens where its own setting says, which may be nowhere.
                if (settings.Get<LightSettings>() is { Listen.Length: > 0 } light)
                {
                    http.Listen = light.Listen;
                }
                else
                {
                    http.CertificateFile = http.CertificateKeyFile = null;
                }
            });

    private static async Task<LightRole> BuildAsync(
        LightOptions options,
        L1Options l1,
        PrivateKeySigner? signer,
        string? listen,
        HttpOptions http,
        bool quiet,
        CancellationToken cancellationToken
    )
    {
        if (listen is not null && !http.AllowAnonymous && !ServiceHost.Reaches(listen).IsLoopback)
        {
            throw new SetupException(
                $"--listen: {listen} can be reached from other machines; set Meeda__Http__AllowAnonymous=true if "
                    + "it shall be"
            );
        }

        LightLedger ledger = await LightServices.OpenLedgerAsync(options, cancellationToken);
        WebApplicationBuilder builder = ServiceHost.CreateBuilder(quiet);
        ConnectionLimits connections = ServiceHost.Listen(builder, listen ?? "http://127.0.0.1:0", http);
        builder
            .Services.AddLightLedger(options, ledger)
            .AddLightL1(options, l1)
            .AddChallenges(options, signer)
            .AddFraudDetection()
            .AddRewards()
            .AddSampling()
            .AddVerifierApi(listens: listen is not null)
            .AddBackground<LightNode>();
        builder.Services.Configure<HostOptions>(host => host.ShutdownTimeout = TimeSpan.FromSeconds(10));
        WebApplication app = builder.Build();
        app.Logger.SchemasUpgraded(ledger.Upgrades);
        app.UseVerifierApi(connections, http);
        return new LightRole(app, listens: listen is not null, signer?.Address);
    }
}
