using System.CommandLine;
using Meeda.Ethereum;
using Meeda.Hosting;

namespace Meeda.Node.Cli.Spending;

/// <summary>The options of a command that sends transactions.</summary>
internal sealed class SpendingOptions
{
    private readonly Option<bool> _dryRun = new("--dry-run")
    {
        Description = "show the transactions with cost and effect, but send nothing",
    };

    private readonly Option<bool> _yes = new("--yes") { Description = "send without asking; for scripts" };

    private readonly Option<bool> _json = new("--json")
    {
        Description = "print one line of JSON; needs --yes or --dry-run where something would be sent",
    };

    private readonly Option<string?> _from = new("--from")
    {
        Description =
            "with --dry-run: plan for this sender, whose key is not needed; the JSON has the calldata, for a "
            + "multisig wallet or a hardware wallet",
    };

    /// <summary>Adds them to a command.</summary>
    public void AddTo(Command command)
    {
        command.Add(_dryRun);
        command.Add(_yes);
        command.Add(_json);
        command.Add(_from);
    }

    /// <summary>Reads the options of a command line.</summary>
    /// <exception cref="SetupException">They contradict each other.</exception>
    public SpendingChoices Read(ParseResult parsed)
    {
        var choices = new SpendingChoices(
            parsed.GetValue(_dryRun),
            parsed.GetValue(_yes),
            parsed.GetValue(_json),
            parsed.GetValue(_from) is { } from ? ParseAddress("--from", from) : null
        );
        if (choices.From is not null && !choices.IsDryRun)
        {
            throw new SetupException("--from: only with --dry-run: transactions are sent by the configured key");
        }

        return choices is { IsJson: true, IsDryRun: false, IsConfirmed: false }
            ? throw new SetupException("--json: cannot ask for confirmation; add --yes or --dry-run")
            : choices;
    }

    /// <summary>Parses an address.</summary>
    /// <exception cref="SetupException">It is not an address.</exception>
    public static Address ParseAddress(string option, string text) =>
        Address.TryParse(text, out Address address)
            ? address
            : throw new SetupException($"{option}: a 20-byte hex address is needed");
}

/// <summary>How a command sends.</summary>
/// <param name="IsDryRun">Whether nothing is sent.</param>
/// <param name="IsConfirmed">Whether it sends without asking.</param>
/// <param name="IsJson">Whether the output is one line of JSON.</param>
/// <param name="From">The sender of a dry run; null for the configured key.</param>
internal sealed record SpendingChoices(bool IsDryRun, bool IsConfirmed, bool IsJson, Address? From);
