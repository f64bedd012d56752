using System.Diagnostics;
using System.Globalization;
using Meeda.Testing;

namespace Meeda.EndToEnd.Tests;

/// <summary>The built program, run as its user runs it.</summary>
internal static class CommandLine
{
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(3);

    /// <summary>Starts the program with the same runtime as the tests.</summary>
    public static Process Start(string folder, params string[] arguments) => Start(folder, arguments, []);

    /// <summary>The same, with additional environment variables.</summary>
    public static Process Start(string folder, string[] arguments, (string Name, string Value)[] environment)
    {
        var start = new ProcessStartInfo("dotnet")
        {
            WorkingDirectory = folder,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        start.ArgumentList.Add(ProgramOf(arguments));
        foreach (string argument in arguments)
        {
            start.ArgumentList.Add(argument);
        }

        start.Environment["MEEDA_ANVIL"] = Anvil.Binary ?? "";
        foreach ((string name, string value) in environment)
        {
            start.Environment[name] = value;
        }

        return Process.Start(start)!;
    }

    /// <summary>
    /// The program that runs a command: as in <c>./meeda</c>, the local network is a separate program.
    /// </summary>
    public static string ProgramOf(params string[] arguments) =>
        (arguments is ["demo" or "dev", ..] ? typeof(DevNet.LocalNetwork) : typeof(Node.Cli.ExitCode))
            .Assembly
            .Location;

    /// <summary>Runs the program to its end.</summary>
    public static async Task<(int ExitCode, string Output, string Error)> RunAsync(
        string folder,
        params string[] arguments
    )
    {
        using Process process = Start(folder, arguments);
        Task<string> output = process.StandardOutput.ReadToEndAsync();
        Task<string> error = process.StandardError.ReadToEndAsync();
        using CancellationTokenSource limit = Patience.Limit(Limit);
        await process.WaitForExitAsync(limit.Token);
        return (process.ExitCode, await output, await error);
    }

    /// <summary>The descendants of a process, on Linux.</summary>
    public static int[] Descendants(int process)
    {
        int[] children =
        [
            .. Directory
                .EnumerateDirectories($"/proc/{process}/task")
                .SelectMany(ChildrenOf)
                .Select(child => int.Parse(child, CultureInfo.InvariantCulture)),
        ];
        return [.. children, .. children.SelectMany(Descendants)];

        static string[] ChildrenOf(string task)
        {
            try
            {
                return File.ReadAllText(Path.Combine(task, "children"))
                    .Split(' ', StringSplitOptions.RemoveEmptyEntries);
            }
            catch (IOException)
            {
                return []; // The thread has ended since it was listed.
            }
        }
    }

    /// <summary>Sends a process the signal of Ctrl-C, or another.</summary>
    public static async Task SignalAsync(int process, string signal = "INT")
    {
        using Process kill = Process.Start("kill", [$"-{signal}", $"{process}"]);
        await kill.WaitForExitAsync();
    }
}
