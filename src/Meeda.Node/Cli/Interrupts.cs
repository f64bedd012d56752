using System.Runtime.InteropServices;

namespace Meeda.Node.Cli;

/// <summary>Ctrl-C, also where whoever started the program ignores it.</summary>
internal static partial class Interrupts
{
    private const int Interrupt = 2;
    private const nint Default = 0;
    private const nint Ignore = 1;

    // struct sigaction begins with the handler on all systems; it is shorter than this on all of them.
    private const int ActionLength = 512;

    /// <summary>
    /// Makes SIGINT count. A shell without job control starts what it puts into the background with SIGINT ignored, .NET leaves an ignored signal alone, and a
    /// script that stops its service by SIGINT waits in vain.
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

    [LibraryImport("libc", EntryPoint = "sigaction")]
    private static unsafe partial int GetAction(int signal, byte* set, byte* old);

    [LibraryImport("libc", EntryPoint = "signal")]
    private static partial nint SetSignal(int signal, nint handler);
}
