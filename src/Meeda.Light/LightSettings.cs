using Meeda.Chain.L1;
using Meeda.Ethereum;
using Meeda.Hosting;
using Meeda.Hosting.Settings;
using Meeda.L1.Transactions;

namespace Meeda.Light;

/// <summary>
/// The settings of a light node. Its L1 endpoint, contract and first block are in <see cref="L1Options"/>.
/// </summary>
internal sealed class LightSettings
{
    /// <summary>The configuration section that binds to this.</summary>
    public const string Section = "Meeda:Light";

    /// <summary>How operators are named, for messages.</summary>
    internal const string Ways = "--operator or Meeda__Light__Operators__0";

    /// <summary>
    /// The file with the private key that answers lies, as 64 hex digits or encrypted. Default none: the light node
    /// watches only.
    /// </summary>
    public string? KeyFile { get; set; }

    /// <summary>Where its ledger is kept. Default <c>.meeda/light</c> below the working folder.</summary>
    public string Folder { get; set; } = Path.Combine(".meeda", "light");

    /// <summary>
    /// The most ether that it ever spends, on gas and on bonds. Default 0.5: some fifty fraud proofs at 2 gwei.
    /// </summary>
    [Amount("ether", 18)]
    public decimal Budget { get; set; } = 0.5m;

    /// <summary>
    /// The ether that a contract owes it, rewards and what bonds gave back, at which it has them paid out. Default
    /// 0.05.
    /// </summary>
    [Amount("ether", 18)]
    public decimal ClaimAbove { get; set; } = 0.05m;

    /// <summary>How often L1's head is checked. Default 6 s, half a slot: the windows are hours.</summary>
    public TimeSpan PollInterval { get; set; } = TimeSpan.FromSeconds(6);

    /// <summary>How often each of the operators is sampled. Default one minute.</summary>
    public TimeSpan SampleInterval { get; set; } = TimeSpan.FromMinutes(1);

    /// <summary>
    /// The URL under which verifiers may ask it; empty for none. Default <c>http://127.0.0.1:3101</c>.
    /// </summary>
    [MayBeEmpty]
    public string Listen { get; set; } = "http://127.0.0.1:3101";

    /// <summary>The operators that it samples, each as <c>ADDRESS=URL</c> of its API. Default none.</summary>
    [Secret(IsUrl = true)]
    public IList<string> Operators { get; } = [];

    /// <summary>These settings as the light node takes them, once there are no problems.</summary>
    internal LightOptions ToOptions(L1Options l1) =>
        new()
        {
            Contract = Address.Parse(l1.Contract),
            FromBlock = l1.FromBlock,
            Folder = Folder,
            Budget = EtherAmount.FromEther(Budget),
            ClaimAbove = EtherAmount.FromEther(ClaimAbove),
            PollInterval = PollInterval,
            SampleInterval = SampleInterval,
            Operators = Operators.ToDictionary(each => ReadOperator(each).Address, each => ReadOperator(each).Api),
        };

    private static (Address Address, Uri Api) ReadOperator(string text) =>
        TryReadOperator(text, out Address address, out Uri api)
            ? (address, api)
            : throw new SetupException($"operator: ADDRESS=URL is needed ({Ways})");

    /// <summary>Reads <c>ADDRESS=URL</c>; false where it is malformed.</summary>
    internal static bool TryReadOperator(string text, out Address address, out Uri api)
    {
        int separator = text.IndexOf('=', StringComparison.Ordinal);
        address = default;
        api = null!;
        if (
            separator <= 0
            || !Address.TryParse(text[..separator].Trim(), out address)
            || !HttpUrl.TryParse(text[(separator + 1)..].Trim().TrimEnd('/') + "/", out Uri? read)
            || read.Query.Length > 0
        )
        {
            return false;
        }

        api = read;
        return true;
    }
}
