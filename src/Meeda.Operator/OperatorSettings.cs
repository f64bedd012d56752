using Meeda.Chain.Bounties;
using Meeda.Chain.L1;
using Meeda.Hosting;
using Meeda.Hosting.Settings;
using Meeda.Http;
using Meeda.Operator.Anchors;
using Meeda.Operator.Batches;
using Meeda.Operator.L1;
using Meeda.Operator.Nitro;
using Meeda.Operator.Payments;
using Meeda.Operator.SignIn;
using Meeda.Storage;

namespace Meeda.Operator;

/// <summary>All settings of an operator, read and checked.</summary>
internal sealed record OperatorSettings(
    BatchOptions Batches,
    IntakeOptions Intake,
    AnchorOptions Anchors,
    L1Options L1,
    TransactionOptions Transactions,
    PaymentOptions Payments,
    SignInOptions SignIn,
    BountyOptions Bounties,
    StorageOptions Storage,
    NitroOptions Nitro,
    HttpOptions Http,
    SignerOptions Signing,
    ProxyOptions Proxy
)
{
    /// <summary>Reads and checks them, and adds each class to the services.</summary>
    /// <param name="settings">All there are.</param>
    /// <param name="services">Where services find them.</param>
    /// <exception cref="SetupException">Some settings are invalid: the message names all of them.</exception>
    public static OperatorSettings Read(SettingsReader settings, IServiceCollection services)
    {
        Add(services, settings);

        // What the host is made of is opened before it, and needs them.
        using ServiceProvider all = Add(new ServiceCollection(), settings).Validate();
        return new(
            all.Options<BatchOptions>(),
            all.Options<IntakeOptions>(),
            all.Options<AnchorOptions>(),
            all.Options<L1Options>(),
            all.Options<TransactionOptions>(),
            all.Options<PaymentOptions>(),
            all.Options<SignInOptions>(),
            all.Options<BountyOptions>(),
            all.Options<StorageOptions>(),
            all.Options<NitroOptions>(),
            all.Options<HttpOptions>(),
            all.Options<SignerOptions>(),
            all.Options<ProxyOptions>()
        );
    }

    private static IServiceCollection Add(IServiceCollection services, SettingsReader settings)
    {
        // As read, wrong or not: a rule between two classes must not keep quiet because one of them has a fault.
        var l1 = settings.Get<L1Options>();
        var batches = settings.Get<BatchOptions>();
        bool isArchive = settings.Get<BountyOptions>().Archive;
        return services
            .AddSettings(settings, new L1OptionsValidator())
            .AddSettings(settings, new SignerOptionsValidator(l1))
            .AddSettings(settings, new TransactionOptionsValidator())
            .AddSettings(settings, new PaymentOptionsValidator())
            .AddSettings(settings, new SignInOptionsValidator())
            .AddSettings(settings, new BountyOptionsValidator(settings.Get<SignerOptions>()))
            .AddSettings(settings, new IntakeOptionsValidator(batches))
            .AddSettings(settings, new BatchOptionsValidator())
            .AddSettings(settings, new StorageOptionsValidator())
            .AddSettings(settings, new AnchorOptionsValidator(batches))
            .AddSettings(settings, new HttpOptionsValidator())
            .AddSettings(settings, new ProxyOptionsValidator())
            .AddSettings(settings, new NitroOptionsValidator())
            .PostConfigure<StorageOptions>(storage => storage.Archive |= isArchive);
    }
}
