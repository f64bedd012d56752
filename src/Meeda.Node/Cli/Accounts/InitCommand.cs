using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using Meeda.Chain.L1;
using Meeda.Hosting;
using Meeda.Hosting.Settings;
using Meeda.Http;
using Meeda.Node.Cli.Deployment;
using Meeda.Node.Cli.Spending;

namespace Meeda.Node.Cli.Accounts;

/// <summary>
/// <c>operator init</c>: asks for what an operator needs, writes its configuration and key, and reports what is
/// missing.
/// </summary>
internal static class InitCommand
{
    private static readonly Option<string> Out = new("--out")
    {
        Description = "the configuration file to write",
        DefaultValueFactory = _ => "meeda.json",
    };

    private static readonly Option<string?> DeploymentPath = new("--deployment")
    {
        Description = "the file that meeda deploy wrote [default: deployments/<chain id>.json, where it exists]",
    };

    private static readonly Option<string?> KeyFile = new("--key-file")
    {
        Description = "an existing key file, plain or a keystore [default: a new keystore beside --out]",
    };

    private static readonly Option<string?> PasswordFile = new("--password-file")
    {
        Description = "the file with its password, if it is a keystore",
    };

    private static readonly Option<string?> Account = new("--account")
    {
        Description = "the account's address, if another key than the operator's owns it",
    };

    private static readonly Option<string?> Folder = new("--folder") { Description = "the data folder" };

    private static readonly Option<string[]> Providers = new("--provider")
    {
        Description =
            "a provider for the data, a folder or an S3 bucket (docs/storage.md); may be given several times "
            + "[default: the data folder alone]",
        AllowMultipleArgumentsPerToken = true,
    };

    private static readonly Option<string?> Listen = new("--listen") { Description = "the URL to listen on" };

    private static readonly Option<bool> Yes = new("--yes")
    {
        Description = "ask nothing: use the options, and defaults for everything else",
    };

    private static readonly Option<bool> Json = new("--json") { Description = "print one line of JSON; asks nothing" };

    /// <summary>The command with its options.</summary>
    public static Command Build()
    {
        var command = new Command(
            "init",
            "Set up an operator: write its configuration and key, check L1, balance, stake and storage"
        )
        {
            Out,
            L1CommandOptions.Rpc,
            L1CommandOptions.Contract,
            DeploymentPath,
            KeyFile,
            PasswordFile,
            Account,
            Folder,
            Providers,
            Listen,
            Yes,
            Json,
        };
        command.SetAction(RunAsync);
        return command;
    }

    private static async Task<int> RunAsync(ParseResult parsed, CancellationToken cancellationToken)
    {
        string path = parsed.GetValue(Out)!;
        if (File.Exists(path))
        {
            throw new SetupException(
                $"--out: {path} exists; name another file, or check this one: meeda config check --config {path}"
            );
        }

        var questions = new Questions(!parsed.GetValue(Yes) && !parsed.GetValue(Json) && !Console.IsInputRedirected);
        var l1Settings = new SettingsReader(L1CommandOptions.SettingsOf(parsed)).Get<L1Options>();
        string rpc = questions.Ask("L1 JSON-RPC endpoint", Given(l1Settings.Rpc), "http://127.0.0.1:8545");
        EnsureUrl("--rpc", rpc);
        using L1Session l1 = await L1Session.OpenAsync(new L1Options { Rpc = rpc }, cancellationToken);
        (string contract, ulong fromBlock) = Contract(parsed, Given(l1Settings.Contract), questions, l1.ChainId);
        await l1.SystemAsync(SpendingOptions.ParseAddress("--contract", contract), cancellationToken);

        OwnerOnly.Apply();
        var written = new Dictionary<string, object>(StringComparer.Ordinal)
        {
            ["Rpc"] = rpc,
            ["Contract"] = contract,
            ["FromBlock"] = fromBlock,
        };
        (string keyFile, string? passwordFile) = Key(parsed, questions, path);
        written["KeyFile"] = Path.GetFullPath(keyFile);
        if (parsed.GetValue(Account) is { } account)
        {
            written["Account"] = SpendingOptions.ParseAddress("--account", account).ToString();
        }

        string folder = questions.Ask("Data folder", parsed.GetValue(Folder), Path.Combine(".meeda", "operator"));
        string listen = questions.Ask("URL to listen on", parsed.GetValue(Listen), "http://127.0.0.1:3100");
        var sections = new Dictionary<string, Dictionary<string, object>>(StringComparer.Ordinal)
        {
            ["L1"] = written,
            ["Storage"] = new() { ["Folder"] = Path.GetFullPath(folder) },
            ["Http"] = new() { ["Listen"] = listen },
        };
        if (passwordFile is not null)
        {
            sections["Signer"] = new() { ["PasswordFile"] = Path.GetFullPath(passwordFile) };
        }

        if (parsed.GetValue(Providers) is { Length: > 0 } providers)
        {
            sections["Storage"]["Providers"] = providers;
        }

        Write(path, sections);
        return await ReportAsync(path, l1, parsed.GetValue(Json), cancellationToken);
    }

    private static (string Contract, ulong FromBlock) Contract(
        ParseResult parsed,
        string? named,
        Questions questions,
        ulong chainId
    )
    {
        if (named is not null)
        {
            return (named, 0);
        }

        string usual = Path.Combine("deployments", $"{chainId.ToString(CultureInfo.InvariantCulture)}.json");
        string? path = parsed.GetValue(DeploymentPath) ?? (File.Exists(usual) ? usual : null);
        if (path is null)
        {
            return (questions.Ask("Address of MeedaSystem", null, null, "--contract or --deployment"), 0);
        }

        var deployment = DeploymentFile.Read(path);
        return deployment.ChainId == chainId
            ? (deployment.System, deployment.Block)
            : throw new SetupException($"--deployment: {path} is for chain {deployment.ChainId}, L1 is {chainId}");
    }

    private static string? Given(string setting) => setting.Length == 0 ? null : setting;

    private static (string KeyFile, string? PasswordFile) Key(ParseResult parsed, Questions questions, string path)
    {
        string? named = parsed.GetValue(KeyFile) ?? questions.AskOptional("Key file (empty: make a new key)");
        if (!string.IsNullOrEmpty(named))
        {
            _ = SignerOptions.ReadKeyFile(named, password: null, parsed.GetValue(PasswordFile));
            return (named, parsed.GetValue(PasswordFile));
        }

        string stem = Path.Combine(
            Path.GetDirectoryName(Path.GetFullPath(path))!,
            Path.GetFileNameWithoutExtension(path)
        );
        (string keyFile, string passwordFile) = ($"{stem}.key.json", $"{stem}.password");
        if (File.Exists(keyFile) || File.Exists(passwordFile))
        {
            throw new SetupException($"--key-file: {keyFile} or {passwordFile} exists; name the key file to use");
        }

        DurableFile.CreateFolder(Path.GetDirectoryName(keyFile)!);
        NewKey.Write(keyFile, passwordFile);
        return (keyFile, passwordFile);
    }

    private static void EnsureUrl(string option, string urls)
    {
        var l1 = new L1Options { Rpc = urls };
        if (
            new L1OptionsValidator()
                .Failures(l1)
                .FirstOrDefault(each => each.StartsWith("rpc", StringComparison.Ordinal)) is
            { } failure
        )
        {
            throw new SetupException($"{option}: {failure}");
        }
    }

    private static void Write(string path, Dictionary<string, Dictionary<string, object>> sections)
    {
        try
        {
            string full = Path.GetFullPath(path);
            Directory.CreateDirectory(Path.GetDirectoryName(full)!);
            using var file = new FileStream(full, FileMode.CreateNew, FileAccess.Write);
            using var json = new Utf8JsonWriter(file, new JsonWriterOptions { Indented = true });
            json.WriteStartObject();
            json.WriteStartObject(SettingNames.Root);
            foreach ((string section, Dictionary<string, object> settings) in sections)
            {
                json.WriteStartObject(section);
                foreach ((string name, object value) in settings)
                {
                    json.WritePropertyName(name);
                    WriteValue(json, value);
                }

                json.WriteEndObject();
            }

            json.WriteEndObject();
            json.WriteEndObject();
        }
        catch (Exception unwritable) when (unwritable is IOException or UnauthorizedAccessException)
        {
            throw new SetupException($"--out: {path} cannot be written: {unwritable.Message.TrimEnd('.')}");
        }
    }

    private static void WriteValue(Utf8JsonWriter json, object value)
    {
        switch (value)
        {
            case ulong number:
                json.WriteNumberValue(number);
                break;
            case string[] list:
                json.WriteStartArray();
                foreach (string each in list)
                {
                    json.WriteStringValue(each);
                }

                json.WriteEndArray();
                break;
            default:
                json.WriteStringValue((string)value);
                break;
        }
    }

    private static async Task<int> ReportAsync(
        string path,
        L1Session l1,
        bool json,
        CancellationToken cancellationToken
    )
    {
        // Read back as the operator will read it, so that the checks apply to what it will find.
        var settings = new SettingsReader(new Dictionary<string, string?>(), path);
        SpendingSettings read = SpendingSettings.Read(settings, needsKey: true);
        var http = settings.Get<HttpOptions>();
        IReadOnlyList<SetupCheck> checks = await SetupChecks.RunAsync(path, l1, read, http, cancellationToken);
        if (json)
        {
            Console.WriteLine(
                JsonSerializer.Serialize(
                    new SetupOutput(Path.GetFullPath(path), l1.ChainId, checks),
                    CliJson.Default.SetupOutput
                )
            );
            return ExitCode.Success;
        }

        Console.WriteLine($"Configuration written to {path}");
        foreach (SetupCheck check in checks)
        {
            Console.WriteLine($"  {(check.Holds ? "ok" : "MISSING"), -8} {check.What}");
            if (check.Remedy is { } remedy)
            {
                Console.WriteLine($"           {remedy}");
            }
        }

        Console.WriteLine($"Start it with: meeda operator --config {path}");
        return ExitCode.Success;
    }
}
