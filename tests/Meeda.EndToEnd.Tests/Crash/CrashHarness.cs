using System.Collections.Concurrent;
using System.Diagnostics;
using System.Net;
using Meeda.Attack;
using Meeda.Chain.Verification;
using Meeda.Ethereum;
using Meeda.Protocol.Batches;
using Meeda.Testing;

namespace Meeda.EndToEnd.Tests.Crash;

/// <summary>The outcomes of the puts.</summary>
/// <param name="Answered">Puts that were answered 200.</param>
/// <param name="Refused">Puts that were answered otherwise.</param>
/// <param name="Unanswered">Puts whose connection broke.</param>
/// <param name="Absent">Batches never answered 200 that are absent.</param>
/// <param name="Whole">Batches never answered 200 that are complete.</param>
/// <param name="Anchors">Anchors on L1.</param>
internal sealed record CrashReport(int Answered, int Refused, int Unanswered, int Absent, int Whole, int Anchors);

/// <summary>
/// The operator as a separate process, with clients that put batches whatever happens to it, and a check at the end:
/// every batch that was answered 200 reads back byte-identical and is anchored on L1 exactly once; every other one is
/// absent or complete.
/// </summary>
internal sealed class CrashHarness : IAsyncDisposable
{
    private static readonly TimeSpan ReadyLimit = TimeSpan.FromSeconds(60);

    private readonly Arena _arena;
    private readonly Address _operator;
    private readonly ReservedPort _port = new();
    private readonly string[] _command;
    private readonly (string Name, string Value)[] _environment;
    private readonly HttpClient _http;
    private readonly ConcurrentDictionary<Bytes32, (byte[] Payload, BatchId? Id)> _puts = new();
    private readonly CancellationTokenSource _stop = new();
    private readonly ConcurrentQueue<string> _said = new();
    private Task[] _clients = [];
    private Process? _process;
    private int _answered;
    private int _refused;
    private int _unanswered;

    private CrashHarness(
        Arena arena,
        Address operatorAddress,
        string keyFile,
        string folder,
        (string Name, string Value)[] environment
    )
    {
        _arena = arena;
        _operator = operatorAddress;
        _environment = environment;
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
            folder,
            "--listen",
            $"http://127.0.0.1:{_port.Number}",
        ];
#pragma warning disable RS0030 // A test is its own host.
        _http = new HttpClient { BaseAddress = _port.Url, Timeout = Patience.Of(TimeSpan.FromSeconds(100)) };
#pragma warning restore RS0030
    }

    /// <summary>Puts answered 200 until now.</summary>
    public int Answered => Volatile.Read(ref _answered);

    /// <summary>Puts answered otherwise until now.</summary>
    public int Refused => Volatile.Read(ref _refused);

    public static async Task<CrashHarness> StartAsync(
        Arena arena,
        string folder,
        params (string Name, string Value)[] environment
    )
    {
        (Address operatorAddress, string keyFile) = await arena.StakedKeyAsync();
        var harness = new CrashHarness(arena, operatorAddress, keyFile, folder, environment);
        await harness.StartOperatorAsync();
        return harness;
    }

    /// <summary>
    /// Starts clients that put random batches, most of them short, and retry half of the puts that were not answered
    /// 200.
    /// </summary>
    public void Post(int clients, int maxLength, Random random) =>
        _clients = [
            .. Enumerable
                .Range(0, clients)
                .Select(_ => new Random(random.Next()))
                .ToArray()
                .Select(own => Task.Run(() => PostAsync(maxLength, own))),
        ];

    public async Task StopPostingAsync()
    {
        await _stop.CancelAsync();
        await Task.WhenAll(_clients);
    }

    /// <summary>Starts the operator, and waits until it answers if asked to.</summary>
    public async Task StartOperatorAsync(bool wait = true)
    {
        _process = CommandLine.Start(
            Path.GetTempPath(),
            _command,
            [
                ("Meeda__L1__PollInterval", "00:00:00.1"),
                ("Meeda__L1__Confirmations", "0"),
                ("Meeda__Anchors__Interval", "00:00:00.5"),
                ("Meeda__Storage__ScrubInterval", "00:00:02"),
                .. _environment,
            ]
        );
        Listen(_process);
        using CancellationTokenSource limit = Patience.Limit(ReadyLimit);
        while (wait && !await IsReadyAsync())
        {
            if (_process.HasExited || limit.IsCancellationRequested)
            {
                throw new InvalidOperationException(
                    $"the operator did not start:\n{string.Join('\n', _said.TakeLast(30))}"
                );
            }

            await Task.Delay(50);
        }
    }

    /// <summary>Starts the operator if it was killed.</summary>
    public Task StartIfStoppedAsync(bool wait) => _process is null ? StartOperatorAsync(wait) : Task.CompletedTask;

    /// <summary>Starts it after it has ended by itself.</summary>
    public Task StartAgainAsync()
    {
        _process!.Dispose();
        return StartOperatorAsync();
    }

    /// <summary>The client of the operator.</summary>
    public HttpClient Http => _http;

    /// <summary>The operator's process.</summary>
    public Process Process => _process!;

    /// <summary>Kills it with SIGKILL.</summary>
    public async Task KillAsync()
    {
        _process!.Kill();
        await _process.WaitForExitAsync();
        _process.Dispose();
        _process = null;
    }

    /// <summary>The final check, with the operator running and no fault left; throws if a promise is broken.</summary>
    public async Task<CrashReport> ReckonAsync()
    {
        LogRecord record = null!;
        Bytes32[] promised = [.. _puts.Where(put => put.Value.Id is not null).Select(put => put.Key)];
        await _arena.UntilAsync(
            "every promised batch is on L1",
            async () =>
            {
                record = await LogRecord.ReadAsync(_arena.Client, _arena.System, _operator, 0, CancellationToken.None);
                foreach (Bytes32 put in promised)
                {
                    if ((await record.AnchoringsAsync(_puts[put].Id!.Value, CancellationToken.None)).Count == 0)
                    {
                        return false;
                    }
                }

                return true;
            }
        );

        int absent = 0,
            whole = 0;
        foreach ((Bytes32 hash, (byte[] payload, BatchId? id)) in _puts)
        {
            // By its keccak commitment, which a client knows without an answer.
            using HttpResponseMessage answer = await _http.GetAsync(
                new Uri($"get/00{hash.ToString()[2..]}", UriKind.Relative)
            );
            if (answer.StatusCode == HttpStatusCode.NotFound && id is null)
            {
                absent++;
                continue;
            }

            if (
                answer.StatusCode != HttpStatusCode.OK
                || !(await answer.Content.ReadAsByteArrayAsync()).AsSpan().SequenceEqual(payload)
            )
            {
                throw new InvalidDataException(
                    $"the batch of payload {hash}, {(id is null ? "never answered" : "answered 200")}, reads back "
                        + $"with {(int)answer.StatusCode}, or other bytes"
                );
            }

            whole += id is null ? 1 : 0;
            if (
                id is { } promisedId
                && await record.AnchoringsAsync(promisedId, CancellationToken.None) is { Count: not 1 } anchorings
            )
            {
                throw new InvalidDataException($"batch {promisedId} stands on L1 {anchorings.Count} times");
            }
        }

        int anchors = (await record.AnchorsAsync(_operator, CancellationToken.None)).Count;
        return new CrashReport(_answered, _refused, _unanswered, absent, whole, anchors);
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await StopPostingAsync();
        if (_process is not null)
        {
            await KillAsync();
        }

        _http.Dispose();
        _port.Dispose();
        _stop.Dispose();
    }

    private async Task PostAsync(int maxLength, Random random)
    {
        byte[]? again = null;
        while (!_stop.IsCancellationRequested)
        {
            byte[] payload = again ?? random.NextBytes(random.Next(8) == 0 ? maxLength : random.Next(1, 100_000));
            again = await PutAsync(payload) || random.Next(2) == 0 ? null : payload;
        }
    }

    private async Task<bool> PutAsync(byte[] payload)
    {
        Bytes32 hash = Keccak256.Hash(payload);
        _puts.TryAdd(hash, (payload, null));
        try
        {
            using var body = new ByteArrayContent(payload);
            using HttpResponseMessage answer = await _http.PostAsync(new Uri("put", UriKind.Relative), body);
            byte[] encoded = await answer.Content.ReadAsByteArrayAsync();
            if (answer.StatusCode == HttpStatusCode.OK)
            {
                if (
                    !AltDaCommitment.TryDecode(
                        encoded,
                        AltDaCommitment.DefaultDaLayerByte,
                        out AltDaCommitment commitment,
                        out string? error
                    )
                )
                {
                    throw new InvalidDataException(error);
                }

                _puts[hash] = (payload, new BatchId(commitment.Hash));
                Interlocked.Increment(ref _answered);
                return true;
            }

            Interlocked.Increment(ref _refused);
        }
        catch (Exception broken) when (broken is HttpRequestException or TaskCanceledException or IOException)
        {
            Interlocked.Increment(ref _unanswered);
            await Task.Delay(20);
        }

        return false;
    }

    private async Task<bool> IsReadyAsync()
    {
        try
        {
            using HttpResponseMessage answer = await _http.GetAsync(new Uri("health/live", UriKind.Relative));
            return answer.IsSuccessStatusCode;
        }
        catch (Exception notYet) when (notYet is HttpRequestException or TaskCanceledException)
        {
            return false;
        }
    }

    private void Listen(Process process)
    {
        process.OutputDataReceived += (_, line) => _said.Enqueue(line.Data ?? "");
        process.ErrorDataReceived += (_, line) => _said.Enqueue(line.Data ?? "");
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
    }
}
