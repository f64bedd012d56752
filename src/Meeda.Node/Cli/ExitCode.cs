namespace Meeda.Node.Cli;

/// <summary>What the process tells its caller at its end.</summary>
internal static class ExitCode
{
    /// <summary>Done, and everything that was to be checked holds.</summary>
    public const int Success = 0;

    /// <summary>Something failed, or a check does not hold.</summary>
    public const int Failure = 1;

    /// <summary>Nothing was done: another program does this, and the message says which.</summary>
    public const int Elsewhere = 2;

    /// <summary>Stopped by Ctrl-C or SIGTERM before it was done (128 + SIGINT, as shells count).</summary>
    public const int Interrupted = 130;
}
