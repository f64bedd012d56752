using Meeda.Chain.Bounties;
using Meeda.Chain.Contract;
using Meeda.Chain.L1;
using Meeda.Ethereum;
using Meeda.Hosting;
using Meeda.Hosting.Settings;
using Meeda.Operator.L1;
using Meeda.Storage;

namespace Meeda.Node.Cli.Spending;

/// <summary>The settings of commands that send transactions: an operator's, without those of its service.</summary>
/// <param name="L1">L1 and the contracts.</param>
/// <param name="Signing">The key.</param>
/// <param name="Storage">The location of the operator's ledger.</param>
/// <param name="Transactions">Limits on fees.</param>
/// <param name="Bounties">The bounty contract.</param>
internal sealed record SpendingSettings(
    L1Options L1,
    SignerOptions Signing,
    StorageOptions Storage,
    TransactionOptions Transactions,
    BountyOptions Bounties
)
{
    /// <summary>Reads and checks them.</summary>
    /// <param name="settings">All settings.</param>
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

    /// <summary>
    /// The account that a command acts on: the configured one, or the one whose operator key on L1 is this key.
    /// </summary>
    /// <param name="system">The contracts.</param>
    /// <param name="key">The operator key.</param>
    /// <param name="otherwise">The account if L1 knows none: the address that would register it.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    public async Task<Address> AccountAsync(
        SystemContract system,
        Address key,
        Address otherwise,
        CancellationToken cancellationToken
    ) =>
        L1.Account.Length > 0
            ? L1.AccountOr(key)
            : await system.Anchors.AccountEverOfAsync(key, cancellationToken) ?? otherwise;

    /// <summary>Checks only L1's endpoints, before there is a contract to name.</summary>
    private sealed class EndpointsValidator : SettingsValidator<L1Options>
    {
        public override IEnumerable<string> Failures(L1Options options) =>
            new L1OptionsValidator()
                .Failures(options)
                .Where(failure => failure.StartsWith("rpc", StringComparison.Ordinal));
    }
}
