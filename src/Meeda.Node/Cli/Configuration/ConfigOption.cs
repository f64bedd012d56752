using System.CommandLine;

namespace Meeda.Node.Cli.Configuration;

/// <summary>The option that names a file of settings.</summary>
internal static class ConfigOption
{
    /// <summary>Creates the option for one command.</summary>
    public static Option<string?> Build() =>
        new("--config") { Description = "a JSON file of settings; options and the environment override it" };
}
