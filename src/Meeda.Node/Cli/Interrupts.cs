using System.Runtime.InteropServices;

namespace Meeda.Node.Cli;

/// <summary>Handles Ctrl-C, even if the parent process ignores it.</summary>
internal static partial class Interrupts
{
    private const int Interrupt = 2;
    private const nint Default = 0;
    private const nint Ignore = 1;

    // On all systems struct sigaction begins with the handler and is shorter than this.
    private const int ActionLength = 512;

    private static readonly CancellationTokenSource Stop = new();
    private static readonly List<PosixSignalRegistration> Registrations = [];

    /// <summary>
    /// Makes SIGINT effective. A shell without job control starts background processes with SIGINT ignored, and .NET
    /// leaves an ignored signal alone, so a script that stops its service by SIGINT would wait in vain.
    /// </summary>
    public static unsafe void Listen()
    {
        if (OperatingSystem.IsWindows())
        {
            return;
        }

        byte* action = stackalloc byte[ActionLength];
        if (GetAction(Interrupt, null, action) == 0 && *(nint*)action == Ignore)
        {
            _ = SetSignal(Interrupt, Default);
        }
    }

    /// <summary>
    /// The token that Ctrl-C and SIGTERM cancel, so that a command can end in order. It is never disposed of: a signal
    /// may still arrive after the command has ended, and must not cause a stack trace.
    /// </summary>
    /// <param name="limit">How long the command may take to end; then the process exits.</param>
    public static CancellationToken Token(TimeSpan limit)
    {
        foreach (PosixSignal signal in (PosixSignal[])[PosixSignal.SIGINT, PosixSignal.SIGTERM])
        {
            Registrations.Add(
                PosixSignalRegistration.Create(
                    signal,
                    context =>
                    {
                        context.Cancel = true;
                        _ = EndAsync(limit);
                    }
                )
            );
        }

        return Stop.Token;
    }

    private static async Task EndAsync(TimeSpan limit)
    {
        await Stop.CancelAsync();
        await Task.Delay(limit);
        Environment.Exit(ExitCode.Interrupted);
    }

    [LibraryImport("libc", EntryPoint = "sigaction")]
    private static unsafe partial int GetAction(int signal, byte* set, byte* old);

    [LibraryImport("libc", EntryPoint = "signal")]
    private static partial nint SetSignal(int signal, nint handler);
}
