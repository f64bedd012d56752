using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using System.Net.Http.Json;
using Meeda.Attack;
using Meeda.Client;
using Meeda.DevNet;
using Meeda.Ethereum;
using Meeda.Protocol.Batches;
using Meeda.Testing;
using Xunit;
using Xunit.Abstractions;

namespace Meeda.EndToEnd.Tests.Attack;

/// <summary>
/// The operator and a light node as processes of their own, killed with SIGKILL at random moments: nothing that was
/// answered may be lost, and no account may be slashed. MEEDA_KILL_SECONDS sets the duration; MEEDA_KILL_SEED repeats
/// the moments of the kills, their victims and the payloads.
/// </summary>
[Trait("Category", "Attack")]
public sealed class KillTests(ITestOutputHelper output)
{
    private static readonly TimeSpan Duration = TimeSpan.FromSeconds(
        int.Parse(Environment.GetEnvironmentVariable("MEEDA_KILL_SECONDS") ?? "60", CultureInfo.InvariantCulture)
    );

    private static readonly TimeSpan FirstAnswerLimit = Duration + TimeSpan.FromMinutes(3);

    // The output of the processes, shown when the test fails.
    private readonly ConcurrentQueue<string> _output = new();

    [SkippableFact]
    public async Task Kills_of_operator_and_light_node_at_random_moments_lose_nothing()
    {
        // Windows so wide that an operator that repeatedly starts slowly on a slow machine is slashed neither for a
        // proof nor for a demand that it could not handle.
        await using Arena arena = await Arena.StartAsync(
            LocalParameters.Value with
            {
                ProofWindow = 128,
                PublishWindow = 512,
            }
        );
        (Address operatorAddress, string operatorKey) = await arena.StakedKeyAsync();
        (Address lightAddress, string lightKey) = await arena.StakedKeyAsync();
        Random random = RandomSeed.Open("MEEDA_KILL_SEED", output.WriteLine);
        var payloads = new Random(random.Next());
        using var port = new ReservedPort();
        string[] l1 = ["--rpc", arena.L1.ToString(), "--contract", arena.System.Address.ToString()];
        string[][] commands =
        [
            [
                "operator",
                .. l1,
                "--key-file",
                operatorKey,
                "--folder",
                Path.Combine(arena.Folder, "killed"),
                "--listen",
                $"http://127.0.0.1:{port.Number}",
            ],
            [
                "light",
                .. l1,
                "--key-file",
                lightKey,
                "--folder",
                Path.Combine(arena.Folder, "killed-light"),
                "--listen",
                "",
                "--poll",
                "0.2",
                "--sample-interval",
                "1",
                "--operator",
                $"{operatorAddress}=http://127.0.0.1:{port.Number}",
            ],
        ];
        Process[] running = [.. commands.Select(Start)];
        using var http = new HttpClient { BaseAddress = port.Url, Timeout = Patience.Of(TimeSpan.FromSeconds(20)) };
        var stored = new Dictionary<BatchId, byte[]>();
        int[] kills = [0, 0];
        try
        {
            using var end = new CancellationTokenSource(Duration);
            Task posting = Task.Run(() => PostUntilAsync(http, stored, payloads, end.Token));
            while (!end.IsCancellationRequested)
            {
                await Task.Delay(Patience.Of(TimeSpan.FromMilliseconds(random.Next(1_000, 6_000))));
                int victim = random.Next(2);
                running[victim].Kill();
                await running[victim].WaitForExitAsync();
                running[victim].Dispose();
                running[victim] = Start(commands[victim]);
                kills[victim]++;
            }

            await posting;
            output.WriteLine(
                $"{stored.Count} batches answered with 200, operator killed {kills[0]} times, light node "
                    + $"{kills[1]} times"
            );
            Assert.NotEmpty(stored);
            await arena.UntilAsync("the operator answers again", async () => await IsUpAsync(http));
            foreach ((BatchId id, byte[] payload) in stored)
            {
                try
                {
                    await arena.UntilAsync(
                        $"batch {id} is anchored and proven",
                        async () =>
                            (await http.GetFromJsonAsync<BatchBody>(new Uri($"batches/{id}", UriKind.Relative)))!.Anchor
                                is not null
                            && (
                                await http.GetFromJsonAsync<HistoryBody>(
                                    new Uri($"batches/{id}/history", UriKind.Relative)
                                )
                            )!.Proven > 0
                    );
                }
                catch (TimeoutException)
                {
                    output.WriteLine(await http.GetStringAsync(new Uri("status", UriKind.Relative)));
                    output.WriteLine(await http.GetStringAsync(new Uri($"batches/{id}", UriKind.Relative)));
                    output.WriteLine(string.Join('\n', _output.TakeLast(60)));
                    throw;
                }

                Assert.Equal(
                    payload,
                    await http.GetByteArrayAsync(
                        new Uri($"get/0x{Convert.ToHexStringLower(AltDaCommitment.Of(id).Encode())}", UriKind.Relative)
                    )
                );
                ulong head = await arena.Client.GetBlockNumberAsync(CancellationToken.None);
                Assert.Equal(
                    [operatorAddress],
                    await arena.System.ReadHoldersAsync(id, 0, head, CancellationToken.None)
                );
            }

            Assert.Equal(
                (LocalParameters.OperatorStake, false),
                await arena.System.Anchors.StakeOfAsync(operatorAddress, CancellationToken.None)
            );

            // No reward: while the operator was down, the light node may have demanded blobs, and it gets back what
            // publishing them did not cost.
            Assert.Equal(0, await arena.System.Anchors.CreditAsync(lightAddress, CancellationToken.None));
        }
        finally
        {
            foreach (Process process in running)
            {
                process.Kill();
                await process.WaitForExitAsync();
                process.Dispose();
            }
        }
    }

    private static async Task PostUntilAsync(
        HttpClient http,
        Dictionary<BatchId, byte[]> stored,
        Random random,
        CancellationToken end
    )
    {
        // Where every operator was killed before its first answer, the last one, which stays alive, gets time for it.
        using CancellationTokenSource limit = Patience.Limit(FirstAnswerLimit);
        while (!end.IsCancellationRequested || (stored.Count == 0 && !limit.IsCancellationRequested))
        {
            byte[] payload = random.NextBytes(random.Next(1, 300_000));
            try
            {
                using var body = new ByteArrayContent(payload);
                using HttpResponseMessage answer = await http.PostAsync(
                    new Uri("put", UriKind.Relative),
                    body,
                    CancellationToken.None
                );
                byte[] encoded = await answer.Content.ReadAsByteArrayAsync(CancellationToken.None);
                if (
                    answer.IsSuccessStatusCode
                    && AltDaCommitment.TryDecode(
                        encoded,
                        AltDaCommitment.DefaultDaLayerByte,
                        out AltDaCommitment commitment,
                        out _
                    )
                )
                {
                    stored[new BatchId(commitment.Hash)] = payload;
                }
            }
            catch (Exception killed) when (killed is HttpRequestException or TaskCanceledException or IOException)
            {
                // Not answered, so nothing is promised; the next put comes when the operator is back.
                await Task.Delay(100, CancellationToken.None);
            }

            await Task.Delay(200, CancellationToken.None);
        }
    }

    private static async Task<bool> IsUpAsync(HttpClient http)
    {
        try
        {
            using HttpResponseMessage answer = await http.GetAsync(new Uri("health/ready", UriKind.Relative));
            return answer.IsSuccessStatusCode;
        }
        catch (HttpRequestException)
        {
            return false;
        }
    }

    private Process Start(string[] command)
    {
        var start = new ProcessStartInfo("dotnet") { RedirectStandardOutput = true, RedirectStandardError = true };
        start.ArgumentList.Add(typeof(Node.Cli.ExitCode).Assembly.Location);
        Array.ForEach(command, start.ArgumentList.Add);
        (string Name, string Value)[] settings =
        [
            ("Meeda__L1__PollInterval", "00:00:00.2"),
            ("Meeda__L1__Confirmations", "0"),
            ("Meeda__Anchors__Interval", "00:00:01"),
            ("MEEDA_ANVIL", Anvil.Binary ?? ""),
        ];
        foreach ((string name, string value) in settings)
        {
            start.Environment[name] = value;
        }

        Process process = Process.Start(start)!;

        // A process blocks when a pipe that is not read is full.
        process.OutputDataReceived += (_, line) => _output.Enqueue($"{command[0]}: {line.Data}");
        process.ErrorDataReceived += (_, line) => _output.Enqueue($"{command[0]}: {line.Data}");
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        return process;
    }
}
