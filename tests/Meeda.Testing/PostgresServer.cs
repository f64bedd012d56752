using System.Diagnostics;
using Xunit;

namespace Meeda.Testing;

/// <summary>A real PostgreSQL for tests, on a free loopback port with an empty folder.</summary>
public sealed class PostgresServer : IAsyncDisposable
{
    private const string User = "meeda";
    private const string ReadyLine = "ready to accept connections";

    // The server refuses to run as root; it then runs as this account, which every Linux has.
    private const string Unprivileged = "nobody";

    private readonly Process _process;
    private readonly string _folder;
    private readonly ReservedPort _port;

    private PostgresServer(Process process, string folder, ReservedPort port)
    {
        _process = process;
        _folder = folder;
        _port = port;
    }

    /// <summary>The folder of its programs, or null if it is not installed.</summary>
    public static string? Binaries { get; } = Find();

    /// <summary>The process, for tests that stop and continue it.</summary>
    public int ProcessId => _process.Id;

    /// <summary>Starts one; skips the test if it is not installed.</summary>
    public static async Task<PostgresServer> StartAsync()
    {
        FastRun.SkipIfFast();
        Skip.If(
            Binaries is null || OperatingSystem.IsWindows(),
            "PostgreSQL is not installed: on Debian, apt-get install postgresql"
        );
        string folder = Directory.CreateTempSubdirectory("meeda-postgres-").FullName;
        if (Environment.IsPrivilegedProcess)
        {
            await RunAsync("chown", Unprivileged, folder);
        }

        string data = Path.Combine(folder, "data");
        await RunAsync("initdb", "--no-sync", "--auth=trust", "--encoding=UTF8", "--username", User, "--pgdata", data);
        var port = new ReservedPort();
        Process process = Start(
            "postgres",
            "-D",
            data,
            "-p",
            $"{port.Number}",
            "-c",
            "listen_addresses=127.0.0.1",
            "-c",
            "unix_socket_directories=",
            "-c",
            "fsync=off",
            "-c",
            "max_connections=200"
        );
        while (await process.StandardError.ReadLineAsync() is { } line)
        {
            if (line.Contains(ReadyLine, StringComparison.Ordinal))
            {
                _ = process.StandardError.BaseStream.CopyToAsync(Stream.Null);
                return new PostgresServer(process, folder, port);
            }
        }

        process.Dispose();
        port.Dispose();
        throw new InvalidOperationException("PostgreSQL ended before it was ready");
    }

    /// <summary>The connection string of a new, empty database.</summary>
    public async Task<string> CreateDatabaseAsync()
    {
        string name = $"t{Guid.NewGuid():N}";
        await RunAsync("createdb", "-h", "127.0.0.1", "-p", $"{_port.Number}", "-U", User, name);
        return $"Host=127.0.0.1;Port={_port.Number};Database={name};Username={User}";
    }

    /// <summary>A copy of a database in a new one, by pg_dump and pg_restore.</summary>
    /// <param name="database">The connection string of the one to copy.</param>
    /// <returns>A function that fills the new one and returns its connection string.</returns>
    public async Task<Func<Task<string>>> DumpAsync(string database)
    {
        string dump = Path.Combine(_folder, $"{Guid.NewGuid():N}.dump");
        string[] here = ["-h", "127.0.0.1", "-p", $"{_port.Number}", "-U", User];
        await RunAsync("pg_dump", [.. here, "--format=custom", $"--file={dump}", NameOf(database)]);
        return async () =>
        {
            string renewed = await CreateDatabaseAsync();
            await RunAsync("pg_restore", [.. here, $"--dbname={NameOf(renewed)}", dump]);
            return renewed;
        };

        static string NameOf(string connection) =>
            connection.Split(';').Single(part => part.StartsWith("Database=", StringComparison.Ordinal))[9..];
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        _process.Kill(entireProcessTree: true);
        await _process.WaitForExitAsync();
        _process.Dispose();
        _port.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    private static async Task RunAsync(string program, params string[] arguments)
    {
        using Process process = Start(program, arguments);
        Task<string> errors = process.StandardError.ReadToEndAsync();
        await process.WaitForExitAsync();
        if (process.ExitCode != 0)
        {
            throw new InvalidOperationException($"{program} failed: {await errors}");
        }
    }

    private static Process Start(string program, params string[] arguments)
    {
        string path = program == "chown" ? program : Path.Combine(Binaries!, program);
        string[] line =
            Environment.IsPrivilegedProcess && program != "chown"
                ? ["setpriv", "--reuid", Unprivileged, "--regid", "nogroup", "--clear-groups", path, .. arguments]
                : [path, .. arguments];
        var start = new ProcessStartInfo(line[0]) { RedirectStandardError = true, RedirectStandardOutput = true };
        foreach (string argument in line[1..])
        {
            start.ArgumentList.Add(argument);
        }

        start.Environment["LC_ALL"] = "C";
        Process process = Process.Start(start)!;
        _ = process.StandardOutput.BaseStream.CopyToAsync(Stream.Null);
        return process;
    }

    private static string? Find()
    {
        IEnumerable<string> onPath = (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator);
        IEnumerable<string> debian = Directory.Exists("/usr/lib/postgresql")
            ? Directory
                .EnumerateDirectories("/usr/lib/postgresql")
                .OrderDescending(StringComparer.Ordinal)
                .Select(version => Path.Combine(version, "bin"))
            : [];
        return debian
            .Concat(onPath)
            .FirstOrDefault(folder =>
                File.Exists(Path.Combine(folder, "initdb")) && File.Exists(Path.Combine(folder, "createdb"))
            );
    }
}
