namespace Meeda.Node.Cli;

/// <summary>The process's exit codes.</summary>
internal static class ExitCode
{
    /// <summary>Done, and every check holds.</summary>
    public const int Success = 0;

    /// <summary>Something failed, or a check does not hold.</summary>
    public const int Failure = 1;

    /// <summary>Nothing was done: this is another program's task, and the message names it.</summary>
    public const int Elsewhere = 2;

    /// <summary>Stopped by Ctrl-C or SIGTERM before it was done (128 + SIGINT, the shells' convention).</summary>
    public const int Interrupted = 130;
}
