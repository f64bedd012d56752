using Meeda.Hosting.Settings;
using Xunit;

namespace Meeda.Node.Tests.Settings;

/// <summary>How settings are shown that are or may contain secrets.</summary>
public sealed class SecretTests
{
    [Theory]
    [InlineData("http://127.0.0.1:8545", "http://127.0.0.1:8545")]
    [InlineData("https://user:secret@host:8545/secret?key=secret", "https://host:8545/…")]
    [InlineData("https://host?secret", "https://host/…")]
    [InlineData("https://one/secret, https://two", "https://one/…, https://two")]
    [InlineData("s3+https://id:secret@host/bucket", "s3+https://host/…")]
    [InlineData("s3+https://id:secret@old/b=s3+https://id:secret@new/b", "s3+https://old/…")]
    [InlineData(
        "0x00000000000000000000000000000000000000aa=https://secret@op/t/secret",
        "0x00000000000000000000000000000000000000aa=https://op/…"
    )]
    [InlineData("/disk0", "/disk0")]
    [InlineData("environment", "environment")]
    // A password that is not percent-encoded makes the URL unparsable.
    [InlineData("https://user:secr/et@host", "(set, not shown)")]
    [InlineData("https://user:1,secret@host", "(set, not shown)")]
    [InlineData("user:secret@host:5001", "(set, not shown)")]
    public void Mask_AUrl_ShowsSchemeAndHostAlone(string value, string shown) =>
        Assert.Equal(shown, new SecretAttribute { IsUrl = true }.Mask(value));

    [Fact]
    public void Describe_EverySettingWithASecretOfItsOwnOrInAUrl_HidesIt()
    {
        var environment = SettingNames.All.ToDictionary(
            setting =>
                SettingNames.Variable(setting.Key) + (SettingValue.IsList(setting.Value.PropertyType) ? "__0" : ""),
            _ => "https://user:hidden@host/hidden"
        );
        var reader = new SettingsReader(new Dictionary<string, string?>(), file: null, environment);

        string[] open =
        [
            .. reader
                .Describe()
                .Where(each => each.Value!.Contains("hidden", StringComparison.Ordinal))
                .Select(each => each.Name.Split("__")[2]),
        ];

        // The settings shown are numbers, switches, file names, and others that never contain credentials.
        string[] telling =
        [
            "Key",
            "Password",
            "BlobKey",
            "Database",
            "Rpc",
            "Url",
            "Remote",
            "Providers",
            "Operators",
            "RenamedProviders",
        ];
        Assert.Empty(open.Intersect(telling));
        Assert.DoesNotContain(open, name => name.EndsWith("Url", StringComparison.Ordinal));
    }

    [Fact]
    public void Describe_Origin_IsTheOneThatWon()
    {
        var reader = new SettingsReader(
            new Dictionary<string, string?> { ["Meeda:L1:Contract"] = "0x1" },
            file: null,
            new Dictionary<string, string> { ["Meeda__L1__Contract"] = "0x2", ["Meeda__L1__Confirmations"] = "3" }
        );
        Dictionary<string, SettingDescription> all = reader.Describe().ToDictionary(each => each.Name);
        Assert.Equal(("0x1", "--contract"), (all["Meeda__L1__Contract"].Value, all["Meeda__L1__Contract"].Origin));
        Assert.Equal("Meeda__L1__Confirmations", all["Meeda__L1__Confirmations"].Origin);
        Assert.Equal(
            ("00:00:02", "default"),
            (all["Meeda__L1__PollInterval"].Value, all["Meeda__L1__PollInterval"].Origin)
        );
    }
}
