using System.CommandLine;

namespace Meeda.Node.Cli;

/// <summary>Arguments and options of a command that are made apart from it.</summary>
internal static class CommandSymbols
{
    /// <summary>Adds them in their order.</summary>
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
