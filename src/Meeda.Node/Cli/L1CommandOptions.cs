using System.CommandLine;

namespace Meeda.Node.Cli;

/// <summary>The options about L1. Each is a setting too (<c>Meeda__L1__Name</c>).</summary>
internal static class L1CommandOptions
{
    /// <summary>The endpoint, or several.</summary>
    public static readonly Option<string?> Rpc = new("--rpc")
    {
        Description =
            "L1 JSON-RPC endpoint, or several separated by commas; one that contains credentials belongs in the "
            + "environment (Meeda__L1__Rpc)",
    };

    /// <summary>The contract.</summary>
    public static readonly Option<string?> Contract = new("--contract")
    {
        Description = "address of the MeedaSystem contract (Meeda__L1__Contract)",
    };

    /// <summary>The contract's block.</summary>
    public static readonly Option<string?> FromBlock = new("--from-block")
    {
        Description = "L1 block of the contract's deployment (Meeda__L1__FromBlock)",
    };

    /// <summary>The options of a command line as settings; null for those not given.</summary>
    public static Dictionary<string, string?> SettingsOf(ParseResult parsed) =>
        new()
        {
            ["Meeda:L1:Rpc"] = parsed.GetValue(Rpc),
            ["Meeda:L1:Contract"] = parsed.GetValue(Contract),
            ["Meeda:L1:FromBlock"] = parsed.GetValue(FromBlock),
        };
}
