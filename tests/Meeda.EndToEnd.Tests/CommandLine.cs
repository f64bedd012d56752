using System.Diagnostics;

using Meeda.Node;

namespace Meeda.EndToEnd.Tests;

/// <summary>The built program, run as its user runs it.</summary>
internal static class CommandLine
{
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(3);

    /// <summary>The folder that holds Meeda.sln.</summary>
    public static string Root { get; } = FindRoot();

    /// <summary>The local L1's binary, or null where it is not installed.</summary>
    public static string? Anvil { get; } = FindAnvil();

    /// <summary>Starts the program with the same runtime as the tests.</summary>
    public static Process Start(string folder, params string[] arguments)
    {
        var start = new ProcessStartInfo("dotnet") { WorkingDirectory = folder, RedirectStandardOutput = true, RedirectStandardError = true };
        start.ArgumentList.Add(typeof(SetupException).Assembly.Location);
        foreach (string argument in arguments)
        {
            start.ArgumentList.Add(argument);
        }

        start.Environment["MEEDA_ANVIL"] = Anvil ?? "";
        return Process.Start(start)!;
    }

    /// <summary>Runs the program to its end.</summary>
    public static async Task<(int ExitCode, string Output, string Error)> RunAsync(string folder, params string[] arguments)
    {
        using Process process = Start(folder, arguments);
        Task<string> output = process.StandardOutput.ReadToEndAsync();
        Task<string> error = process.StandardError.ReadToEndAsync();
        using var limit = new CancellationTokenSource(Limit);
        await process.WaitForExitAsync(limit.Token);
        return (process.ExitCode, await output, await error);
    }

    private static string? FindAnvil()
    {
        string modules = Path.Combine(Root, "contracts", "node_modules", "@foundry-rs");
        string? installed = Directory.Exists(modules) ? Directory.EnumerateFiles(modules, "anvil", SearchOption.AllDirectories).FirstOrDefault() : null;
        return Environment.GetEnvironmentVariable("MEEDA_ANVIL") is { Length: > 0 } named ? named : installed;
    }

    private static string FindRoot()
    {
        string? folder = AppContext.BaseDirectory;
        while (folder is not null && !File.Exists(Path.Combine(folder, "Meeda.sln")))
        {
            folder = Path.GetDirectoryName(folder);
        }

        return folder ?? throw new InvalidOperationException("Meeda.sln is in no folder above the tests");
    }
}
