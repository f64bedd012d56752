using System.CommandLine;

namespace Meeda.Node.Cli;

/// <summary>Adds arguments and options that are created outside their command.</summary>
internal static class CommandSymbols
{
    /// <summary>Adds them in order.</summary>
    public static void AddAll(this Command command, IEnumerable<Symbol> symbols)
    {
        foreach (Symbol symbol in symbols)
        {
            if (symbol is Argument argument)
            {
                command.Add(argument);
            }
            else if (symbol is Option option)
            {
                command.Add(option);
            }
        }
    }
}
