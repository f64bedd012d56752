using System.CommandLine;
using System.CommandLine.Parsing;

namespace Meeda.Node.Cli;

/// <summary>What the parser lets pass and no user means.</summary>
internal static class CommandLineChecks
{
    /// <summary>What is wrong with a command line, a line each.</summary>
    public static IEnumerable<string> Problems(ParseResult parsed) =>
        parsed.Errors.Select(error => Describe(parsed, error)).Concat(Ambiguities(parsed));

    // The parser says that a command is missing, and not which there are.
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
    /// Options that take one value and were given more than once: which one counts? And misspelt options that the
    /// parser took for a file or an id; behind <c>--</c> everything is one.
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
                    yield return $"{option.Option.Name}: is given {option.IdentifierTokenCount} times";
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
                    yield return $"{token.Value}: there is no such option of {command.Command.Name}; a file of "
                        + $"that name is given as ./{token.Value}";
                }
            }
        }
    }
}
