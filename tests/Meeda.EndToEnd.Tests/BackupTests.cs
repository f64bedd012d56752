using System.Data.Common;
using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Http.Json;
using System.Security.Cryptography;
using System.Text.Json;
using Meeda.Attack;
using Meeda.Chain.Contract;
using Meeda.Client;
using Meeda.Ethereum;
using Meeda.Hosting.Persistence;
using Meeda.L1.Rpc;
using Meeda.Protocol.Batches;
using Meeda.Testing;
using Xunit;

namespace Meeda.EndToEnd.Tests;

/// <summary>
/// A machine is lost, and another comes back from a backup with the same key: the program itself, on a real EVM, with
/// providers that survive.
/// </summary>
public sealed class BackupTests : IAsyncLifetime
{
    private const string NoAnvil = "anvil is not installed: run ./meeda test, which installs it, or set MEEDA_ANVIL";
    private const string Listens = "Meeda operator listens on ";

    private readonly List<Process> _running = [];
    private readonly Dictionary<BatchId, byte[]> _promised = [];
    private readonly Dictionary<BatchId, string> _commitments = [];
    private Arena _arena = null!;
    private FakeS3Server _s3 = null!;
    private string _keyFile = "";
    private Address _account;
    private (string Name, string Value)[] _settings = [];

    public async Task InitializeAsync()
    {
        if (Anvil.Binary is null || FastRun.IsFast || OperatingSystem.IsWindows())
        {
            return;
        }

        _arena = await Arena.StartAsync();
        _s3 = await FakeS3Server.StartAsync();
        (_account, _keyFile) = await _arena.StakedKeyAsync();
    }

    public async Task DisposeAsync()
    {
        foreach (Process process in _running)
        {
            process.Kill();
            await process.WaitForExitAsync();
            process.Dispose();
        }

        if (_arena is not null)
        {
            await _s3.DisposeAsync();
            await _arena.DisposeAsync();
        }
    }

    [SkippableTheory]
    [InlineData("folders", "backup")]
    [InlineData("buckets", "backup.tar")]
    public async Task Machine_LostWithWhatItDidSinceTheBackup_ComesBackAndSendsNothingTwice(
        string providers,
        string name
    )
    {
        Skip.If(_arena is null, NoAnvil);
        Configure(providers);
        string old = Path.Combine(_arena.Folder, "old"),
            renewed = Path.Combine(_arena.Folder, "new"),
            backup = Path.Combine(_arena.Folder, name);
        (Process first, HttpClient http) = await StartAsync(old);
        BatchId[] before = [await PutAsync(http, 3_000), await PutAsync(http, 200_000)];
        await AnchoredAsync(http, before);

        (int exitCode, string output, string error) = await MeedaAsync("backup", backup, "--folder", old, "--json");
        Assert.Equal((0, ""), (exitCode, error));
        JsonElement manifest = JsonDocument.Parse(output).RootElement;
        Assert.Equal($"{_account}", manifest.GetProperty("account").GetString());
        Assert.DoesNotContain(
            (await File.ReadAllTextAsync(_keyFile)).Trim(),
            output,
            StringComparison.OrdinalIgnoreCase
        );
        (exitCode, _, error) = await MeedaAsync("backup", backup, "--folder", old);
        Assert.Equal(1, exitCode);
        Assert.Contains("is not overwritten", error, StringComparison.Ordinal);

        // Some more are anchored; for others the anchor is in flight when the machine dies.
        BatchId[] after = [await PutAsync(http, 4_000), await PutAsync(http, 260_000)];
        await AnchoredAsync(http, after);
        await UntilAsync("anchors are confirmed", async () => (await LeftBehindAsync(old, "anchor:")).Count == 0);
        await _arena.Rpc.CallAsync("evm_setIntervalMining", [0], CancellationToken.None);
        BatchId[] acknowledged = [await PutAsync(http, 5_000), await PutAsync(http, 130_000)];
        await UntilAsync("an anchor is on its way", async () => (await LeftBehindAsync(old, "anchor:")).Count > 0);
        await CommandLine.SignalAsync(first.Id, "KILL");
        await first.WaitForExitAsync();
        IReadOnlyList<(byte[] Wire, string Hash)> left = await LeftBehindAsync(old);
        Assert.NotEmpty(left);
        Directory.Delete(old, recursive: true);
        foreach ((_, string hash) in left)
        {
            await _arena.Rpc.CallAsync("anvil_dropTransaction", [hash], CancellationToken.None);
        }

        (exitCode, output, error) = await MeedaAsync("restore", backup, "--folder", renewed);
        Assert.True(exitCode == 0, error);
        Assert.Contains("never starts again with this key", output, StringComparison.Ordinal);
        (exitCode, _, error) = await MeedaAsync("restore", backup, "--folder", renewed);
        Assert.Equal(1, exitCode);
        Assert.Contains("is not empty", error, StringComparison.Ordinal);

        // Until no transaction of the old machine can be mined any more, puts are not accepted and batches not denied.
        (_, http) = await StartAsync(renewed);
        using (HttpResponseMessage put = await PostAsync(http, RandomNumberGenerator.GetBytes(1_000)))
        {
            Assert.Equal(HttpStatusCode.InternalServerError, put.StatusCode);
            Assert.Contains("being completed", await put.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        }

        using (HttpResponseMessage get = await http.GetAsync(new Uri($"batches/{acknowledged[0]}", UriKind.Relative)))
        {
            Assert.Equal(HttpStatusCode.InternalServerError, get.StatusCode);
        }

        // An attacker kept what the old machine had sent, and submits it at the worst moments.
        await UntilAsync("nonces are being used up", async () => await InMempoolAsync() > 0);
        await ReplayAsync(left);
        await _arena.Rpc.CallAsync("evm_setIntervalMining", [1], CancellationToken.None);
        await UntilAsync("the ledger is complete", async () => (await ReadyAsync(http)).IsSuccessStatusCode);
        await ReplayAsync(left);

        BatchId[] later = [await PutAsync(http, 6_000)];
        BatchId[] all = [.. before, .. after, .. acknowledged, .. later];
        await AnchoredAsync(http, all);
        foreach (BatchId id in all)
        {
            Assert.Equal(
                _promised[id],
                await http.GetByteArrayAsync(new Uri($"get/{_commitments[id]}", UriKind.Relative))
            );
        }

        ulong head = await _arena.Client.GetBlockNumberAsync(default);
        await ProvenAsync((head / 8) + 1);
        Assert.Equal(
            all.ToDictionary(id => $"{id}", _ => 1),
            (await AnchoringsAsync()).GroupBy(id => $"{id}").ToDictionary(group => group.Key, group => group.Count())
        );
    }

    /// <summary>As docs/guides/backup.md describes it for PostgreSQL.</summary>
    [SkippableFact]
    public async Task Machine_OnPostgres_ComesBackFromADumpAndAMark()
    {
        Skip.If(_arena is null, NoAnvil);
        await using PostgresServer server = await PostgresServer.StartAsync();
        Configure("folders");
        (string, string)[] common = _settings;
        string database = await server.CreateDatabaseAsync();
        _settings = [.. common, ("Meeda__Storage__Database", database)];
        string old = Path.Combine(_arena.Folder, "old"),
            renewed = Path.Combine(_arena.Folder, "new");
        (Process first, HttpClient http) = await StartAsync(old);
        BatchId[] before = [await PutAsync(http, 3_000)];
        await AnchoredAsync(http, before);
        (int exitCode, _, string error) = await MeedaAsync("backup", Path.Combine(_arena.Folder, "b"), "--folder", old);
        Assert.Equal(2, exitCode);
        Assert.Contains("pg_dump", error, StringComparison.Ordinal);
        Func<Task<string>> restore = await server.DumpAsync(database);

        BatchId[] after = [await PutAsync(http, 4_000), await PutAsync(http, 130_000)];
        await AnchoredAsync(http, [after[0]]);
        await CommandLine.SignalAsync(first.Id, "KILL");
        await first.WaitForExitAsync();
        Directory.Delete(old, recursive: true);

        _settings = [.. common, ("Meeda__Storage__Database", await restore())];
        // The dump contains the killed operator's lease, which expires within seconds.
        string output = "";
        await UntilAsync(
            "the lease in the dump lapses",
            async () =>
            {
                (exitCode, output, error) = await MeedaAsync("restore", "--mark", "--folder", renewed);
                Assert.True(
                    exitCode == 0 || error.Contains("an operator leads on it", StringComparison.Ordinal),
                    error
                );
                return exitCode == 0;
            }
        );
        Assert.Contains("Marked", output, StringComparison.Ordinal);
        (_, http) = await StartAsync(renewed);
        await UntilAsync("the ledger is complete", async () => (await ReadyAsync(http)).IsSuccessStatusCode);
        BatchId[] all = [.. before, .. after, await PutAsync(http, 6_000)];
        await AnchoredAsync(http, all);
        foreach (BatchId id in all)
        {
            Assert.Equal(
                _promised[id],
                await http.GetByteArrayAsync(new Uri($"get/{_commitments[id]}", UriKind.Relative))
            );
        }

        Assert.Equal(
            all.ToDictionary(id => $"{id}", _ => 1),
            (await AnchoringsAsync()).GroupBy(id => $"{id}").ToDictionary(group => group.Key, group => group.Count())
        );
    }

    [SkippableFact]
    public async Task Machine_ThatIsStillThere_StopsSendingOnceAnotherHasItsKey()
    {
        Skip.If(_arena is null, NoAnvil);
        Configure("folders");
        string old = Path.Combine(_arena.Folder, "old"),
            renewed = Path.Combine(_arena.Folder, "new"),
            backup = Path.Combine(_arena.Folder, "backup");
        (_, HttpClient first) = await StartAsync(old);
        await AnchoredAsync(first, [await PutAsync(first, 3_000)]);
        Assert.Equal(0, (await MeedaAsync("backup", backup, "--folder", old)).ExitCode);
        Assert.Equal(0, (await MeedaAsync("restore", backup, "--folder", renewed)).ExitCode);
        (int exitCode, _, string error) = await MeedaAsync("restore", "--mark", "--folder", old);
        Assert.Equal(1, exitCode);
        Assert.Contains("an operator runs on it", error, StringComparison.Ordinal);

        (_, HttpClient second) = await StartAsync(renewed);
        await UntilAsync("the second is complete", async () => (await ReadyAsync(second)).IsSuccessStatusCode);
        await AnchoredAsync(second, [await PutAsync(second, 4_000)]);
        await UntilAsync(
            "the first knows",
            async () =>
                (await (await ReadyAsync(first)).Content.ReadAsStringAsync()).Contains(
                    "another machine sends with the same key",
                    StringComparison.Ordinal
                )
        );
        using HttpResponseMessage put = await PostAsync(first, RandomNumberGenerator.GetBytes(1_000));
        Assert.Equal(HttpStatusCode.InternalServerError, put.StatusCode);
    }

    private void Configure(string providers)
    {
        string[] places =
            providers == "folders"
                ? [.. Enumerable.Range(0, 3).Select(i => Path.Combine(_arena.Folder, "survives", $"{i}"))]
                : [.. Enumerable.Range(0, 3).Select(i => $"s3+{_s3.Url.ToString().TrimEnd('/')}/rows{i}")];
        _settings =
        [
            ("Meeda__L1__Rpc", $"{_arena.L1}"),
            ("Meeda__L1__Contract", $"{_arena.System.Address}"),
            ("Meeda__L1__KeyFile", _keyFile),
            ("Meeda__L1__PollInterval", "00:00:00.1"),
            ("Meeda__L1__Confirmations", "1"),
            ("Meeda__Anchors__Interval", "00:00:00.2"),
            ("Meeda__Batches__AckLevel", "Placed"),
            ("Meeda__Storage__ToleratedLosses", "1"),
            ("Meeda__Storage__LocalCopyBytes", "0"),
            ("AWS_ACCESS_KEY_ID", "any"),
            ("AWS_SECRET_ACCESS_KEY", "any"),
            .. places.Select((place, i) => ($"Meeda__Storage__Providers__{i}", place)),
        ];
    }

    private async Task<(Process Process, HttpClient Http)> StartAsync(string folder)
    {
        Process process = CommandLine.Start(
            _arena.Folder,
            ["operator", "--folder", folder, "--listen", "http://127.0.0.1:0"],
            _settings
        );
        _running.Add(process);
        Task<string> errors = process.StandardError.ReadToEndAsync();
        var said = new List<string>();
        while (await process.StandardOutput.ReadLineAsync() is { } line)
        {
            said.Add(line);
            if (line.StartsWith(Listens, StringComparison.Ordinal))
            {
                _ = process.StandardOutput.BaseStream.CopyToAsync(Stream.Null);
                return (process, new HttpClient { BaseAddress = new Uri(line[Listens.Length..]) });
            }
        }

        throw new InvalidOperationException($"{string.Join('\n', said)}\n{await errors}");
    }

    private async Task<(int ExitCode, string Output, string Error)> MeedaAsync(params string[] arguments)
    {
        using Process process = CommandLine.Start(_arena.Folder, arguments, _settings);
        Task<string> output = process.StandardOutput.ReadToEndAsync(),
            error = process.StandardError.ReadToEndAsync();
        await process.WaitForExitAsync();
        return (process.ExitCode, await output, await error);
    }

    private static async Task<HttpResponseMessage> PostAsync(HttpClient http, byte[] payload)
    {
        using var body = new ByteArrayContent(payload);
        return await http.PostAsync(new Uri("put", UriKind.Relative), body);
    }

    private async Task<BatchId> PutAsync(HttpClient http, int length)
    {
        byte[] payload = RandomNumberGenerator.GetBytes(length);
        using HttpResponseMessage answer = await PostAsync(http, payload);
        Assert.True(answer.IsSuccessStatusCode, await answer.Content.ReadAsStringAsync());
        byte[] bytes = await answer.Content.ReadAsByteArrayAsync();
        Assert.True(
            AltDaCommitment.TryDecode(
                bytes,
                AltDaCommitment.DefaultDaLayerByte,
                out AltDaCommitment commitment,
                out string? problem
            ),
            problem
        );
        var id = new BatchId(commitment.Hash);
        _promised[id] = payload;
        _commitments[id] = $"0x{Convert.ToHexStringLower(bytes)}";
        return id;
    }

    private static Task AnchoredAsync(HttpClient http, BatchId[] batches) =>
        UntilAsync(
            "batches are anchored",
            async () =>
            {
                foreach (BatchId id in batches)
                {
                    BatchBody? body = await http.GetFromJsonAsync<BatchBody>(
                        new Uri($"batches/{id}", UriKind.Relative)
                    );
                    if (body!.Anchor is null)
                    {
                        return false;
                    }
                }

                return true;
            }
        );

    private static Task<HttpResponseMessage> ReadyAsync(HttpClient http) =>
        http.GetAsync(new Uri("health/ready", UriKind.Relative));

    private async Task<ulong> InMempoolAsync() =>
        await _arena.Client.GetTransactionCountAsync(_account, BlockTag.Pending, default)
        - await _arena.Client.GetTransactionCountAsync(_account, BlockTag.Latest, default);

    /// <summary>What the old machine had signed and no block has included.</summary>
    private static async Task<IReadOnlyList<(byte[] Wire, string Hash)>> LeftBehindAsync(string folder, string key = "")
    {
        await using var database = new SqliteDatabase(Path.Combine(folder, "ledger.sqlite"));
        await using DbConnection connection = await database.ConnectAsync(default);
        return
        [
            .. (
                await connection.QueryAsync<(byte[] Wire, byte[] Hashes)>(
                    "SELECT wire, hashes FROM sent_transaction WHERE confirmed = 0 AND request_keys LIKE @keys "
                        + "ORDER BY nonce",
                    new { keys = $"{key}%" },
                    CancellationToken.None
                )
            ).Select(row => (row.Wire, $"{Bytes32.FromBytes(row.Hashes.AsSpan()[^Bytes32.Length..])}")),
        ];
    }

    private async Task ReplayAsync(IEnumerable<(byte[] Wire, string Hash)> left)
    {
        foreach ((byte[] wire, _) in left)
        {
            try
            {
                await _arena.Client.SendRawTransactionAsync(wire, default);
            }
            catch (JsonRpcException)
            {
                // The nonce is used already, or by a transaction with higher fees: as intended.
            }
        }
    }

    private async Task<IReadOnlyList<BatchId>> AnchoringsAsync()
    {
        ulong head = await _arena.Client.GetBlockNumberAsync(default);
        OperatorEvents events = await _arena.System.ReadEventsAsync(_account, 0, head, default);
        return [.. events.Anchors.SelectMany(anchor => anchor.Batches).Select(batch => batch.Batch)];
    }

    private Task ProvenAsync(ulong epoch) =>
        UntilAsync(
            string.Create(CultureInfo.InvariantCulture, $"epoch {epoch} is proven"),
            async () => await _arena.System.Verifier.EpochStatusAsync(_account, epoch, default) == EpochStatus.Proven
        );

    /// <summary>Waits until a condition holds, whether or not blocks are produced.</summary>
    private static async Task UntilAsync(string what, Func<Task<bool>> isSo)
    {
        using CancellationTokenSource limit = Patience.Limit(TimeSpan.FromMinutes(3));
        while (!await isSo())
        {
            Assert.False(limit.IsCancellationRequested, $"not in time: {what}");
            await Task.Delay(50);
        }
    }
}
