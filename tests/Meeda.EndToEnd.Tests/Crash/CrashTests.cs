using System.Diagnostics;
using System.Globalization;
using System.Security.Cryptography;
using Meeda.Attack;
using Meeda.Testing;
using Xunit;
using Xunit.Abstractions;

namespace Meeda.EndToEnd.Tests.Crash;

/// <summary>
/// What a 200 promises a rollup, tested with SIGKILL, a full disk and a failing disk. MEEDA_CRASH_KILLS sets the number
/// of kills, MEEDA_CRASH_SEED the seed to repeat.
/// </summary>
[Trait("Category", "Crash")]
public sealed class CrashTests(ITestOutputHelper output)
{
    private const int Clients = 3;

    private readonly Random _random = RandomSeed.Open("MEEDA_CRASH_SEED", output.WriteLine);

    private static readonly int Kills = int.Parse(
        Environment.GetEnvironmentVariable("MEEDA_CRASH_KILLS") ?? "20",
        CultureInfo.InvariantCulture
    );

    [SkippableFact]
    public async Task Kills_at_random_moments_lose_nothing_that_was_answered()
    {
        await using Arena arena = await Arena.StartAsync();
        await using CrashHarness harness = await CrashHarness.StartAsync(arena, Path.Combine(arena.Folder, "crash"));
        harness.Post(Clients, maxLength: 1_000_000, _random);
        for (int kill = 0; kill < Kills; kill++)
        {
            // Some kills hit the start, most of them the work.
            await harness.StartIfStoppedAsync(wait: kill % 4 != 0);
            await Task.Delay(_random.Next(20, 2_000));
            await harness.KillAsync();
        }

        await harness.StartIfStoppedAsync(wait: true);
        await arena.UntilAsync("puts are answered", () => Task.FromResult(harness.Answered > Kills));
        await harness.StopPostingAsync();
        CrashReport report = await harness.ReckonAsync();
        output.WriteLine($"{Kills} kills: {report}");
    }

    [SkippableFact]
    public async Task A_disk_that_fails_loses_nothing_that_was_answered()
    {
        await using Arena arena = await Arena.StartAsync();
        string library = Path.Combine(arena.Folder, "faults.so"),
            switchedOn = Path.Combine(arena.Folder, "faults"),
            folder = Path.Combine(arena.Folder, "failing");
        await CompileAsync(library);
        await using CrashHarness harness = await CrashHarness.StartAsync(
            arena,
            folder,
            ("LD_PRELOAD", library),
            ("MEEDA_TEST_FAULTS", switchedOn),
            ("MEEDA_TEST_FOLDER", folder)
        );
        harness.Post(Clients, maxLength: 300_000, _random);
        for (int round = 0; round < 3; round++)
        {
            await arena.UntilAsync("batches are stored", AnsweredMoreAsync(harness, 10));
            await File.WriteAllTextAsync(switchedOn, "");
            int refused = harness.Refused;
            await arena.UntilAsync("puts are refused", () => Task.FromResult(harness.Refused > refused + 5));
            if (round > 0)
            {
                await harness.KillAsync();
                File.Delete(switchedOn);
                await harness.StartOperatorAsync();
            }

            File.Delete(switchedOn);
        }

        await harness.StopPostingAsync();
        CrashReport report = await harness.ReckonAsync();
        output.WriteLine($"failing disk: {report}");
        Assert.True(report.Refused > 0);
    }

    [SkippableFact]
    public async Task A_full_disk_loses_nothing_that_was_answered_and_is_no_longer_full_by_itself()
    {
        await using Arena arena = await Arena.StartAsync();
        string disk = Path.Combine(arena.Folder, "disk");
        Directory.CreateDirectory(disk);
        Skip.IfNot(
            OperatingSystem.IsLinux()
                && await TryRunAsync("mount", "-t", "tmpfs", "-o", "size=24m", "tmpfs", disk) == 0,
            "a tmpfs cannot be mounted here: that takes root on Linux"
        );
        try
        {
            await using CrashHarness harness = await CrashHarness.StartAsync(
                arena,
                Path.Combine(disk, "data"),
                ("Meeda__Storage__LocalCopyBytes", "0")
            );
            harness.Post(Clients, maxLength: 300_000, _random);
            await arena.UntilAsync("the disk is full", () => Task.FromResult(harness.Refused > 20));
            await harness.KillAsync();
            await harness.StartOperatorAsync();
            int refused = harness.Refused;
            await arena.UntilAsync("it still refuses", () => Task.FromResult(harness.Refused > refused));
            Assert.Equal(0, await TryRunAsync("mount", "-o", "remount,size=512m", disk));
            await arena.UntilAsync("it takes batches again", AnsweredMoreAsync(harness, 10));
            await harness.StopPostingAsync();
            CrashReport report = await harness.ReckonAsync();
            output.WriteLine($"full disk: {report}");
        }
        finally
        {
            await TryRunAsync("umount", "-l", disk);
        }
    }

    [SkippableFact]
    public async Task SIGTERM_in_the_midst_of_work_ends_it_within_its_limit_and_loses_nothing_that_was_answered()
    {
        Skip.If(OperatingSystem.IsWindows(), "there is no SIGTERM");
        await using Arena arena = await Arena.StartAsync();

        // Puts wait for their anchor, so that many are pending.
        await using CrashHarness harness = await CrashHarness.StartAsync(
            arena,
            Path.Combine(arena.Folder, "terminated"),
            ("Meeda__Batches__AckLevel", "Anchored")
        );
        harness.Post(Clients, maxLength: 1_000_000, _random);
        for (int round = 0; round < 3; round++)
        {
            await arena.UntilAsync("batches are anchored", AnsweredMoreAsync(harness, Clients));
            using CancellationTokenSource limit = Patience.Limit(TimeSpan.FromSeconds(20));
            Assert.Equal(0, await TryRunAsync("kill", "-TERM", $"{harness.Process.Id}"));
            await harness.Process.WaitForExitAsync(limit.Token);
            await harness.StartAgainAsync();
        }

        await harness.StopPostingAsync();
        CrashReport report = await harness.ReckonAsync();
        output.WriteLine($"SIGTERM: {report}");
    }

    [SkippableFact]
    public async Task Command_line_of_a_running_operator_puts_gets_and_says_where_it_and_a_batch_stand()
    {
        await using Arena arena = await Arena.StartAsync();
        await using CrashHarness harness = await CrashHarness.StartAsync(
            arena,
            Path.Combine(arena.Folder, "status"),
            ("Meeda__Batches__AckLevel", "Anchored")
        );
        using var body = new ByteArrayContent(RandomNumberGenerator.GetBytes(1000));
        using HttpResponseMessage answer = await harness.Http.PostAsync(new Uri("put", UriKind.Relative), body);
        string commitment = Convert.ToHexStringLower(await answer.Content.ReadAsByteArrayAsync());
        string url = harness.Http.BaseAddress!.ToString();

        (int exitCode, string output, _) = await CommandLine.RunAsync(arena.Folder, "status", "--url", url);
        Assert.Equal(0, exitCode);
        Assert.Contains("0 stored, 0 placed, 1 anchored", output, StringComparison.Ordinal);
        (exitCode, output, _) = await CommandLine.RunAsync(arena.Folder, "status", commitment, "--url", url);
        Assert.Equal(0, exitCode);
        Assert.Matches(@"state +(anchored|final)", output);

        // What put and get of the command line do, with the same operator.
        string file = Path.Combine(arena.Folder, "batch"),
            copy = Path.Combine(arena.Folder, "copy");
        await File.WriteAllBytesAsync(file, RandomNumberGenerator.GetBytes(300_000));
        (exitCode, output, _) = await CommandLine.RunAsync(arena.Folder, "put", file, "--url", url, "--json");
        Assert.Equal(0, exitCode);
        string put = System.Text.Json.JsonDocument.Parse(output).RootElement.GetProperty("commitment").GetString()!;
        (exitCode, _, _) = await CommandLine.RunAsync(arena.Folder, "get", put, "-o", copy, "--url", url);
        Assert.Equal(0, exitCode);
        Assert.Equal(await File.ReadAllBytesAsync(file), await File.ReadAllBytesAsync(copy));
        (exitCode, _, string refused) = await CommandLine.RunAsync(
            arena.Folder,
            "put",
            Path.Combine(arena.Folder, "absent"),
            "--url",
            url
        );
        Assert.Equal(1, exitCode);
        Assert.Contains("FILE:", refused, StringComparison.Ordinal);
        (exitCode, _, refused) = await CommandLine.RunAsync(arena.Folder, "get", "0x1234", "--url", url);
        Assert.Equal(1, exitCode);
        Assert.Contains("ID:", refused, StringComparison.Ordinal);

        // It becomes final without further action, and a reorganisation does not reach that deep.
        await arena.UntilAsync(
            "it is final",
            async () =>
                (await CommandLine.RunAsync(arena.Folder, "status", commitment, "--url", url)).Output.Contains(
                    "final",
                    StringComparison.Ordinal
                )
        );
        (exitCode, _, string error) = await CommandLine.RunAsync(
            arena.Folder,
            "status",
            new string('1', 64),
            "--url",
            url
        );
        Assert.Equal(1, exitCode);
        Assert.Contains("404", error, StringComparison.Ordinal);
        (exitCode, _, error) = await CommandLine.RunAsync(arena.Folder, "status", "--url", "http://127.0.0.1:1");
        Assert.Equal(1, exitCode);
        Assert.Contains("is the operator running?", error, StringComparison.Ordinal);
    }

    [SkippableFact]
    public async Task Sixty_four_posts_of_sixteen_MiB_at_once_are_all_taken_in_less_than_two_GiB_of_memory()
    {
        Skip.IfNot(OperatingSystem.IsLinux(), "the peak of a process's memory is read from /proc");
        await using Arena arena = await Arena.StartAsync();
        await using CrashHarness harness = await CrashHarness.StartAsync(arena, Path.Combine(arena.Folder, "overload"));
        int refused = 0;
        await Task.WhenAll(
            Enumerable
                .Range(0, 64)
                .Select(async i =>
                {
                    byte[] payload = RandomNumberGenerator.GetBytes(16 << 20);
                    while (true)
                    {
                        using var body = new ByteArrayContent(payload);
                        try
                        {
                            using HttpResponseMessage answer = await harness.Http.PostAsync(
                                new Uri("put", UriKind.Relative),
                                body
                            );
                            if (answer.IsSuccessStatusCode)
                            {
                                return;
                            }

                            Assert.Equal(System.Net.HttpStatusCode.TooManyRequests, answer.StatusCode);
                            await Task.Delay(answer.Headers.RetryAfter!.Delta!.Value);
                        }
                        catch (Exception broken) when (broken is HttpRequestException or TaskCanceledException)
                        {
                            // Rejected in the middle of the body, when a client that is still sending may not see the
                            // response; or its turn did not come within the client's time limit. It puts the same bytes
                            // again.
                            await Task.Delay(TimeSpan.FromSeconds(1));
                        }

                        Interlocked.Increment(ref refused);
                    }
                })
        );
        long peak =
            long.Parse(
                (await File.ReadAllLinesAsync($"/proc/{harness.Process.Id}/status"))
                    .Single(line => line.StartsWith("VmHWM:", StringComparison.Ordinal))
                    .Split(' ', StringSplitOptions.RemoveEmptyEntries)[1],
                CultureInfo.InvariantCulture
            ) >> 10;
        output.WriteLine($"64 posts of 16 MiB at once: {refused} answers 429, peak memory {peak} MiB");
        Assert.InRange(peak, 1, 2047);
    }

    private static Func<Task<bool>> AnsweredMoreAsync(CrashHarness harness, int count)
    {
        int before = harness.Answered;
        return () => Task.FromResult(harness.Answered >= before + count);
    }

    private static async Task CompileAsync(string library)
    {
        string source = Path.Combine(Repository.Root, "tests", "Meeda.EndToEnd.Tests", "Crash", "faults.c");
        Skip.IfNot(
            OperatingSystem.IsLinux()
                && await TryRunAsync("cc", "-O1", "-shared", "-fPIC", "-o", library, source, "-ldl") == 0,
            "no C compiler on the path: faults are injected below the runtime, by a library that a test builds"
        );
    }

    private static async Task<int> TryRunAsync(string program, params string[] arguments)
    {
        try
        {
            using Process process = Process.Start(program, arguments);
            await process.WaitForExitAsync();
            return process.ExitCode;
        }
        catch (System.ComponentModel.Win32Exception)
        {
            return -1;
        }
    }
}
