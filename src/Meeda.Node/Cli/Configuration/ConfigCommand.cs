using System.CommandLine;
using System.Text.Json;
using Meeda.Hosting;
using Meeda.Hosting.Settings;
using Meeda.Light;
using Meeda.Operator;

namespace Meeda.Node.Cli.Configuration;

/// <summary><c>config</c>: checks the settings, or shows the effective ones.</summary>
internal static class ConfigCommand
{
    private static readonly Option<string?> Config = ConfigOption.Build();

    /// <summary>Builds the command with its subcommands.</summary>
    public static Command Build() =>
        new("config", "Check the settings of the environment and a file, or show the effective ones")
        {
            BuildCheck(),
            BuildShow(),
        };

    private static Command BuildCheck()
    {
        var role = new Argument<string>("ROLE")
        {
            Description = "operator or light",
            DefaultValueFactory = _ => "operator",
        };
        role.AcceptOnlyFromAmong("operator", "light");
        var command = new Command("check", "Check the settings of an operator or a light node, without any connection")
        {
            role,
            Config,
        };
        command.SetAction(
            (parsed, _) =>
            {
                var settings = new SettingsReader(new Dictionary<string, string?>(), parsed.GetValue(Config));
                if (parsed.GetValue(role) == "light")
                {
                    LightNodeApplication.Check(settings);
                }
                else
                {
                    OperatorSettings.Read(settings, new ServiceCollection());
                }

                Console.WriteLine(
                    $"The settings of {(parsed.GetValue(role) == "light" ? "a light node" : "an operator")} are valid"
                );
                return Task.FromResult(ExitCode.Success);
            }
        );
        return command;
    }

    private static Command BuildShow()
    {
        var all = new Option<bool>("--all") { Description = "include settings with default values" };
        var json = new Option<bool>("--json") { Description = "print one line of JSON" };
        var command = new Command(
            "show",
            "Show each setting and its source; secrets are masked, and URLs are reduced to the host"
        )
        {
            all,
            json,
            Config,
        };
        command.SetAction(
            (parsed, _) =>
            {
                Show(
                    new SettingsReader(new Dictionary<string, string?>(), parsed.GetValue(Config)),
                    parsed.GetValue(all),
                    parsed.GetValue(json)
                );
                return Task.FromResult(ExitCode.Success);
            }
        );
        return command;
    }

    private static void Show(SettingsReader settings, bool all, bool json)
    {
        if (settings.Problems.Count > 0)
        {
            throw new SetupException(string.Join(Environment.NewLine, settings.Problems));
        }

        SettingDescription[] shown = [.. settings.Describe().Where(each => all || each.Origin != "default")];
        if (json)
        {
            Console.WriteLine(JsonSerializer.Serialize(shown, CliJson.Default.SettingDescriptionArray));
            return;
        }

        int width = shown.Select(each => each.Name.Length).DefaultIfEmpty().Max();
        foreach (SettingDescription each in shown)
        {
            Console.WriteLine($"{each.Name.PadRight(width)}  {each.Value ?? "(none)"}  [{each.Origin}]");
        }

        if (shown.Length == 0)
        {
            Console.WriteLine("All settings have their defaults (--all shows them)");
        }
    }
}
