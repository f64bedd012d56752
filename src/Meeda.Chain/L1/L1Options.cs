using Meeda.Ethereum;
using Meeda.Hosting.Settings;

namespace Meeda.Chain.L1;

/// <summary>How the node reaches L1 and which contract it works with.</summary>
public sealed class L1Options
{
    /// <summary>The configuration section that binds to this.</summary>
    public const string Section = "Meeda:L1";

    /// <summary>
    /// The JSON-RPC endpoint of an Ethereum execution client, http or https, or several of them with commas between,
    /// the preferred one first. May hold credentials: it is
    /// never logged whole.
    /// </summary>
    [Secret(IsUrl = true)]
    public string Rpc { get; set; } = "";

    /// <summary>The address of the MeedaSystem contract, from which those of its parts follow.</summary>
    public string Contract { get; set; } = "";

    /// <summary>
    /// The operator's account: the address that registered it, which anchors and proofs name permanently. Default: that
    /// of the operator key, for an owner that registered with the operator key itself.
    /// </summary>
    public string Account { get; set; } = "";

    /// <summary>
    /// A file that holds the operator's private key, as 64 hex digits with or without 0x or encrypted (Web3 Secret
    /// Storage version 3); readable by its owner only.
    /// Other ways are in <see cref="SignerOptions"/>.
    /// </summary>
    public string KeyFile { get; set; } = "";

    /// <summary>
    /// How often the head is checked. Default 2 s: a sixth of a slot, so a block is seen within a fraction of its
    /// time.
    /// </summary>
    public TimeSpan PollInterval { get; set; } = TimeSpan.FromSeconds(2);

    /// <summary>The L1 block in which the contract was deployed: nothing of it can be before. Default 0.</summary>
    public ulong FromBlock { get; set; }

    /// <summary>
    /// Blocks on top of the one that holds a transaction before it counts as done. Default 2: work goes on early, and
    /// what a deeper
    /// reorganisation undoes is done again from the ledger.
    /// </summary>
    public int Confirmations { get; set; } = 2;

    /// <summary>
    /// Whether a batch that the providers do not take is anchored together with its blobs (EIP-4844), so that it
    /// stands on L1 until they are back. Default false:
    /// blobs cost what L1 asks for them at the moment.
    /// </summary>
    public bool FailoverToBlobs { get; set; }

    /// <summary>The account: <see cref="Account"/>, or the operator key's own address where none is named.</summary>
    /// <param name="key">The address of the operator key.</param>
    internal Address AccountOr(Address key) => Account.Length > 0 ? Address.Parse(Account) : key;

    /// <summary>The endpoints of <see cref="Rpc"/>, in their order.</summary>
    internal IReadOnlyList<Uri> Endpoints() => [.. SplitEndpoints().Select(endpoint => new Uri(endpoint))];

    /// <summary>The texts of <see cref="Rpc"/>, whatever they are.</summary>
    internal string[] SplitEndpoints() =>
        Rpc.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
}
