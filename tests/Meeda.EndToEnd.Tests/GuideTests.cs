using System.Diagnostics;
using System.Text.Json;
using System.Text.RegularExpressions;
using Meeda.Testing;
using Xunit;
using Xunit.Abstractions;

namespace Meeda.EndToEnd.Tests;

/// <summary>
/// The guides as their reader tries them: every block marked <c>sh</c> runs from a clean shell in an empty folder,
/// beside <c>meeda dev</c>. Blocks without a mark are settings of programs
/// that are not here.
/// </summary>
public sealed partial class GuideTests(ITestOutputHelper output) : IDisposable
{
    private const string Documented = "http://127.0.0.1:3100";
    private static readonly string Guides = Path.Combine(Repository.Root, "docs", "guides");

    private readonly string _folder = Directory.CreateTempSubdirectory("meeda-guide-").FullName;

    public static TheoryData<string> Names =>
        [.. Directory.EnumerateFiles(Guides, "*.md").Select(path => Path.GetFileName(path)).Order()];

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
        Assert.DoesNotContain(text.Split('\n'), line => line.StartsWith("    ", StringComparison.Ordinal));

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

    [GeneratedRegex("^```(?<mark>[a-z]*)\n(?<text>.*?)^```$", RegexOptions.Multiline | RegexOptions.Singleline)]
    private static partial Regex Blocks();

    private async Task<(int ExitCode, string Said)> ShellAsync(string script)
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
        using CancellationTokenSource limit = Patience.Limit(TimeSpan.FromMinutes(2));
        await shell.WaitForExitAsync(limit.Token);
        return (shell.ExitCode, $"{script}\n{await said}\n{await complained}");
    }
}
