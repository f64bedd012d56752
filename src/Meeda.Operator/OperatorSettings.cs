using Meeda.Chain.L1;
using Meeda.Hosting;
using Meeda.Hosting.Settings;
using Meeda.Http;
using Meeda.Operator.Anchors;
using Meeda.Operator.Batches;
using Meeda.Operator.L1;
using Meeda.Operator.Nitro;
using Meeda.Storage;

namespace Meeda.Operator;

/// <summary>All settings of an operator, read and checked.</summary>
internal sealed record OperatorSettings(
    BatchOptions Batches,
    IntakeOptions Intake,
    AnchorOptions Anchors,
    L1Options L1,
    TransactionOptions Transactions,
    StorageOptions Storage,
    NitroOptions Nitro,
    HttpOptions Http,
    SignerOptions Signing,
    ProxyOptions Proxy
)
{
    /// <summary>Reads them, and adds each class to the services.</summary>
    /// <param name="settings">All there are.</param>
    /// <param name="services">Where services find them.</param>
    /// <exception cref="SetupException">Some are wrong: all of them are named.</exception>
    public static OperatorSettings Read(SettingsReader settings, IServiceCollection services)
    {
        ServiceHost.AddOptions(services, settings, out BatchOptions batches);
        ServiceHost.AddOptions(services, settings, out IntakeOptions intake);
        ServiceHost.AddOptions(services, settings, out AnchorOptions anchors);
        ServiceHost.AddOptions(services, settings, out L1Options l1);
        ServiceHost.AddOptions(services, settings, out TransactionOptions transactions);
        ServiceHost.AddOptions(services, settings, out StorageOptions storage);
        ServiceHost.AddOptions(services, settings, out NitroOptions nitro);
        ServiceHost.AddOptions(services, settings, out HttpOptions http);
        ServiceHost.AddOptions(services, settings, out SignerOptions signing);
        ServiceHost.AddOptions(services, settings, out ProxyOptions proxy);
        settings.ThrowIfWrong([
            .. l1.Problems(),
            .. signing.Problems(l1),
            .. transactions.Problems(),
            .. intake.Problems(batches),
            .. batches.Problems(),
            .. storage.Problems(),
            .. anchors.Problems(batches),
            .. http.Problems(),
            .. proxy.Problems(),
        ]);
        return new(batches, intake, anchors, l1, transactions, storage, nitro, http, signing, proxy);
    }
}
