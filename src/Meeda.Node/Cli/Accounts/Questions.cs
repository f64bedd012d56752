using Meeda.Hosting;

namespace Meeda.Node.Cli.Accounts;

/// <summary>Asks a person on the terminal, or takes defaults where nobody is to be asked.</summary>
/// <param name="asks">Whether a person is asked.</param>
internal sealed class Questions(bool asks)
{
    /// <summary>The answer to a question.</summary>
    /// <param name="question">The question.</param>
    /// <param name="given">What an option said; then nobody is asked.</param>
    /// <param name="usual">The default; null where there is none.</param>
    /// <param name="option">The option that answers it, for the message where nobody can be asked.</param>
    /// <exception cref="SetupException">Nobody can be asked, and there is no default.</exception>
    public string Ask(string question, string? given, string? usual, string option = "")
    {
        if (given is not null)
        {
            return given;
        }

        string? answer = asks ? Read($"{question}{(usual is null ? "" : $" [{usual}]")}: ") : null;
        return !string.IsNullOrEmpty(answer)
            ? answer
            : usual ?? throw new SetupException($"{option}: is needed ({question})");
    }

    /// <summary>The answer to a question that may stay open; null where nobody is asked.</summary>
    public string? AskOptional(string question) => asks ? Read($"{question}: ") : null;

    private static string? Read(string prompt)
    {
        Console.Write(prompt);
        return Console.ReadLine()?.Trim();
    }
}
