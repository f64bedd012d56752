using System.Diagnostics;

namespace Meeda.DevNet;

/// <summary>
/// Child processes that do not outlive this one. Between the two stands a shell that waits for the end of its input:
/// the system closes that pipe when this process is gone, after kill -9 too, and then the shell ends the child. On
/// Windows the child is started as it is.
/// </summary>
internal static class Supervised
{
    // The signals of a terminal reach the whole group; the shell stays until its input ends. What it reads it throws
    // away. The child's end is seen by the end of its output, which the shell therefore lets go of.
    private const string Script = """
        trap "" INT QUIT HUP TERM
        (trap - HUP TERM; exec "$0" "$@") </dev/null &
        child=$!
        exec >/dev/null 2>&1
        cat
        kill -9 $child
        wait $child
        """;

    /// <summary>How to start a program so; arguments are added to what is returned.</summary>
    public static ProcessStartInfo StartInfo(string program)
    {
        bool hasShell = !OperatingSystem.IsWindows();
        var start = new ProcessStartInfo(hasShell ? "/bin/sh" : program)
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            UseShellExecute = false,
        };
        if (hasShell)
        {
            start.ArgumentList.Add("-c");
            start.ArgumentList.Add(Script);
            start.ArgumentList.Add(program);
        }

        return start;
    }

    /// <summary>Ends the program, and waits until it is gone.</summary>
    public static async Task StopAsync(Process process)
    {
        process.StandardInput.Close();
        if (OperatingSystem.IsWindows() && !process.HasExited)
        {
            process.Kill();
        }

        await process.WaitForExitAsync(CancellationToken.None);
    }
}
