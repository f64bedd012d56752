using System.Reflection;
using Meeda.Chain.L1;
using Meeda.Hosting;
using Meeda.Hosting.Settings;
using Meeda.Http;
using Meeda.Light;
using Meeda.Operator.Batches;
using Meeda.Operator.L1;
using Meeda.Storage;
using Xunit;

namespace Meeda.Node.Tests.Settings;

public sealed class SettingsReaderTests : IDisposable
{
    private static readonly Dictionary<string, string?> NoOptions = [];

    private readonly TemporaryFolder _folder = new();

    private static readonly Dictionary<Type, string[]> BadValues = new()
    {
        [typeof(bool)] = ["maybe", "2", "tr ue", "true,false", "-1", ""],
        [typeof(int)] =
        [
            "1,000",
            "1_000",
            "1.5",
            "1e3",
            "five",
            "0x",
            "+1",
            "1 000",
            "٣",
            "99999999999999999999",
            "4294967296000",
            "16MB",
            "16mib",
            "MiB",
            "",
        ],
        [typeof(long)] =
        [
            "1,000",
            "1_000",
            "1.5",
            "1e3",
            "five",
            "0x",
            "+1",
            "1 000",
            "٣",
            "99999999999999999999",
            "16MB",
            "16mib",
            "MiB",
            "",
        ],
        [typeof(ulong)] =
        [
            "1,000",
            "1_000",
            "1.5",
            "1e3",
            "five",
            "0x",
            "+1",
            "-1",
            "٣",
            "99999999999999999999",
            "16MB",
            "",
        ],
        [typeof(byte)] = ["256", "-1", "M", "0x100", "1.0", ""],
        [typeof(TimeSpan)] =
        [
            "30",
            "5 minutes",
            "1,5s",
            "2s3m",
            "1s1s",
            "99:99:99",
            "10:00",
            "24h:00",
            "-1s",
            "-00:00:01",
            "10M",
            "99999999999d",
            "1.24:00:00",
            "٣s",
            "",
        ],
        [typeof(decimal)] =
        [
            "0,5",
            "1,000",
            "1.000,5",
            "1e3",
            "0x5",
            "5 gwei",
            "0.5 ether",
            ".5",
            "5.",
            "+5",
            "٣",
            "1.0000000000000000001",
            "NaN",
            "1 0",
            "99999999999",
            "",
        ],
        [typeof(BatchState)] = ["1", "Stored,Placed", "Nowhere", ""],
        [typeof(string)] = ["", "   ", "\t"],
    };

    public static TheoryData<string, string> BadSettings
    {
        get
        {
            var data = new TheoryData<string, string>();
            foreach ((string name, PropertyInfo property) in SettingNames.All)
            {
                Type type = Nullable.GetUnderlyingType(property.PropertyType) ?? property.PropertyType;
                bool isList = SettingValue.IsList(type);
                foreach (string value in BadValues[isList ? typeof(string) : type])
                {
                    bool mayBe =
                        value.Trim().Length == 0
                        && (
                            property.IsDefined(typeof(MayBeEmptyAttribute))
                            || (value.Length > 0 && property.IsDefined(typeof(VerbatimAttribute)))
                        );
                    if (!mayBe)
                    {
                        data.Add(SettingNames.Variable(name) + (isList ? "__0" : ""), value);
                    }
                }
            }

            return data;
        }
    }

    public void Dispose() => _folder.Dispose();

    [Theory]
    [MemberData(nameof(BadSettings))]
    public void Get_ValueThatIsNone_IsOneLineWithTheSettingsName(string variable, string value)
    {
        IReadOnlyList<string> problems = ProblemsOf((variable, value));
        string problem = Assert.Single(problems);
        Assert.StartsWith($"{variable}: ", problem, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', problem);
    }

    [Fact]
    public void Get_EverySettingWrong_IsSaidAtOnce()
    {
        (string, string)[] all =
        [
            .. SettingNames
                .All.Where(setting => !SettingValue.IsList(setting.Value.PropertyType))
                .Select(setting => ($"{SettingNames.Variable(setting.Key)}__0", "x")),
        ];
        IReadOnlyList<string> problems = ProblemsOf(all);
        Assert.Equal(all.Length, problems.Count);
        Assert.All(all, setting => Assert.Contains($"{setting.Item1}: is one value, not a list", problems));
    }

    [Fact]
    public void Names_EveryDecimal_IsAnAmountWithAUnit() =>
        Assert.All(
            SettingNames.All.Values.Where(property => property.PropertyType == typeof(decimal)),
            property => Assert.True(property.IsDefined(typeof(AmountAttribute)), property.Name)
        );

    [Fact]
    public void Names_EveryOptionsClassOfTheProgram_IsFound()
    {
        Assert.Contains(SettingNames.Classes, found => found.Type == typeof(L1Options));
        Assert.Contains(SettingNames.Classes, found => found.Type == typeof(LightSettings));
        Assert.Equal(
            SettingNames.Classes.Count,
            SettingNames.Classes.Select(found => found.Section).Distinct(StringComparer.OrdinalIgnoreCase).Count()
        );
    }

    [Theory]
    [InlineData("Meeda__L1__PolInterval", "Meeda__L1__PollInterval")]
    [InlineData("Meeda__Storrage__Folder", "Meeda__Storage__Folder")]
    [InlineData("Meeda__Storage__Provider__0", "Meeda__Storage__Providers")]
    [InlineData("Meeda__PollInterval", null)]
    [InlineData("Meeda__L1", null)]
    [InlineData("Meeda__", null)]
    [InlineData("Meeda__L1__Rpc__Url", null)]
    [InlineData("MEEDA_L1_RPC", "Meeda__L1__Rpc")]
    [InlineData("Meda__L1__Contract", "Meeda__L1__Contract")]
    [InlineData("Meeda:L1:Rpc", "Meeda__L1__Rpc")]
    public void Names_Misspelt_AreRefusedWithTheNearest(string variable, string? nearest)
    {
        string problem = Assert.Single(ProblemsOf((variable, "x")));
        Assert.StartsWith($"{variable}: there is no such setting", problem, StringComparison.Ordinal);
        Assert.True(nearest is null || problem.EndsWith($"is {nearest} meant?", StringComparison.Ordinal), problem);
    }

    [Theory]
    [InlineData("MEEDA_URL")]
    [InlineData("MEEDA_KEY")]
    [InlineData("MEEDA_ANVIL")]
    [InlineData("MEEDA_SERVICE_HOST")]
    [InlineData("MEEDA_PORT_3100_TCP_ADDR")]
    [InlineData("Logging__LogLevel__Default")]
    [InlineData("ASPNETCORE_URLS")]
    public void Names_OfOthers_AreLeftAlone(string variable) => Assert.Empty(ProblemsOf((variable, "x")));

    [Theory]
    [InlineData("30s", 30)]
    [InlineData(" 30s\n", 30)]
    [InlineData("0.5m", 30)]
    [InlineData("1m 30s", 90)]
    [InlineData("1h30m", 5400)]
    [InlineData("1d", 86400)]
    [InlineData("1500ms", 1.5)]
    [InlineData("00:00:30", 30)]
    [InlineData("00:00:00.2", 0.2)]
    [InlineData("24:00:00", 86400)]
    [InlineData("1.00:00:00", 86400)]
    [InlineData("0", 0)]
    public void Duration_MeaningIsCertain_IsTaken(string text, double seconds) =>
        Assert.Equal(
            TimeSpan.FromSeconds(seconds),
            ReaderOf(("Meeda__L1__PollInterval", text)).Get<L1Options>().PollInterval
        );

    [Theory]
    [InlineData("16MiB", 16 << 20)]
    [InlineData("16 MiB", 16 << 20)]
    [InlineData("1024KiB", 1 << 20)]
    [InlineData(" 1048576 ", 1 << 20)]
    public void Bytes_MeaningIsCertain_AreTaken(string text, int bytes) =>
        Assert.Equal(bytes, ReaderOf(("Meeda__Batches__MaxBatchBytes", text)).Get<BatchOptions>().MaxBatchBytes);

    [Theory]
    [InlineData("1", true)]
    [InlineData("yes", true)]
    [InlineData("True", true)]
    [InlineData("off", false)]
    [InlineData("0", false)]
    public void Boolean_MeaningIsCertain_IsTaken(string text, bool value) =>
        Assert.Equal(value, ReaderOf(("Meeda__Http__AllowAnonymous", text)).Get<HttpOptions>().AllowAnonymous);

    [Fact]
    public void Amount_InAnyLanguage_IsReadTheSameWay()
    {
        System.Globalization.CultureInfo before = System.Globalization.CultureInfo.CurrentCulture;
        try
        {
            var german = (System.Globalization.CultureInfo)System.Globalization.CultureInfo.InvariantCulture.Clone();
            german.NumberFormat.NumberDecimalSeparator = ",";
            german.NumberFormat.NumberGroupSeparator = ".";
            System.Globalization.CultureInfo.CurrentCulture = german;
            Assert.Equal(
                0.5m,
                ReaderOf(("Meeda__Transactions__BalanceAlarm", "0.5")).Get<TransactionOptions>().BalanceAlarm
            );
            Assert.Single(ProblemsOf(("Meeda__Transactions__BalanceAlarm", "0,5")));
        }
        finally
        {
            System.Globalization.CultureInfo.CurrentCulture = before;
        }
    }

    [Fact]
    public void Amount_MoreDecimalsThanTheUnitHas_IsRefused()
    {
        Assert.Equal(
            0.123456789m,
            ReaderOf(("Meeda__Transactions__MinTip", "0.123456789")).Get<TransactionOptions>().MinTip
        );
        Assert.Contains(
            "9 decimals",
            Assert.Single(ProblemsOf(("Meeda__Transactions__MinTip", "0.1234567891"))),
            StringComparison.Ordinal
        );
    }

    [Fact]
    public void Get_Password_KeepsItsBlanks() =>
        Assert.Equal(" secret ", ReaderOf(("Meeda__Signer__Password", " secret ")).Get<SignerOptions>().Password);

    [Fact]
    public void Get_OptionEnvironmentAndFile_WinInThatOrder()
    {
        string file = Write("""{ "Meeda": { "L1": { "Rpc": "file", "Contract": "file", "FromBlock": 7 } } }""");
        var reader = new SettingsReader(
            new Dictionary<string, string?> { ["Meeda:L1:Rpc"] = "option", ["Meeda:L1:KeyFile"] = null },
            file,
            new Dictionary<string, string>
            {
                ["Meeda__L1__Rpc"] = "environment",
                ["MEEDA__L1__CONTRACT"] = "environment",
            }
        );
        var l1 = reader.Get<L1Options>();
        Assert.Equal(("option", "environment", 7UL, ""), (l1.Rpc, l1.Contract, l1.FromBlock, l1.KeyFile));
        Assert.Empty(reader.Problems);
    }

    [Fact]
    public void Get_List_ComesWholeFromOneSource()
    {
        string file = Write("""{ "Meeda": { "Storage": { "Providers": ["a", "b", "c"] } } }""");
        Assert.Equal(
            ["a", "b", "c"],
            new SettingsReader(NoOptions, file, new Dictionary<string, string>()).Get<StorageOptions>().Providers
        );
        var reader = new SettingsReader(
            NoOptions,
            file,
            new Dictionary<string, string> { ["Meeda__Storage__Providers__0"] = "x" }
        );
        Assert.Equal(["x"], reader.Get<StorageOptions>().Providers);
        Assert.Empty(reader.Problems);
    }

    [Fact]
    public void Get_ListWithAGapOrWrongIndex_IsRefused()
    {
        Assert.Contains(
            "number 1, is missing",
            Assert.Single(ProblemsOf(("Meeda__Storage__Providers__0", "a"), ("Meeda__Storage__Providers__2", "c"))),
            StringComparison.Ordinal
        );
        Assert.Contains(
            "'O' is no place in a list",
            Assert.Single(ProblemsOf(("Meeda__Storage__Providers__O", "a"))),
            StringComparison.Ordinal
        );
        Assert.Contains(
            "'00' is no place in a list",
            Assert.Single(ProblemsOf(("Meeda__Storage__Providers__00", "a"))),
            StringComparison.Ordinal
        );
        Assert.Contains(
            "is a list",
            Assert.Single(ProblemsOf(("Meeda__Storage__Providers", "a,b"))),
            StringComparison.Ordinal
        );
    }

    [Fact]
    public void Get_SameSettingInTwoSpellings_IsRefused()
    {
        string problem = Assert.Single(ProblemsOf(("Meeda__L1__Rpc", "http://one"), ("MEEDA__L1__RPC", "http://two")));
        Assert.Contains("twice", problem, StringComparison.Ordinal);
        Assert.DoesNotContain("http", problem, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("", "is not JSON: line 1")]
    [InlineData("{", "is not JSON: line 1")]
    [InlineData("{ \"Meeda\": { \"L1\": { \"Rpc\": \"http://secret\", } } }", "is not JSON")]
    [InlineData("Meeda__L1__Rpc=http://secret", "is not JSON: line 1")]
    [InlineData("[]", "holds no JSON object")]
    [InlineData("7", "holds no JSON object")]
    [InlineData("{ \"Meeda\": { \"L1\": { \"Rpc\": null } } }", "no value for Meeda.L1.Rpc")]
    [InlineData("{ \"Meeda\": { \"L1\": { \"Rpc\": \"secret\", \"rpc\": \"b\" } } }", "has Meeda.L1.rpc twice")]
    public void File_ThatIsNone_IsOneSentenceWithoutItsText(string text, string sentence)
    {
        SetupException problem = Assert.Throws<SetupException>(() => new SettingsReader(NoOptions, Write(text)));
        Assert.StartsWith("--config: ", problem.Message, StringComparison.Ordinal);
        Assert.Contains(sentence, problem.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("secret", problem.ToString(), StringComparison.Ordinal);
        Assert.DoesNotContain('\n', problem.Message);
    }

    [Theory]
    [InlineData("{ \"Meeda\": { \"L1\": { \"PolInterval\": \"2s\" } } }", "Meeda__L1__PolInterval (in ")]
    [InlineData(
        "{ \"Kestrel\": { \"Endpoints\": { \"A\": { \"Url\": \"http://0.0.0.0:1\" } } } }",
        "Kestrel__Endpoints__A__Url (in "
    )]
    [InlineData("{ \"Logging\": { \"LogLevel\": { \"Default\": \"Trace\" } } }", "Logging__LogLevel__Default (in ")]
    [InlineData("{ \"Meeda\": { \"L1\": { \"Rpc\": [\"a\", \"b\"] } } }", "is one value, not a list")]
    [InlineData("{ \"Meeda\": { \"Storage\": { \"Providers\": \"a\" } } }", "is a list")]
    [InlineData("{ \"Meeda:L1:Rpc\": \"a\" }", "there is no such setting")]
    public void File_UnknownNamesAndForms_AreRefused(string text, string sentence) =>
        Assert.Contains(
            sentence,
            new SettingsReader(NoOptions, Write(text), new Dictionary<string, string>()).Problems[0],
            StringComparison.Ordinal
        );

    [Fact]
    public void File_AbsentOrAFolder_IsOneSentence()
    {
        Assert.Throws<SetupException>(() => new SettingsReader(NoOptions, Path.Combine(_folder.Path, "absent")));
        Assert.Throws<SetupException>(() => new SettingsReader(NoOptions, _folder.Path));
        Assert.Throws<SetupException>(() => new SettingsReader(NoOptions, ""));
    }

    [Fact]
    public void File_WithAKeyThatOthersMayRead_IsRefused()
    {
        if (OperatingSystem.IsWindows())
        {
            return;
        }

        string file = Write("""{ "Meeda": { "Signer": { "Key": "1111" } } }""");
        File.SetUnixFileMode(file, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.OtherRead);
        Assert.Contains(
            $"chmod 600 {file}",
            Assert.Throws<SetupException>(() => new SettingsReader(NoOptions, file)).Message,
            StringComparison.Ordinal
        );
    }

    [Theory]
    [InlineData("Meeda__Light__Budget", "-1", "budget:")]
    [InlineData("Meeda__Light__PollInterval", "10ms", "poll interval:")]
    [InlineData("Meeda__Light__PollInterval", "11m", "poll interval:")]
    [InlineData("Meeda__Light__SampleInterval", "2d", "sample interval:")]
    [InlineData("Meeda__Light__Operators__0", "0x00000000000000000000000000000000000000c0", "operator:")]
    [InlineData("Meeda__Light__Operators__0", "0x00000000000000000000000000000000000000c0=ftp://x", "operator:")]
    [InlineData(
        "Meeda__Light__Operators__0",
        "0x00000000000000000000000000000000000000c0=http://x,http://y",
        "operator:"
    )]
    [InlineData("Meeda__Light__KeyFile", "/no/such/file", "key file:")]
    public void Light_OutOfRange_IsRefusedAndNotClamped(string variable, string value, string field)
    {
        SettingsReader reader = ReaderOf((variable, value));
        string problem = Assert.Single(new LightSettingsValidator().Failures(reader.Get<LightSettings>()));
        Assert.StartsWith(field, problem, StringComparison.Ordinal);
        Assert.Empty(reader.Problems);
    }

    [Fact]
    public void Light_OperatorNamedTwice_IsRefused()
    {
        const string Operator = "0x00000000000000000000000000000000000000c0=http://127.0.0.1:1";
        var light = ReaderOf(
                ("Meeda__Light__Operators__0", Operator),
                (
                    "Meeda__Light__Operators__1",
                    Operator.ToUpperInvariant().Replace("0X", "0x", StringComparison.Ordinal)
                )
            )
            .Get<LightSettings>();
        Assert.Contains(
            "named twice",
            Assert.Single(new LightSettingsValidator().Failures(light)),
            StringComparison.Ordinal
        );
    }

    [Fact]
    public void Light_Budget_IsThatManyWei()
    {
        var light = ReaderOf(("Meeda__Light__Budget", "1234567890.000000000000000001")).Get<LightSettings>();
        Assert.Equal(
            System.Numerics.BigInteger.Parse(
                "1234567890000000000000000001",
                System.Globalization.CultureInfo.InvariantCulture
            ),
            light.ToOptions(new L1Options { Contract = "0x00000000000000000000000000000000000000c0" }).Budget
        );
    }

    private static SettingsReader ReaderOf(params (string Variable, string Value)[] environment) =>
        new(NoOptions, file: null, environment.ToDictionary(each => each.Variable, each => each.Value));

    private static IReadOnlyList<string> ProblemsOf(params (string Variable, string Value)[] environment)
    {
        SettingsReader reader = ReaderOf(environment);
        foreach ((_, Type type) in SettingNames.Classes)
        {
            reader.Get(type);
        }

        return reader.Problems;
    }

    private string Write(string text)
    {
        string file = Path.Combine(_folder.Path, $"{Guid.NewGuid():N}.json");
        File.WriteAllText(file, text);
        return file;
    }
}
