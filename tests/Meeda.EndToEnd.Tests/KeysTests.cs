using System.Diagnostics;
using System.Net;
using System.Security.Cryptography;
using System.Text.Json;
using System.Text.RegularExpressions;
using Meeda.Attack;
using Meeda.Ethereum;
using Meeda.Hosting.Persistence;
using Meeda.L1.Signing;
using Meeda.Operator.Leadership;
using Meeda.Operator.Persistence;
using Meeda.Testing;
using Xunit;

namespace Meeda.EndToEnd.Tests;

/// <summary>
/// Tenants' keys as an operator's staff creates and revokes them, beside a running operator that requires them.
/// </summary>
public sealed partial class KeysTests : IDisposable
{
    private const string NoAnvil = "anvil is not installed: run ./meeda test, which installs it, or set MEEDA_ANVIL";

    private readonly string _folder = Directory.CreateTempSubdirectory("meeda-keys-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [SkippableFact]
    public async Task A_key_lets_in_for_its_scopes_until_it_is_revoked_and_is_shown_once()
    {
        Skip.If(Anvil.Binary is null, NoAnvil);
        await using Arena arena = await Arena.StartAsync();
        OperatorNode node = await arena.OperatorNodeAsync();
        Assert.Equal(HttpStatusCode.OK, await PutAsync(node, "")); // No request needs a key yet.

        (int exitCode, string key, string error) = await KeysAsync(
            "create",
            "rollup",
            "--folder",
            node.Folder,
            "--scopes",
            "write",
            "--bytes",
            "5000"
        );
        key = key.Trim();
        Assert.Equal((0, ""), (exitCode, error));
        Assert.Matches(KeyPattern(), key);
        await RefusedAsync(node, ""); // The operator judges by a copy of the tenants that is a second old at most.
        Assert.Equal(HttpStatusCode.OK, await PutAsync(node, $"t/{key}/"));
        using (HttpResponseMessage read = await node.Http.GetAsync(new Uri($"t/{key}/status", UriKind.Relative)))
        {
            Assert.Equal(HttpStatusCode.Forbidden, read.StatusCode);
        }

        // 2,000 of its 5,000 bytes are used; two more requests of 2,000 are one too many.
        Assert.Equal(HttpStatusCode.OK, await PutAsync(node, $"t/{key}/"));
        Assert.Equal(HttpStatusCode.TooManyRequests, await PutAsync(node, $"t/{key}/"));
        string list = await CountedAsync(node); // Usage is written every second.
        Assert.DoesNotContain(key, list, StringComparison.Ordinal);
        JsonElement tenant = JsonDocument
            .Parse((await KeysAsync("list", "--json", "--folder", node.Folder)).Output)
            .RootElement[0];
        Assert.Equal(
            ("rollup", "write", 4000),
            (
                tenant.GetProperty("name").GetString(),
                tenant.GetProperty("scopes").GetString(),
                tenant.GetProperty("usage").GetProperty("bytes").GetInt32()
            )
        );

        Assert.Equal(0, (await KeysAsync("revoke", "rollup", "--folder", node.Folder)).ExitCode);
        await RefusedAsync(node, $"t/{key}/");
        // Revoking the last key does not allow anonymous access.
        Assert.Equal(HttpStatusCode.Unauthorized, await PutAsync(node, ""));
        Assert.Matches(@"rollup +revoked \d{4}-\d\d-\d\d", (await KeysAsync("list", "--folder", node.Folder)).Output);
    }

    [Fact]
    public async Task A_quota_of_bytes_bounds_blobs_too_unless_they_are_named()
    {
        string data = DataFolder();
        await KeysAsync("create", "bytes", "--folder", data, "--bytes", "8KiB");
        await KeysAsync("create", "named", "--folder", data, "--bytes", "8KiB", "--blobs", "0");
        await KeysAsync("create", "free", "--folder", data);
        JsonElement tenants = JsonDocument
            .Parse((await KeysAsync("list", "--json", "--folder", data)).Output)
            .RootElement;
        Assert.Equal(
            [18, 0, 0],
            tenants.EnumerateArray().Select(tenant => tenant.GetProperty("quota").GetProperty("blobs").GetInt64())
        );
    }

    [Theory]
    [InlineData("--scopes: fly", "create", "a", "--scopes", "read,fly")]
    [InlineData("quota", "create", "a", "--concurrency", "0")]
    [InlineData("quota", "create", "a", "--rate", "-1")]
    [InlineData("at least one scope", "create", "a", "--scopes", "")]
    [InlineData("there is no tenant nobody", "revoke", "nobody")]
    [InlineData("there is no tenant nobody", "rotate", "nobody")]
    [InlineData("--bytes: '1,000'", "create", "a", "--bytes", "1,000")]
    [InlineData("--bytes: '5GB'", "create", "a", "--bytes", "5GB")]
    [InlineData("argument missing", "create")]
    public async Task What_cannot_be_done_is_said_in_a_sentence(string sentence, params string[] arguments)
    {
        DataFolder();
        (int exitCode, string output, string error) = await KeysAsync([
            .. arguments,
            "--folder",
            Path.Combine(_folder, "data"),
        ]);
        Assert.Equal((1, ""), (exitCode, output.Contains("mk_", StringComparison.Ordinal) ? output : ""));
        Assert.Contains(sentence, error, StringComparison.OrdinalIgnoreCase);
        Assert.DoesNotContain("   at ", error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_name_is_given_once()
    {
        string data = DataFolder();
        Assert.Equal(0, (await KeysAsync("create", "rollup", "--folder", data, "--bytes", "5GiB")).ExitCode);
        (int exitCode, string output, string error) = await KeysAsync("create", "rollup", "--folder", data);
        Assert.Equal((1, ""), (exitCode, output));
        Assert.Contains("rollup", error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_folder_without_a_ledger_is_refused()
    {
        string folder = Path.Combine(_folder, "elsewhere");
        (int exitCode, string output, string error) = await KeysAsync("create", "rollup", "--folder", folder);
        Assert.Equal((1, ""), (exitCode, output));
        Assert.Contains("holds no operator's ledger", error, StringComparison.Ordinal);
        Assert.False(Directory.Exists(folder));
    }

    [SkippableFact]
    public async Task A_database_without_a_ledger_is_refused()
    {
        await using PostgresServer postgres = await PostgresServer.StartAsync();
        string database = await postgres.CreateDatabaseAsync();
        Assert.Equal(1, await ExitCodeAsync(["keys", "create", "one"], [("Meeda__Storage__Database", database)]));
        await using (
            Ledger ledger = await Ledger.OpenAsync(
                new PostgresDatabase(database),
                new Lease(new PostgresDatabase(database), TimeSpan.FromSeconds(15)),
                CancellationToken.None
            )
        )
        {
            Assert.Equal(0, await ExitCodeAsync(["keys", "create", "one"], [("Meeda__Storage__Database", database)]));
        }
    }

    [Fact]
    public async Task The_operators_own_settings_say_where_the_keys_are()
    {
        string data = DataFolder();
        string config = Path.Combine(_folder, "meeda.json");
        await File.WriteAllTextAsync(
            config,
            JsonSerializer.Serialize(new { Meeda = new { Storage = new { Folder = data } } })
        );
        Assert.Equal(0, await ExitCodeAsync(["keys", "create", "one"], [("Meeda__Storage__Folder", data)]));
        Assert.Equal(0, await ExitCodeAsync(["keys", "create", "two", "--config", config], []));
        Assert.Equal(1, await ExitCodeAsync(["keys", "create", "three"], []));
        Assert.Equal(1, await ExitCodeAsync(["keys", "create", "three"], [("Meeda__Storage__Foldr", data)]));
        Assert.Equal(0, (await KeysAsync("rotate", "one", "--folder", data)).ExitCode);
        Assert.Equal(
            2,
            JsonDocument
                .Parse((await KeysAsync("list", "--json", "--folder", data)).Output)
                .RootElement.GetArrayLength()
        );
    }

    [Fact]
    public async Task Settings_of_another_account_or_contract_are_refused()
    {
        string data = Directory.CreateDirectory(Path.Combine(_folder, "bound")).FullName;
        string key = new('7', 64),
            contract = "0x00000000000000000000000000000000000000c0";
        await using (var database = new SqliteDatabase(Path.Combine(data, "ledger.sqlite")))
        await using (
            Ledger ledger = await Ledger.OpenAsync(
                database,
                new Lease(database, TimeSpan.FromSeconds(15)),
                CancellationToken.None
            )
        )
        {
            await ledger.BindAsync(
                new LedgerBinding(1, Address.Parse(contract), PrivateKeySigner.FromHex(key).Address),
                1,
                CancellationToken.None
            );
        }

        (string, string) folder = ("Meeda__Storage__Folder", data);
        Assert.Equal(0, await ExitCodeAsync(["keys", "list"], [folder]));
        Assert.Equal(
            0,
            await ExitCodeAsync(
                ["keys", "list"],
                [folder, ("Meeda__L1__Contract", contract), ("Meeda__Signer__Key", key)]
            )
        );
        Assert.Equal(1, await ExitCodeAsync(["keys", "list"], [folder, ("Meeda__Signer__Key", new string('6', 64))]));
        Assert.Equal(
            1,
            await ExitCodeAsync(
                ["keys", "list"],
                [folder, ("Meeda__L1__Contract", "0x00000000000000000000000000000000000000c1")]
            )
        );
    }

    [SkippableFact]
    public async Task Beyond_this_machine_the_operator_listens_only_with_keys_or_when_told_so()
    {
        Skip.If(Anvil.Binary is null, NoAnvil);
        await using Arena arena = await Arena.StartAsync();
        (_, string keyFile) = await arena.StakedKeyAsync();
        string data = Path.Combine(_folder, "operator");
        string[] arguments =
        [
            "operator",
            "--rpc",
            arena.L1.ToString(),
            "--contract",
            arena.System.Address.ToString(),
            "--key-file",
            keyFile,
            "--folder",
            data,
            "--listen",
            "http://0.0.0.0:0",
        ];
        (int exitCode, _, string error) = await CommandLine.RunAsync(_folder, arguments);
        Assert.Equal(1, exitCode);
        Assert.Contains("--listen", error, StringComparison.Ordinal);
        Assert.Contains("meeda keys create", error, StringComparison.Ordinal);

        await ListensAsync(arguments, [("Meeda__Http__AllowAnonymous", "true")]);
        Assert.Equal(0, (await KeysAsync("create", "rollup", "--folder", data)).ExitCode);
        await ListensAsync(arguments, []);
    }

    [GeneratedRegex("^mk_[A-Za-z0-9_-]{43}$")]
    private static partial Regex KeyPattern();

    private static async Task<HttpStatusCode> PutAsync(OperatorNode node, string prefix)
    {
        using var body = new ByteArrayContent(RandomNumberGenerator.GetBytes(2000));
        using HttpResponseMessage answer = await node.Http.PostAsync(new Uri($"{prefix}put", UriKind.Relative), body);
        return answer.StatusCode;
    }

    /// <summary>Puts until the operator rejects the prefix.</summary>
    private static async Task RefusedAsync(OperatorNode node, string prefix)
    {
        using CancellationTokenSource limit = Patience.Limit(TimeSpan.FromSeconds(30));
        while (await PutAsync(node, prefix) != HttpStatusCode.Unauthorized)
        {
            await Task.Delay(50, limit.Token);
        }
    }

    /// <summary>Lists the tenants until the operator has written what the two puts used.</summary>
    private async Task<string> CountedAsync(OperatorNode node)
    {
        using CancellationTokenSource limit = Patience.Limit(TimeSpan.FromSeconds(60));
        while (true)
        {
            (int exitCode, string list, _) = await KeysAsync("list", "--folder", node.Folder);
            Assert.Equal(0, exitCode);
            if (Regex.IsMatch(list, "rollup +valid +Write +2 requests +4000 bytes"))
            {
                return list;
            }

            await Task.Delay(50, limit.Token);
        }
    }

    private async Task<int> ExitCodeAsync(string[] arguments, (string, string)[] environment)
    {
        using Process process = CommandLine.Start(_folder, arguments, environment);
        Task<string> output = process.StandardOutput.ReadToEndAsync();
        await process.StandardError.ReadToEndAsync();
        await output;
        await process.WaitForExitAsync();
        return process.ExitCode;
    }

    /// <summary>A folder that an operator has used: keys are created nowhere else.</summary>
    private string DataFolder()
    {
        string data = Directory.CreateDirectory(Path.Combine(_folder, "data")).FullName;
        File.WriteAllBytes(Path.Combine(data, "ledger.sqlite"), []);
        return data;
    }

    private Task<(int ExitCode, string Output, string Error)> KeysAsync(params string[] arguments) =>
        CommandLine.RunAsync(_folder, ["keys", .. arguments]);

    private async Task ListensAsync(string[] arguments, (string, string)[] environment)
    {
        using Process running = CommandLine.Start(_folder, arguments, environment);
        _ = running.StandardError.ReadToEndAsync();
        string? line;
        do
        {
            line = await running.StandardOutput.ReadLineAsync();
        } while (line is not null && !line.StartsWith("Meeda operator listens on http://", StringComparison.Ordinal));
        Assert.NotNull(line);
        running.Kill();
        await running.WaitForExitAsync();
    }
}
