using Meeda.Hosting;

namespace Meeda.Node.Cli.Accounts;

/// <summary>Asks the user on the terminal, or uses defaults without asking.</summary>
/// <param name="asks">Whether the user is asked.</param>
internal sealed class Questions(bool asks)
{
    /// <summary>The answer to a question.</summary>
    /// <param name="question">The question.</param>
    /// <param name="given">The value of an option; then the user is not asked.</param>
    /// <param name="usual">The default, or null.</param>
    /// <param name="option">The option that answers it, for the message if the user is not asked.</param>
    /// <exception cref="SetupException">The user is not asked, and there is no default.</exception>
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

    /// <summary>The answer to an optional question; null if the user is not asked.</summary>
    public string? AskOptional(string question) => asks ? Read($"{question}: ") : null;

    private static string? Read(string prompt)
    {
        Console.Write(prompt);
        return Console.ReadLine()?.Trim();
    }
}
