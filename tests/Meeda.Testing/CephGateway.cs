using System.Diagnostics;
using System.Globalization;
using Xunit;

namespace Meeda.Testing;

/// <summary>
/// A real S3 server for tests: Ceph's gateway with a monitor and one daemon that keeps objects in memory, on free
/// loopback ports with an empty folder. Takes about fifteen seconds to start.
/// </summary>
public sealed class CephGateway : IAsyncDisposable
{
    /// <summary>The key of its only user.</summary>
    public const string AccessKey = "MEEDATESTACCESSKEY";

    /// <summary>The secret of its only user.</summary>
    public const string SecretKey = "meeda-test-secret-key-that-no-message-may-show";

    // Machines are slow, and three daemons start one after another.
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(2);

    private readonly string _folder = Directory.CreateTempSubdirectory("meeda-ceph-").FullName;
    private readonly List<Process> _daemons = [];
    private readonly ReservedPort _monitorPort = new();
    private readonly ReservedPort _gatewayPort = new();

    private CephGateway() { }

    /// <summary>Its URL.</summary>
    public Uri Url => _gatewayPort.Url;

    /// <summary>Whether all its programs are installed.</summary>
    public static bool IsInstalled { get; } =
        new[] { "radosgw", "radosgw-admin", "ceph-mon", "ceph-osd", "ceph-authtool", "monmaptool", "setpriv" }.All(
            IsOnPath
        );

    /// <summary>Starts one; skips the test if it is not installed.</summary>
    public static async Task<CephGateway> StartAsync()
    {
        FastRun.SkipIfFast();
        Skip.IfNot(
            IsInstalled && OperatingSystem.IsLinux(),
            "Ceph is not installed: on Debian, apt-get install --no-install-recommends radosgw ceph-mon ceph-osd"
        );
        var gateway = new CephGateway();
        try
        {
            await gateway.StartDaemonsAsync();
            return gateway;
        }
        catch (Exception failure)
            when (failure is InvalidOperationException or TimeoutException or OperationCanceledException)
        {
            string logs = gateway.ReadLogs();
            await gateway.DisposeAsync();
            throw new InvalidOperationException($"Ceph did not start: {failure.Message}{logs}", failure);
        }
    }

    /// <summary>Stops the gateway at once, as an outage does; its data stays.</summary>
    public async Task StopAsync()
    {
        await EndAsync(_daemons[^1]);
        _daemons.RemoveAt(_daemons.Count - 1);
    }

    /// <summary>
    /// Starts the gateway after <see cref="StopAsync"/> at the same address, and waits until it answers.
    /// </summary>
    public async Task ContinueAsync()
    {
        Process gateway = await LaunchAsync("radosgw", "-n", "client.rgw.a", "-f");
        using var http = new HttpClient(new SocketsHttpHandler()) { BaseAddress = Url };
        using CancellationTokenSource limit = Patience.Limit(Limit);
        while (true)
        {
            try
            {
                using HttpResponseMessage answer = await http.GetAsync("", limit.Token);
                return;
            }
            catch (HttpRequestException) when (!gateway.HasExited)
            {
                await Task.Delay(100, limit.Token);
            }
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        foreach (Process daemon in Enumerable.Reverse(_daemons))
        {
            await EndAsync(daemon);
        }

        _monitorPort.Dispose();
        _gatewayPort.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    private async Task StartDaemonsAsync()
    {
        var id = Guid.NewGuid();
        var disk = Guid.NewGuid();
        await File.WriteAllTextAsync(PathOf("ceph.conf"), Settings(id));
        foreach (string folder in new[] { "mon", "osd", "rgw" })
        {
            Directory.CreateDirectory(PathOf(folder));
        }

        await RunAsync(
            "ceph-authtool",
            "--create-keyring",
            PathOf("keyring"),
            "--gen-key",
            "-n",
            "mon.",
            "--cap",
            "mon",
            "allow *"
        );
        await RunAsync(
            "ceph-authtool",
            PathOf("keyring"),
            "--gen-key",
            "-n",
            "client.admin",
            "--cap",
            "mon",
            "allow *",
            "--cap",
            "osd",
            "allow *"
        );
        await RunAsync(
            "monmaptool",
            "--create",
            "--fsid",
            $"{id}",
            "--addv",
            "a",
            $"[v1:127.0.0.1:{_monitorPort.Number}]",
            PathOf("monmap")
        );
        await RunAsync("ceph-mon", "-i", "a", "--mkfs", "--monmap", PathOf("monmap"), "--keyring", PathOf("keyring"));
        await LaunchAsync("ceph-mon", "-i", "a", "-f");
        await RunAsync("ceph-osd", "-i", "0", "--mkfs", "--osd-uuid", $"{disk}");
        await WithDiskAsync(
            disk,
            RunAsync(
                "radosgw-admin",
                "user",
                "create",
                "--uid",
                "meeda",
                "--display-name",
                "meeda",
                "--access-key",
                AccessKey,
                "--secret-key",
                SecretKey
            )
        );
        await ContinueAsync();
    }

    /// <summary>
    /// Runs the disk's daemon, which the work needs. Occasionally the daemon contacts its monitor before it knows its
    /// cluster ("wrong fsid") and exits; then another one is started.
    /// </summary>
    private async Task WithDiskAsync(Guid disk, Task work)
    {
        for (int tries = 0; tries < 5; tries++)
        {
            Process daemon = await LaunchAsync("ceph-osd", "-i", "0", "-f", "--osd-uuid", $"{disk}");
            await Task.WhenAny(work, daemon.WaitForExitAsync());
            if (work.IsCompleted)
            {
                break;
            }
        }

        await work;
    }

    private static async Task EndAsync(Process daemon)
    {
        daemon.Kill(entireProcessTree: true);
        await daemon.WaitForExitAsync();
        daemon.Dispose();
    }

    /// <summary>
    /// One monitor, one disk in memory, no copies, no authentication between the daemons, and none of the gateway's
    /// background work.
    /// </summary>
    private string Settings(Guid id) =>
        $"""
            [global]
            fsid = {id}
            mon host = [v1:127.0.0.1:{_monitorPort.Number.ToString(CultureInfo.InvariantCulture)}]
            mon initial members = a
            auth cluster required = none
            auth service required = none
            auth client required = none
            osd pool default size = 1
            osd pool default min size = 1
            osd pool default pg num = 1
            osd pool default pgp num = 1
            osd pool default pg autoscale mode = off
            osd crush chooseleaf type = 0
            osd client watch timeout = 3
            osd objectstore = memstore
            memstore device bytes = 1073741824
            mon allow pool size one = true
            mon warn on pool no redundancy = false
            mon max pg per osd = 1000
            run dir = {_folder}
            log file = {_folder}/$name.log
            admin socket = {_folder}/$name.asok
            mon data = {_folder}/mon
            osd data = {_folder}/osd
            keyring = {_folder}/keyring
            pid file =
            ms bind ipv4 = true
            public addr = 127.0.0.1
            cluster addr = 127.0.0.1
            [client.rgw.a]
            rgw data = {_folder}/rgw
            rgw frontends = beast endpoint=127.0.0.1:{_gatewayPort.Number.ToString(CultureInfo.InvariantCulture)}
            rgw enable usage log = false
            rgw run sync thread = false
            rgw enable gc threads = false
            rgw enable lc threads = false
            rgw dynamic resharding = false

            """;

    /// <summary>The ends of the daemons' logs, shown when they do not start.</summary>
    private string ReadLogs() =>
        string.Concat(
            Directory
                .EnumerateFiles(_folder, "*.log")
                .Select(log => $"\n{Path.GetFileName(log)}:\n{string.Join('\n', File.ReadLines(log).TakeLast(12))}")
        );

    private string PathOf(string name) => Path.Combine(_folder, name);

    private async Task RunAsync(string program, params string[] arguments)
    {
        using Process process = Start(program, arguments);
        using CancellationTokenSource limit = Patience.Limit(Limit);
        try
        {
            string errors = await process.StandardError.ReadToEndAsync(limit.Token);
            await process.WaitForExitAsync(limit.Token);
            if (process.ExitCode != 0)
            {
                throw new InvalidOperationException($"{program} failed: {errors}");
            }
        }
        catch (OperationCanceledException)
        {
            process.Kill(entireProcessTree: true);
            throw new TimeoutException($"{program} did not end within {Limit} of a quiet machine");
        }
    }

    /// <summary>
    /// Starts a daemon that the kernel ends with this process, in case the tests are killed. The kernel ties it to the
    /// thread that started it, so that thread stays until the daemon ends.
    /// </summary>
    private async Task<Process> LaunchAsync(string program, params string[] arguments)
    {
        var started = new TaskCompletionSource<Process>(TaskCreationOptions.RunContinuationsAsynchronously);
        new Thread(() =>
        {
            try
            {
                Process daemon = Start("setpriv", ["--pdeathsig", "KILL", program, .. arguments]);
                _ = daemon.StandardError.BaseStream.CopyToAsync(Stream.Null);
                started.SetResult(daemon);
                daemon.WaitForExit();
            }
            catch (Exception failure) when (!started.Task.IsCompleted)
            {
                started.SetException(failure);
            }
            catch (InvalidOperationException)
            {
                // Its owner has ended and disposed of it.
            }
        })
        {
            IsBackground = true,
            Name = program,
        }.Start();
        Process process = await started.Task;
        _daemons.Add(process);
        return process;
    }

    private Process Start(string program, params string[] arguments)
    {
        var start = new ProcessStartInfo(program) { RedirectStandardError = true, RedirectStandardOutput = true };
        foreach (string argument in arguments)
        {
            start.ArgumentList.Add(argument);
        }

        start.Environment["CEPH_CONF"] = PathOf("ceph.conf");
        Process process = Process.Start(start)!;
        _ = process.StandardOutput.BaseStream.CopyToAsync(Stream.Null);
        return process;
    }

    private static bool IsOnPath(string program) =>
        (Environment.GetEnvironmentVariable("PATH") ?? "")
            .Split(Path.PathSeparator)
            .Any(folder => File.Exists(Path.Combine(folder, program)));
}
