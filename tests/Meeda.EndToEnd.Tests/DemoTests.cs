using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Text.Json;
using Meeda.Testing;
using Xunit;

namespace Meeda.EndToEnd.Tests;

/// <summary>The demo as its user runs it: a process of its own, a real EVM, a real contract, a real store.</summary>
public sealed class DemoTests : IDisposable
{
    private const string NoAnvil = "anvil is not installed: run ./meeda test, which installs it, or set MEEDA_ANVIL";

    private readonly string _folder = Directory.CreateTempSubdirectory("meeda-e2e-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [SkippableFact]
    public async Task A_real_batch_of_OP_Mainnet_goes_in_is_anchored_proven_and_comes_back()
    {
        Skip.If(Anvil.Binary is null, NoAnvil);
        string batch = Path.GetFullPath(
            Path.Combine(Repository.Root, "..", "shared", "batches", "op-mainnet-calldata.hex")
        );
        Skip.IfNot(
            File.Exists(batch),
            "the OP Mainnet batch is not beside this repository (../shared/batches/op-mainnet-calldata.hex)"
        );
        int length = ((await File.ReadAllTextAsync(batch)).Trim().Length - 2) / 2;
        JsonElement result = await RunDemoAsync(batch);
        Assert.Equal(length, result.GetProperty("bytes").GetInt32());
        Assert.Equal(1, result.GetProperty("blobs").GetInt32());
    }

    [SkippableFact]
    public async Task A_batch_that_the_demo_makes_is_several_blobs_long_and_verified()
    {
        Skip.If(Anvil.Binary is null, NoAnvil);
        JsonElement result = await RunDemoAsync();
        Assert.True(result.GetProperty("blobs").GetInt32() > 1);
        Assert.True(result.GetProperty("anchorGas").GetUInt64() > 21_000);
        Assert.True(result.GetProperty("proofGas").GetUInt64() > 100_000);
    }

    [SkippableFact]
    public async Task A_batch_survives_the_loss_of_two_providers_and_then_of_two_others()
    {
        Skip.If(Anvil.Binary is null, NoAnvil);
        (int exitCode, string output, string error) = await CommandLine.RunAsync(_folder, "demo", "--lose");
        Assert.True(exitCode == 0, output + error);
        Assert.Equal(2, System.Text.RegularExpressions.Regex.Count(output, "holds +the scrub restored all"));
        Assert.Equal(4, System.Text.RegularExpressions.Regex.Count(output, "holds +.*the bytes read back"));
    }

    [SkippableFact]
    public async Task A_file_of_raw_bytes_is_taken_as_it_is()
    {
        Skip.If(Anvil.Binary is null, NoAnvil);
        string file = Path.Combine(_folder, "raw");
        await File.WriteAllBytesAsync(file, [0x30, 0x78, 0xff]);
        (int exitCode, _, string error) = await CommandLine.RunAsync(_folder, "demo", file);
        Assert.Equal(1, exitCode);
        Assert.Contains("starts with 0x but is not hexadecimal", error, StringComparison.Ordinal);

        await File.WriteAllBytesAsync(file, [0x00]);
        JsonElement result = await RunDemoAsync(file);
        Assert.Equal(1, result.GetProperty("bytes").GetInt32());
    }

    [SkippableFact]
    public async Task Ctrl_C_stops_the_demo_and_leaves_no_process_behind()
    {
        Skip.If(Anvil.Binary is null, NoAnvil);
        Skip.IfNot(OperatingSystem.IsLinux(), "children are looked up in /proc");
        using Process demo = CommandLine.Start(_folder, "demo");
        while (
            await demo.StandardOutput.ReadLineAsync() is { } line
            && !line.StartsWith("Waiting for an epoch", StringComparison.Ordinal)
        ) { }

        int[] children = CommandLine.Descendants(demo.Id);
        Assert.NotEmpty(children);
        using (Process interrupt = Process.Start("kill", ["-INT", $"{demo.Id}"]))
        {
            await interrupt.WaitForExitAsync();
        }

        using CancellationTokenSource limit = Patience.Limit(TimeSpan.FromSeconds(30));
        await demo.WaitForExitAsync(limit.Token);
        Assert.Equal(130, demo.ExitCode);
        Assert.All(children, child => Assert.False(Directory.Exists($"/proc/{child}")));
    }

    [SkippableFact]
    public async Task A_port_in_use_is_said_in_one_sentence()
    {
        Skip.If(Anvil.Binary is null, NoAnvil);
        using var taken = new TcpListener(IPAddress.Loopback, 0);
        taken.Start();
        int port = ((IPEndPoint)taken.LocalEndpoint).Port;
        foreach (
            string[] options in new string[][]
            {
                ["--l1-port", $"{port}", "--port", "0"],
                ["--l1-port", "0", "--port", $"{port}"],
            }
        )
        {
            (int exitCode, _, string error) = await CommandLine.RunAsync(_folder, ["dev", "--json", .. options]);
            AssertOneSentence(exitCode, error, $"port {port} is in use");
        }
    }

    [Fact]
    public async Task A_missing_local_L1_is_said_in_one_sentence()
    {
        using Process process = StartWithoutAnvil();
        string error = await process.StandardError.ReadToEndAsync();
        await process.WaitForExitAsync();
        AssertOneSentence(process.ExitCode, error, "the local L1 (anvil) is not installed");
    }

    [Fact]
    public async Task An_L1_that_does_not_answer_is_said_in_one_sentence()
    {
        string keyFile = Path.Combine(_folder, "key");
        await File.WriteAllTextAsync(keyFile, new string('1', 64));
        (int exitCode, _, string error) = await CommandLine.RunAsync(
            _folder,
            "operator",
            "--rpc",
            "http://127.0.0.1:1",
            "--contract",
            "0x00000000000000000000000000000000000000c0",
            "--key-file",
            keyFile,
            "--listen",
            "http://127.0.0.1:0"
        );
        AssertOneSentence(exitCode, error, "L1: the JSON-RPC endpoint does not answer");
    }

    [SkippableFact]
    public async Task Dev_says_where_everything_is_and_answers_until_it_is_stopped()
    {
        Skip.If(Anvil.Binary is null, NoAnvil);
        using Process dev = CommandLine.Start(_folder, "dev", "--json", "--port", "0", "--l1-port", "0");
        JsonElement where = JsonDocument.Parse((await dev.StandardOutput.ReadLineAsync())!).RootElement;
        using var http = new HttpClient();
        byte[] payload = "a batch"u8.ToArray();
        using (
            HttpResponseMessage answer = await http.PostAsync(
                new Uri(new Uri(where.GetProperty("operator").GetString()!), "put"),
                new ByteArrayContent(payload)
            )
        )
        {
            answer.EnsureSuccessStatusCode();
        }

        Assert.StartsWith("0x", where.GetProperty("contract").GetString(), StringComparison.Ordinal);
        using (
            HttpResponseMessage answer = await http.PostAsync(
                new Uri(where.GetProperty("l1").GetString()!),
                new StringContent(
                    """{"jsonrpc":"2.0","id":1,"method":"eth_chainId","params":[]}""",
                    System.Text.Encoding.UTF8,
                    "application/json"
                )
            )
        )
        {
            answer.EnsureSuccessStatusCode();
        }

        using (Process interrupt = Process.Start("kill", ["-INT", $"{dev.Id}"]))
        {
            await interrupt.WaitForExitAsync();
        }

        using CancellationTokenSource limit = Patience.Limit(TimeSpan.FromSeconds(30));
        await dev.WaitForExitAsync(limit.Token);
        Assert.Equal(0, dev.ExitCode);
    }

    private static void AssertOneSentence(int exitCode, string error, string sentence)
    {
        Assert.NotEqual(0, exitCode);
        Assert.Contains(sentence, error, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", error, StringComparison.Ordinal);
    }

    private Process StartWithoutAnvil()
    {
        var start = new ProcessStartInfo("dotnet")
        {
            WorkingDirectory = _folder,
            RedirectStandardError = true,
            RedirectStandardOutput = true,
        };
        start.ArgumentList.Add(CommandLine.ProgramOf("demo"));
        start.ArgumentList.Add("demo");
        start.Environment["MEEDA_ANVIL"] = "";
        return Process.Start(start)!;
    }

    private async Task<JsonElement> RunDemoAsync(params string[] arguments)
    {
        (int exitCode, string output, string error) = await CommandLine.RunAsync(_folder, ["demo", .. arguments]);
        Assert.True(exitCode == 0, $"exit code {exitCode}\n{output}\n{error}");
        JsonElement result = JsonDocument.Parse(output.TrimEnd().Split('\n')[^1]).RootElement;
        Assert.True(result.GetProperty("verified").GetBoolean());
        Assert.All(
            new[] { "batchId", "anchorTx", "proofTx" },
            name => Assert.Equal(66, result.GetProperty(name).GetString()!.Length)
        );
        return result;
    }
}
