using System.CommandLine;
using System.Globalization;
using System.Numerics;
using Meeda.Ethereum;
using Meeda.Node.Light;

namespace Meeda.Node.Cli;

/// <summary><c>light</c>: a light node, which needs an L1 endpoint and the contract's address and nothing else.</summary>
internal static class LightCommand
{
    /// <summary>The command with its options.</summary>
    public static Command Build()
    {
        var rpc = new Option<string?>("--rpc") { Description = "L1 JSON-RPC endpoint; one that holds credentials belongs in the environment (Meeda__L1__Rpc)" };
        var contract = new Option<string>("--contract") { Description = "address of the MeedaVerifier contract", Required = true };
        var keyFile = new Option<string?>("--key-file") { Description = "file with the private key that answers lies and is paid for it; without it the light node only watches" };
        var fromBlock = new Option<ulong>("--from-block") { Description = "L1 block of the contract's deployment" };
        var folder = new Option<string>("--folder") { Description = "where its ledger is kept", DefaultValueFactory = _ => Path.Combine(".meeda", "light") };
        var budget = new Option<decimal>("--budget") { Description = "the most ether that it ever spends, on gas and on bonds", DefaultValueFactory = _ => 0.5m };
        var poll = new Option<double>("--poll") { Description = "seconds between two looks at L1's head", DefaultValueFactory = _ => 6 };
        var listen = new Option<string>("--listen") { Description = "URL under which verifiers may ask it; empty for none", DefaultValueFactory = _ => "http://127.0.0.1:3101" };
        var operators = new Option<string[]>("--operator") { Description = "an operator to sample, ADDRESS=URL of its API; may be given several times" };
        var sampleInterval = new Option<double>("--sample-interval") { Description = "seconds between two looks at those operators", DefaultValueFactory = _ => 60 };
        var command = new Command("light", "Run a light node: recompute every proof from L1 and answer every lie")
        {
            rpc, contract, keyFile, fromBlock, folder, budget, poll, listen, operators, sampleInterval,
        };
        command.SetAction((parsed, cancellationToken) => RunAsync(
            parsed.GetValue(rpc) ?? Environment.GetEnvironmentVariable("Meeda__L1__Rpc"),
            parsed.GetValue(keyFile),
            parsed.GetValue(contract)!,
            parsed.GetValue(listen) is { Length: > 0 } url ? url : null,
            new LightOptions
            {
                Contract = Address.Zero,
                FromBlock = parsed.GetValue(fromBlock),
                Folder = parsed.GetValue(folder)!,
                Budget = new BigInteger(parsed.GetValue(budget) * 1_000_000_000m) * 1_000_000_000,
                Operators = (parsed.GetValue(operators) ?? []).ToDictionary(each => ParseOperator(each).Address, each => ParseOperator(each).Api),
                SampleInterval = TimeSpan.FromSeconds(Math.Clamp(parsed.GetValue(sampleInterval), 0.1, 86_400)),
                PollInterval = TimeSpan.FromSeconds(Math.Clamp(parsed.GetValue(poll), 0.05, 600)),
            },
            cancellationToken));
        return command;
    }

    private static (Address Address, Uri Api) ParseOperator(string text)
    {
        int separator = text.IndexOf('=', StringComparison.Ordinal);
        return separator > 0
            && Address.TryParse(text[..separator], out Address address)
            && Uri.TryCreate(text[(separator + 1)..].TrimEnd('/') + "/", UriKind.Absolute, out Uri? api)
            && api.Scheme is "http" or "https"
                ? (address, api)
                : throw new SetupException("--operator: ADDRESS=URL is needed, a 20-byte hex address and an http or https URL");
    }

    private static async Task<int> RunAsync(string? rpc, string? keyFile, string contract, string? listen, LightOptions options, CancellationToken cancellationToken)
    {
        if (!Uri.TryCreate(rpc, UriKind.Absolute, out Uri? endpoint) || endpoint.Scheme is not ("http" or "https"))
        {
            throw new SetupException("--rpc: an absolute http or https URL of an Ethereum JSON-RPC endpoint is needed (or Meeda__L1__Rpc)");
        }

        if (!Address.TryParse(contract, out Address address))
        {
            throw new SetupException("--contract: the 20-byte hex address of the MeedaVerifier contract is needed");
        }

        await using LightRole role = await Roles.BuildLightNodeAsync(options with { Contract = address }, endpoint, keyFile, listen, quiet: false, cancellationToken);
        await role.StartAsync(cancellationToken);
        foreach (string url in role.Urls)
        {
            Console.WriteLine($"It answers verifiers at {url}");
        }

        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"Meeda light node follows {address} from block {options.FromBlock}{(role.Account is { } account ? $" as {account}" : ", watching only")}"));
        try
        {
            await role.RunAsync(cancellationToken);
        }
        catch (OperationCanceledException)
        {
            // Ctrl-C is how this command ends.
        }

        return ExitCode.Success;
    }
}
