using System.Diagnostics;
using System.Globalization;
using System.Net.Http.Json;
using Meeda.Attack;
using Meeda.Chain.Index;
using Meeda.Chain.Verification;
using Meeda.Client;
using Meeda.Ethereum;
using Meeda.Protocol.Batches;
using Meeda.Testing;
using Xunit;
using Xunit.Abstractions;

namespace Meeda.EndToEnd.Tests.Crash;

/// <summary>
/// Two operator processes with one key on one PostgreSQL: both take batches, one anchors and proves. The leader is
/// paused (SIGSTOP) until the other has taken over, then wakes up and still assumes that it leads: it must send nothing
/// new.
/// </summary>
[Trait("Category", "Crash")]
public sealed class ReplicaTests(ITestOutputHelper output)
{
    private readonly Random _random = RandomSeed.Open("MEEDA_CRASH_SEED", output.WriteLine);

    [SkippableFact]
    public async Task A_leader_that_is_paused_or_killed_is_replaced_and_every_batch_is_anchored_once()
    {
        await using PostgresServer postgres = await PostgresServer.StartAsync();
        await using Arena arena = await Arena.StartAsync();
        string database = await postgres.CreateDatabaseAsync();
        (Address operatorAddress, string keyFile) = await arena.StakedKeyAsync();
        Replica[] replicas = [.. Enumerable.Range(0, 2).Select(i => new Replica(arena, keyFile, database, i))];
        var stored = new Dictionary<BatchId, byte[]>();
        try
        {
            foreach (Replica replica in replicas)
            {
                await replica.StartAsync(arena);
            }

            await PostAsync(stored, replicas);
            Replica leader = await LeaderAsync(arena, replicas);
            Replica other = replicas.Single(replica => replica != leader);
            await AnchoredAsync(arena, operatorAddress, stored);

            // A pause in the middle of work that outlasts the lease.
            await PostAsync(stored, [leader, other]);
            await leader.SignalAsync("STOP");
            await PostAsync(stored, [other]);
            await arena.UntilAsync("the other leads", async () => (await other.StatusAsync()).Leads);
            await AnchoredAsync(arena, operatorAddress, stored);
            await leader.SignalAsync("CONT");
            await PostAsync(stored, [leader, other]);
            await arena.UntilAsync(
                "the old leader knows that it does not lead",
                async () => !(await leader.StatusAsync()).Leads
            );
            await AnchoredAsync(arena, operatorAddress, stored);

            // And now the new leader dies.
            await other.KillAsync();
            await PostAsync(stored, [leader]);
            await arena.UntilAsync("the first leads again", async () => (await leader.StatusAsync()).Leads);
            await AnchoredAsync(arena, operatorAddress, stored);
            await other.StartAsync(arena);

            foreach (Replica replica in replicas)
            {
                foreach ((BatchId id, byte[] payload) in stored)
                {
                    Assert.Equal(
                        payload,
                        await replica.Http.GetByteArrayAsync(
                            new Uri(
                                $"get/{Convert.ToHexStringLower(AltDaCommitment.Of(id).Encode(AltDaCommitment.DefaultDaLayerByte))}",
                                UriKind.Relative
                            )
                        )
                    );
                }
            }

            LogRecord record = await AnchoredAsync(arena, operatorAddress, stored);
            output.WriteLine(
                $"{stored.Count} batches on two replicas, "
                    + $"{(await record.AnchorsAsync(operatorAddress, CancellationToken.None)).Count} anchors, "
                    + "each batch once"
            );
        }
        finally
        {
            foreach (Replica replica in replicas)
            {
                await replica.DisposeAsync();
            }
        }
    }

    private async Task PostAsync(Dictionary<BatchId, byte[]> stored, Replica[] replicas)
    {
        for (int i = 0; i < 12; i++)
        {
            byte[] payload = _random.NextBytes(_random.Next(1, 200_000));
            using var body = new ByteArrayContent(payload);
            using HttpResponseMessage answer = await replicas[i % replicas.Length]
                .Http.PostAsync(new Uri("put", UriKind.Relative), body);
            answer.EnsureSuccessStatusCode();
            Assert.True(
                AltDaCommitment.TryDecode(
                    await answer.Content.ReadAsByteArrayAsync(),
                    AltDaCommitment.DefaultDaLayerByte,
                    out AltDaCommitment commitment,
                    out _
                )
            );
            stored[new BatchId(commitment.Hash)] = payload;
        }
    }

    private static async Task<Replica> LeaderAsync(Arena arena, Replica[] replicas)
    {
        Replica? leader = null;
        await arena.UntilAsync(
            "one leads, and one alone",
            async () =>
            {
                bool[] leads = [(await replicas[0].StatusAsync()).Leads, (await replicas[1].StatusAsync()).Leads];
                leader = leads[0] == leads[1] ? null : replicas[leads[0] ? 0 : 1];
                return leader is not null;
            }
        );
        return leader!;
    }

    /// <summary>Waits until every batch is on L1, and checks that none is there twice.</summary>
    private static async Task<LogRecord> AnchoredAsync(
        Arena arena,
        Address operatorAddress,
        Dictionary<BatchId, byte[]> stored
    )
    {
        LogRecord record = null!;
        await arena.UntilAsync(
            "all are anchored",
            async () =>
            {
                record = await LogRecord.ReadAsync(
                    arena.Client,
                    arena.System,
                    operatorAddress,
                    0,
                    CancellationToken.None
                );
                foreach (BatchId id in stored.Keys)
                {
                    IReadOnlyList<BatchAnchoring> anchorings = await record.AnchoringsAsync(id, CancellationToken.None);
                    Assert.True(anchorings.Count <= 1, $"batch {id} is anchored {anchorings.Count} times");
                    if (anchorings.Count == 0)
                    {
                        return false;
                    }
                }

                return true;
            }
        );
        return record;
    }

    private sealed class Replica : IAsyncDisposable
    {
        private readonly ReservedPort _port = new();
        private readonly string[] _command;
        private readonly (string Name, string Value)[] _environment;
        private Process? _process;

        public Replica(Arena arena, string keyFile, string database, int number)
        {
            _command =
            [
                "operator",
                "--rpc",
                arena.L1.ToString(),
                "--contract",
                arena.System.Address.ToString(),
                "--key-file",
                keyFile,
                "--folder",
                Path.Combine(arena.Folder, $"replica-{number}"),
                "--listen",
                $"http://127.0.0.1:{_port.Number}",
            ];
            _environment =
            [
                ("Meeda__Storage__Database", database),
                ("Meeda__Storage__LeaseTerm", "00:00:02"),
                ("Meeda__L1__PollInterval", "00:00:00.1"),
                ("Meeda__L1__Confirmations", "0"),
                ("Meeda__Anchors__Interval", "00:00:00.5"),
                .. Enumerable
                    .Range(0, 6)
                    .Select(i =>
                        (
                            string.Create(CultureInfo.InvariantCulture, $"Meeda__Storage__Providers__{i}"),
                            Path.Combine(arena.Folder, "shared", $"{i}")
                        )
                    ),
            ];
#pragma warning disable RS0030 // A test is its own host.
            Http = new HttpClient { BaseAddress = _port.Url, Timeout = Patience.Of(TimeSpan.FromSeconds(60)) };
#pragma warning restore RS0030
        }

        public HttpClient Http { get; }

        public async Task StartAsync(Arena arena)
        {
            _process = CommandLine.Start(Path.GetTempPath(), _command, _environment);
            Task<string> output = _process.StandardOutput.ReadToEndAsync(),
                errors = _process.StandardError.ReadToEndAsync();
            await arena.UntilAsync(
                "the replica answers",
                async () =>
                {
                    if (_process.HasExited)
                    {
                        throw new InvalidOperationException($"the replica ended: {await errors} {await output}");
                    }

                    try
                    {
                        using HttpResponseMessage answer = await Http.GetAsync(
                            new Uri("health/live", UriKind.Relative)
                        );
                        return answer.IsSuccessStatusCode;
                    }
                    catch (HttpRequestException)
                    {
                        return false;
                    }
                }
            );
        }

        public async Task<StatusBody> StatusAsync() =>
            (await Http.GetFromJsonAsync<StatusBody>(new Uri("status", UriKind.Relative)))!;

        public async Task SignalAsync(string name)
        {
            using Process kill = Process.Start("kill", [$"-{name}", $"{_process!.Id}"]);
            await kill.WaitForExitAsync();
            Assert.Equal(0, kill.ExitCode);
        }

        public async Task KillAsync()
        {
            _process!.Kill();
            await _process.WaitForExitAsync();
            _process.Dispose();
            _process = null;
        }

        public async ValueTask DisposeAsync()
        {
            if (_process is not null)
            {
                await KillAsync();
            }

            Http.Dispose();
            _port.Dispose();
        }
    }
}
