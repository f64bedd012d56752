using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Text.Json;
using Meeda.Testing;
using Xunit;

namespace Meeda.EndToEnd.Tests;

/// <summary>The program and its environment: its configuration, its output and its exit.</summary>
public sealed class ProgramTests : IDisposable
{
    private const string NoAnvil = "anvil is not installed: run ./meeda test, which installs it, or set MEEDA_ANVIL";
    private const string Contract = "0x00000000000000000000000000000000000000c0";

    private readonly string _folder = Directory.CreateTempSubdirectory("meeda-program-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task Light_FrameworkConfigurationAround_ListensOnlyWhereItWasTold()
    {
        using var reserved = new ReservedPort();
        int other = reserved.Number;
        await File.WriteAllTextAsync(
            Path.Combine(_folder, "appsettings.json"),
            JsonSerializer.Serialize(
                new
                {
                    Kestrel = new { Endpoints = new { A = new { Url = $"http://0.0.0.0:{other}" } } },
                    Meeda = new { Light = new { Budget = "7" } },
                }
            )
        );
        await File.WriteAllTextAsync(Path.Combine(_folder, "appsettings.Production.json"), "{ broken");
        using Process light = CommandLine.Start(
            _folder,
            ["light", "--rpc", "http://127.0.0.1:1", "--contract", Contract, "--listen", "http://127.0.0.1:0"],
            [
                ("Kestrel__Endpoints__B__Url", $"http://0.0.0.0:{other}"),
                ("ASPNETCORE_Kestrel__Endpoints__C__Url", $"http://0.0.0.0:{other}"),
                ("ASPNETCORE_URLS", $"http://0.0.0.0:{other}"),
                ("DOTNET_URLS", $"http://0.0.0.0:{other}"),
                ("ASPNETCORE_HTTP_PORTS", $"{other}"),
                ("URLS", $"http://0.0.0.0:{other}"),
            ]
        );
        _ = light.StandardError.ReadToEndAsync();
        string line = (await light.StandardOutput.ReadLineAsync())!;
        Assert.StartsWith("Verifier API listening on http://127.0.0.1:", line, StringComparison.Ordinal);
        using (var client = new TcpClient())
        {
            await Assert.ThrowsAsync<SocketException>(() => client.ConnectAsync(IPAddress.Loopback, other));
        }

        if (OperatingSystem.IsLinux())
        {
            Assert.DoesNotContain(
                Directory.GetFiles($"/proc/{light.Id}/fd"),
                file => new FileInfo(file).LinkTarget?.Contains("inotify", StringComparison.Ordinal) == true
            );
        }

        light.Kill();
        await light.WaitForExitAsync();
    }

    /// <summary>A signal that arrives while a command is ending, for whatever reason, causes no stack trace.</summary>
    [SkippableFact]
    public async Task Command_SignalsUntilItHasEnded_LeaveNoTrace()
    {
        Skip.If(OperatingSystem.IsWindows(), "there are no signals");
        using Process process = CommandLine.Start(
            _folder,
            "light",
            "--rpc",
            "http://127.0.0.1:1",
            "--contract",
            Contract,
            "--listen",
            "http://127.0.0.1:0"
        );
        Task<string> error = process.StandardError.ReadToEndAsync();
        await process.StandardOutput.ReadLineAsync();
        _ = process.StandardOutput.ReadToEndAsync();
        while (!process.HasExited)
        {
            await CommandLine.SignalAsync(process.Id, "TERM");
        }

        Assert.DoesNotContain("Unhandled exception", await error, StringComparison.Ordinal);
    }

    /// <summary>A misspelt option is reported as unknown, also where a file or an id could be.</summary>
    [Theory]
    [InlineData("put", "--jsn")]
    [InlineData("get", "-O")]
    [InlineData("status", "--jsn")]
    [InlineData("verify", "--jsn")]
    [InlineData("demo", "--los")]
    public async Task Command_MisspeltOption_IsRefusedAsOne(string command, string option)
    {
        (int exitCode, string output, string error) = await CommandLine.RunAsync(_folder, command, option);
        Assert.Equal(1, exitCode);
        Assert.Empty(output);
        Assert.Contains($"meeda: {option}: {command} has no such option", error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Operator_EverythingIsWrong_IsSaidAtOnceAndWithoutATrace()
    {
        using Process process = CommandLine.Start(
            _folder,
            [
                "operator",
                "--rpc",
                "http://127.0.0.1:1",
                "--contract",
                "nowhere",
                "--from-block",
                "1,000",
                "--listen",
                "127.0.0.1:3100",
            ],
            [
                ("Meeda__L1__PolInterval", "2s"),
                ("Meeda__L1__PollInterval", "30"),
                ("Meeda__Transactions__BalanceAlarm", "0,5"),
                ("Meeda__Http__AllowAnonymous", "maybe"),
                ("Meeda__Storage__Folder__0", "a"),
                ("Meeda__Signer__Key", "hush-hush"),
            ]
        );
        Task<string> output = process.StandardOutput.ReadToEndAsync();
        string error = await process.StandardError.ReadToEndAsync();
        await process.WaitForExitAsync();
        Assert.Equal((1, ""), (process.ExitCode, await output));
        string[] expected =
        [
            "contract:",
            "--from-block:",
            "--listen:",
            "Meeda__L1__PolInterval:",
            "Meeda__L1__PollInterval:",
            "Meeda__Transactions__BalanceAlarm:",
            "Meeda__Http__AllowAnonymous:",
            "Meeda__Storage__Folder__0:",
        ];
        string[] lines = error.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal(
            expected.Order(StringComparer.Ordinal),
            lines.Select(line => line.Split(' ')[1]).Order(StringComparer.Ordinal)
        );
        Assert.DoesNotContain("hush", error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("--rpc", "operator", "--rpc", "http://a", "--rpc", "http://b")]
    [InlineData("--budget: '0,5'", "light", "--rpc", "http://127.0.0.1:1", "--contract", Contract, "--budget", "0,5")]
    [InlineData("poll interval", "light", "--rpc", "http://127.0.0.1:1", "--contract", Contract, "--poll", "0.001")]
    [InlineData(
        "TLS",
        "light",
        "--rpc",
        "http://127.0.0.1:1",
        "--contract",
        Contract,
        "--listen",
        "https://127.0.0.1:1"
    )]
    [InlineData(
        "AllowAnonymous",
        "light",
        "--rpc",
        "http://127.0.0.1:1",
        "--contract",
        Contract,
        "--listen",
        "http://0.0.0.0:0"
    )]
    [InlineData(
        "rpc",
        "verify",
        "0x1111111111111111111111111111111111111111111111111111111111111111",
        "--json",
        "--rpc",
        "nowhere"
    )]
    [InlineData("--json", "status", "--json", "--json")]
    [InlineData("--url", "status", "--json", "--url", "http://a,http://b")]
    [InlineData("@absent", "put", "--json", "@absent")]
    [InlineData("--port", "dev", "--json", "--port", "65536")]
    [InlineData("--config", "operator", "--config", "absent.json")]
    [InlineData("--config", "keys", "list", "--json", "--config", "absent.json")]
    public async Task Command_WrongOption_IsALineOnStandardErrorOnly(string named, params string[] arguments)
    {
        (int exitCode, string output, string error) = await CommandLine.RunAsync(_folder, arguments);
        Assert.Equal((1, ""), (exitCode, output));
        Assert.Contains(named, error, StringComparison.Ordinal);
        Assert.All(
            error.Split('\n', StringSplitOptions.RemoveEmptyEntries),
            line => Assert.StartsWith("meeda: ", line, StringComparison.Ordinal)
        );
    }

    [SkippableFact]
    public async Task Dev_ProxyInTheEnvironment_IsNotAskedAndStandardOutputIsOneLine()
    {
        Skip.If(Anvil.Binary is null, NoAnvil);
        using Process dev = CommandLine.Start(
            _folder,
            ["dev", "--json", "--port", "0", "--l1-port", "0"],
            [.. ProxyVariables(), ("Kestrel__Endpoints__A__Url", "http://127.0.0.1:1")]
        );
        Task<string> error = dev.StandardError.ReadToEndAsync();
        string? line = await dev.StandardOutput.ReadLineAsync();
        Assert.True(line is not null, line is null ? await error : "");
        using (var http = new HttpClient(new SocketsHttpHandler { UseProxy = false }))
        {
            var root = new Uri(JsonDocument.Parse(line!).RootElement.GetProperty("operator").GetString()!);
            using HttpResponseMessage answer = await http.PostAsync(new Uri(root, "put"), new ByteArrayContent([1]));
            Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        }

        if (OperatingSystem.IsLinux())
        {
            string[] open =
            [
                .. Directory
                    .EnumerateFileSystemEntries(Path.Combine(_folder, ".meeda"), "*", SearchOption.AllDirectories)
                    .Where(IsOpenToOthers),
            ];
            Assert.Empty(open);
            Assert.DoesNotContain(
                Directory.GetFiles($"/proc/{dev.Id}/fd"),
                file => new FileInfo(file).LinkTarget?.Contains("inotify", StringComparison.Ordinal) == true
            );
        }

        await CommandLine.SignalAsync(dev.Id);
        Assert.Equal("", await dev.StandardOutput.ReadToEndAsync());
        await dev.WaitForExitAsync();
        Assert.Equal(0, dev.ExitCode);
    }

    [SkippableFact]
    public async Task Dev_KilledHard_LeavesNoProcessBehind()
    {
        Skip.If(Anvil.Binary is null, NoAnvil);
        Skip.IfNot(OperatingSystem.IsLinux(), "children are looked up in /proc");
        using Process dev = CommandLine.Start(_folder, "dev", "--json", "--port", "0", "--l1-port", "0");
        _ = dev.StandardError.ReadToEndAsync();
        Assert.NotNull(await dev.StandardOutput.ReadLineAsync());
        int[] children = CommandLine.Descendants(dev.Id);
        Assert.Contains(
            children,
            child => File.ReadAllText($"/proc/{child}/cmdline").StartsWith(Anvil.Binary!, StringComparison.Ordinal)
        );
        await CommandLine.SignalAsync(dev.Id, "KILL");
        await dev.WaitForExitAsync();
        await Patience.UntilAsync(() => !children.Any(IsRunning), TimeSpan.FromSeconds(60));
    }

    [SkippableFact]
    public async Task Dev_StartedInTheBackgroundOfAScript_EndsOnInterrupt()
    {
        Skip.If(Anvil.Binary is null, NoAnvil);
        Skip.If(OperatingSystem.IsWindows());

        // A shell without job control starts background processes with SIGINT ignored.
        var start = new ProcessStartInfo("/bin/sh")
        {
            WorkingDirectory = _folder,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        start.ArgumentList.Add("-c");
        start.ArgumentList.Add("\"$@\" & echo $!; wait $!; echo ended with $?");
        foreach (
            string argument in (string[])
                ["sh", "dotnet", CommandLine.ProgramOf("dev"), "dev", "--json", "--port", "0", "--l1-port", "0"]
        )
        {
            start.ArgumentList.Add(argument);
        }

        start.Environment["MEEDA_ANVIL"] = Anvil.Binary;
        using Process shell = Process.Start(start)!;
        _ = shell.StandardError.ReadToEndAsync();
        int process = int.Parse(
            (await shell.StandardOutput.ReadLineAsync())!,
            System.Globalization.CultureInfo.InvariantCulture
        );
        Assert.StartsWith("{", await shell.StandardOutput.ReadLineAsync(), StringComparison.Ordinal);
        await CommandLine.SignalAsync(process);
        Assert.Equal("ended with 0", await shell.StandardOutput.ReadLineAsync());
        await shell.WaitForExitAsync();
    }

    private static (string, string)[] ProxyVariables() =>
        [
            .. new[] { "http_proxy", "HTTP_PROXY", "https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY" }.Select(
                name => (name, "http://127.0.0.1:1")
            ),
        ];

    private static bool IsOpenToOthers(string file) =>
        !OperatingSystem.IsWindows() && ((int)File.GetUnixFileMode(file) & 0x3f) != 0;

    // A process that has ended stays a zombie where no init process reaps it.
    private static bool IsRunning(int process)
    {
        try
        {
            string status = File.ReadAllText($"/proc/{process}/stat");
            return status[(status.LastIndexOf(')') + 2)..][0] is not ('Z' or 'X');
        }
        catch (IOException)
        {
            return false;
        }
    }
}
