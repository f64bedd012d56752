using System.Diagnostics;
using System.Text.Json;
using System.Text.RegularExpressions;
using Meeda.Testing;
using Xunit;
using Xunit.Abstractions;

namespace Meeda.EndToEnd.Tests;

/// <summary>
/// The guides as their readers use them: every block marked <c>sh</c> runs from a clean shell in an empty folder,
/// beside <c>meeda dev</c>. Blocks without a mark are settings of programs that are not available here.
/// </summary>
public sealed partial class GuideTests(ITestOutputHelper output) : IDisposable
{
    private const string Documented = "http://127.0.0.1:3100";
    private const string DocumentedL1 = "http://127.0.0.1:8545";
    private const string FirstOperator = "first-operator.md";
    private static readonly string Guides = Path.Combine(Repository.Root, "docs", "guides");

    private readonly string _folder = Directory.CreateTempSubdirectory("meeda-guide-").FullName;

    public static TheoryData<string> Names =>
        [
            .. Directory
                .EnumerateFiles(Guides, "*.md")
                .Select(path => Path.GetFileName(path))
                .Where(name => name != FirstOperator)
                .Order(),
        ];

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [SkippableTheory]
    [MemberData(nameof(Names))]
    public async Task Every_command_of_a_guide_works_as_it_stands(string name)
    {
        Skip.If(
            Anvil.Binary is null,
            "anvil is not installed: run ./meeda test, which installs it, or set MEEDA_ANVIL"
        );
        Skip.IfNot(OperatingSystem.IsLinux() || OperatingSystem.IsMacOS(), "the guides are for a POSIX shell");
        string text = await File.ReadAllTextAsync(Path.Combine(Guides, name));
        string[] run =
        [
            .. Blocks()
                .Matches(text)
                .Where(block => block.Groups["mark"].Value == "sh")
                .Select(block => block.Groups["text"].Value),
        ];
        string[] others =
        [
            .. Blocks()
                .Matches(text)
                .Where(block => block.Groups["mark"].Value != "sh")
                .Select(block => block.Groups["text"].Value),
        ];
        output.WriteLine(
            $"{name}: {run.Length} blocks run; not run, since they are for other programs:\n{string.Join('\n', others)}"
        );
        Assert.NotEmpty(run);
        // An indented block has no mark.
        Assert.DoesNotContain(
            Blocks().Replace(text, "").Split('\n'),
            line => line.StartsWith("    ", StringComparison.Ordinal)
        );

        using Process dev = CommandLine.Start(_folder, "dev", "--json", "--port", "0", "--l1-port", "0");
        try
        {
            string url = JsonDocument
                .Parse((await dev.StandardOutput.ReadLineAsync())!)
                .RootElement.GetProperty("operator")
                .GetString()!
                .TrimEnd('/');
            (int exitCode, string said) = await ShellAsync(
                string.Join('\n', run).Replace(Documented, url, StringComparison.Ordinal)
            );
            Assert.True(exitCode == 0, said);
        }
        finally
        {
            using (Process interrupt = Process.Start("kill", ["-INT", $"{dev.Id}"]))
            {
                await interrupt.WaitForExitAsync();
            }

            await dev.WaitForExitAsync();
        }
    }

    /// <summary>
    /// The way from nothing to a paid operator and back, on an L1 of which only the URL and a funded key are known.
    /// </summary>
    [SkippableFact]
    public async Task First_operator_is_deployed_staked_paid_and_wound_up_by_its_guide()
    {
        Skip.IfNot(OperatingSystem.IsLinux() || OperatingSystem.IsMacOS(), "the guides are for a POSIX shell");
        await using Anvil l1 = await Anvil.StartAsync("--block-time", $"{Patience.BlockSeconds}");
        using var port = new ReservedPort();
        string text = await File.ReadAllTextAsync(Path.Combine(Guides, FirstOperator));
        IEnumerable<string> run = Blocks()
            .Matches(text)
            .Where(block => block.Groups["mark"].Value == "sh")
            .Select(block => block.Groups["text"].Value);
        string script = string.Join('\n', run)
            .Replace(Documented, $"http://127.0.0.1:{port.Number}", StringComparison.Ordinal)
            .Replace(DocumentedL1, l1.Rpc.ToString().TrimEnd('/'), StringComparison.Ordinal);

        string bin = Directory.CreateDirectory(Path.Combine(_folder, "bin")).FullName;
        string program = Path.Combine(bin, "meeda");
        await File.WriteAllTextAsync(program, $"#!/bin/sh\nexec dotnet {CommandLine.ProgramOf("operator")} \"$@\"\n");
        if (!OperatingSystem.IsWindows())
        {
            File.SetUnixFileMode(program, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        }

        (int exitCode, string said) = await ShellAsync(
            $$"""
            export PATH={{bin}}:$PATH
            trap 'kill $(jobs -p) 2> /dev/null || true' EXIT
            set -x
            {{script}}
            """,
            TimeSpan.FromMinutes(8)
        );

        output.WriteLine(said);
        Assert.True(exitCode == 0, said);
        Assert.Contains("pay it out to 0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266", said, StringComparison.Ordinal);
    }

    [GeneratedRegex("^```(?<mark>[a-z]*)\n(?<text>.*?)^```$", RegexOptions.Multiline | RegexOptions.Singleline)]
    private static partial Regex Blocks();

    private async Task<(int ExitCode, string Said)> ShellAsync(string script, TimeSpan? most = null)
    {
        string folder = Directory.CreateDirectory(Path.Combine(_folder, "shell")).FullName;
        var start = new ProcessStartInfo("bash", ["-euo", "pipefail", "-c", script])
        {
            WorkingDirectory = folder,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        using Process shell = Process.Start(start)!;
        Task<string> said = shell.StandardOutput.ReadToEndAsync(),
            complained = shell.StandardError.ReadToEndAsync();
        using CancellationTokenSource limit = Patience.Limit(most ?? TimeSpan.FromMinutes(2));
        await shell.WaitForExitAsync(limit.Token);
        return (shell.ExitCode, $"{script}\n{await said}\n{await complained}");
    }
}
