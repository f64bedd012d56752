using Meeda.Chain.Bounties;
using Meeda.Chain.Contract;
using Meeda.Chain.L1;
using Meeda.Ethereum;
using Meeda.Hosting;
using Meeda.Hosting.Settings;
using Meeda.Operator.L1;
using Meeda.Storage;

namespace Meeda.Node.Cli.Spending;

/// <summary>The settings of commands that send transactions: those of an operator, but for its service.</summary>
/// <param name="L1">L1 and the contracts.</param>
/// <param name="Signing">The key.</param>
/// <param name="Storage">Where an operator's ledger is.</param>
/// <param name="Transactions">Limits on fees.</param>
/// <param name="Bounties">Where the bounties are.</param>
internal sealed record SpendingSettings(
    L1Options L1,
    SignerOptions Signing,
    StorageOptions Storage,
    TransactionOptions Transactions,
    BountyOptions Bounties
)
{
    /// <summary>Reads and checks them.</summary>
    /// <param name="settings">All there are.</param>
    /// <param name="needsKey">Whether a key must be named.</param>
    /// <param name="needsContract">Whether the contracts must be named.</param>
    /// <exception cref="SetupException">Some are invalid: the message names all of them.</exception>
    public static SpendingSettings Read(SettingsReader settings, bool needsKey, bool needsContract = true)
    {
        IServiceCollection services = new ServiceCollection()
            .AddSettings<L1Options>(settings, needsContract ? new L1OptionsValidator() : new EndpointsValidator())
            .AddSettings<StorageOptions>(settings)
            .AddSettings(settings, new TransactionOptionsValidator())
            .AddSettings(settings, new BountyOptionsValidator(signer: null))
            .AddSettings(settings, new ProxyOptionsValidator());
        _ = needsKey
            ? services.AddSettings(settings, new SignerOptionsValidator(settings.Get<L1Options>()))
            : services.AddSettings<SignerOptions>(settings);
        using ServiceProvider all = services.Validate();
        OutgoingHttp.UseProxy(all.Options<ProxyOptions>());
        return new SpendingSettings(
            all.Options<L1Options>(),
            all.Options<SignerOptions>(),
            all.Options<StorageOptions>(),
            all.Options<TransactionOptions>(),
            all.Options<BountyOptions>()
        );
    }

    /// <summary>How transactions are sent.</summary>
    public Meeda.L1.Transactions.TransactionSenderOptions SenderOptions =>
        Transactions.ToSenderOptions(L1, observer: _ => { });

    /// <summary>The account that a command is about: the configured one, or the one that L1 knows the operator key
    /// of.</summary>
    /// <param name="system">The contracts.</param>
    /// <param name="key">The operator key.</param>
    /// <param name="otherwise">The account where L1 knows none: the address that would register it.</param>
    /// <param name="cancellationToken">Ends the waiting.</param>
    public async Task<Address> AccountAsync(
        SystemContract system,
        Address key,
        Address otherwise,
        CancellationToken cancellationToken
    ) =>
        L1.Account.Length > 0
            ? L1.AccountOr(key)
            : await system.Anchors.AccountEverOfAsync(key, cancellationToken) ?? otherwise;

    /// <summary>Checks L1's endpoints alone, where there is no contract to name yet.</summary>
    private sealed class EndpointsValidator : SettingsValidator<L1Options>
    {
        public override IEnumerable<string> Failures(L1Options options) =>
            new L1OptionsValidator()
                .Failures(options)
                .Where(failure => failure.StartsWith("rpc", StringComparison.Ordinal));
    }
}
