using Meeda.Chain.L1;
using Meeda.Ethereum;
using Meeda.Hosting.Settings;
using Meeda.Light;
using Meeda.Storage;

namespace Meeda.Node.Cli.Backups;

/// <summary>The locations and owners of the databases of this machine's operator and light node.</summary>
/// <param name="Storage">The operator's storage.</param>
/// <param name="L1">Its L1.</param>
/// <param name="LightFolder">The light node's folder.</param>
/// <param name="Contract">The configured contract, or null.</param>
/// <param name="Account">The operator's account; null if neither it nor a key is configured.</param>
internal sealed record BackupSettings(
    StorageOptions Storage,
    L1Options L1,
    string LightFolder,
    Address? Contract,
    Address? Account
)
{
    /// <summary>The file with the operator's ledger.</summary>
    public string LedgerFile => Path.Combine(Storage.Folder, BackupManifest.Ledger);

    /// <summary>Reads them, and checks only their form.</summary>
    /// <param name="settings">All settings.</param>
    /// <exception cref="Hosting.SetupException">Some are malformed.</exception>
    public static BackupSettings Read(SettingsReader settings)
    {
        using ServiceProvider all = new ServiceCollection()
            .AddSettings<StorageOptions>(settings)
            .AddSettings<L1Options>(settings)
            .AddSettings<SignerOptions>(settings)
            .AddSettings<LightSettings>(settings)
            .Validate();
        L1Options l1 = all.Options<L1Options>();
        return new BackupSettings(
            all.Options<StorageOptions>(),
            l1,
            all.Options<LightSettings>().Folder,
            Address.TryParse(l1.Contract, out Address contract) ? contract : null,
            TenantLocation.AccountOf(all.Options<SignerOptions>(), l1)
        );
    }

    /// <summary>The folder that a file of a backup belongs to.</summary>
    public string FolderOf(string name) => name == BackupManifest.LightNode ? LightFolder : Storage.Folder;
}
