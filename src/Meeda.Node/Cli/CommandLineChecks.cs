using System.CommandLine;
using System.CommandLine.Parsing;

namespace Meeda.Node.Cli;

/// <summary>Rejects command lines that the parser accepts but no user intends.</summary>
internal static class CommandLineChecks
{
    /// <summary>The problems of a command line, one line each.</summary>
    public static IEnumerable<string> Problems(ParseResult parsed) =>
        parsed.Errors.Select(error => Describe(parsed, error)).Concat(Ambiguities(parsed));

    // The parser reports that a command is missing, but does not list the commands.
    private static string Describe(ParseResult parsed, ParseError error)
    {
        Command command = parsed.CommandResult.Command;
        bool isMissing =
            command is { Action: null, Subcommands.Count: > 0 }
            && error.Message.StartsWith("Required", StringComparison.Ordinal);
        return isMissing
            ? $"{(command is RootCommand ? "" : $"{command.Name}: ")}a command is needed, one of "
                + string.Join(", ", command.Subcommands.Select(each => each.Name))
            : error.Message;
    }

    /// <summary>
    /// Options with a single value that were given more than once, and misspelt options that the parser took for a file
    /// or an id. After <c>--</c> every token is a file or an id.
    /// </summary>
    private static IEnumerable<string> Ambiguities(ParseResult parsed)
    {
        for (SymbolResult? level = parsed.CommandResult; level is CommandResult command; level = command.Parent)
        {
            foreach (OptionResult option in command.Children.OfType<OptionResult>())
            {
                if (
                    option.IdentifierTokenCount > 1
                    && option.Option.Arity.MaximumNumberOfValues <= 1
                    && !option.Errors.Any()
                )
                {
                    yield return $"{option.Option.Name}: given {option.IdentifierTokenCount} times, allowed once";
                }
            }

            bool isEverythingAnArgument = parsed.Tokens.Any(token => token.Type == TokenType.DoubleDash);
            foreach (
                Token token in isEverythingAnArgument
                    ? []
                    : command.Children.OfType<ArgumentResult>().SelectMany(argument => argument.Tokens)
            )
            {
                if (token.Value.Length > 1 && token.Value.StartsWith('-'))
                {
                    yield return $"{token.Value}: {command.Command.Name} has no such option; give a file of "
                        + $"that name as ./{token.Value}";
                }
            }
        }
    }
}
