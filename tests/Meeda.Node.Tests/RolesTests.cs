using Meeda.Hosting;
using Meeda.Operator;
using Xunit;

namespace Meeda.Node.Tests;

public sealed class RolesTests
{
    [Fact]
    public async Task BuildOperator_EverythingIsWrong_SaysAllOfItAtOnce()
    {
        var settings = new Dictionary<string, string?>
        {
            ["Meeda:L1:Rpc"] = "ftp://nowhere",
            ["Meeda:L1:Contract"] = "0x12",
            ["Meeda:L1:KeyFile"] = "/no/such/file",
            ["Meeda:L1:PollInterval"] = "00:00:00",
            ["Meeda:L1:Confirmations"] = "-1",
            ["Meeda:Batches:MaxBatchBytes"] = "0",
            ["Meeda:Anchors:Interval"] = "10:00:00",
            ["Meeda:Anchors:MaxBlobs"] = "1000",
        };
        SetupException problem = await Assert.ThrowsAsync<SetupException>(() =>
            OperatorApplication.BuildAsync(settings, "http://127.0.0.1:0", quiet: true, CancellationToken.None)
        );
        string[] fields =
        [
            "rpc:",
            "contract:",
            "key file:",
            "poll interval:",
            "confirmations:",
            "max batch bytes:",
            "anchor interval:",
            "max blobs:",
        ];
        Assert.All(fields, field => Assert.Contains(field, problem.Message, StringComparison.Ordinal));
    }

    [Fact]
    public async Task BuildOperator_BatchesThatNoAnchorCouldHold_AreRefused()
    {
        using var folder = new TemporaryFolder();
        SetupException problem = await BuildAsync(folder, new string('1', 64), ("Meeda:Anchors:MaxBlobs", "10"));
        Assert.Contains("could never be anchored", problem.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task BuildOperator_KeyThatIsNone_IsRefusedWithoutShowingIt()
    {
        using var folder = new TemporaryFolder();
        string almost = "d00dfeed" + new string('a', 55);
        SetupException problem = await BuildAsync(folder, almost);
        Assert.Contains("key file:", problem.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("d00dfeed", problem.ToString(), StringComparison.OrdinalIgnoreCase);
    }

    [Fact]
    public async Task BuildOperator_DataFolderIsAFile_IsRefusedWithItsPath()
    {
        using var folder = new TemporaryFolder();
        string file = System.IO.Path.Combine(folder.Path, "file");
        await File.WriteAllTextAsync(file, "");
        SetupException problem = await BuildAsync(folder, new string('1', 64), ("Meeda:Storage:Folder", file));
        Assert.Contains($"data folder: {file}", problem.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task BuildOperator_S3ProfileThatIsNotThere_IsRefusedWithItsName()
    {
        using var folder = new TemporaryFolder();
        SetupException problem = await BuildAsync(
            folder,
            new string('1', 64),
            ("Meeda:Storage:Providers:0", "s3+http://127.0.0.1:1/rows"),
            ("Meeda:Storage:ToleratedLosses", "0"),
            ("Meeda:Storage:S3Profile", "no-such-profile")
        );
        Assert.Contains("S3 profile:", problem.Message, StringComparison.Ordinal);
        Assert.Contains("'no-such-profile'", problem.Message, StringComparison.Ordinal);
        Assert.Contains("Meeda__Storage__S3Profile", problem.Message, StringComparison.Ordinal);
    }

    private static async Task<SetupException> BuildAsync(
        TemporaryFolder folder,
        string key,
        params (string Name, string Value)[] more
    )
    {
        string keyFile = System.IO.Path.Combine(folder.Path, "key");
        await File.WriteAllTextAsync(keyFile, key);
        var settings = new Dictionary<string, string?>
        {
            ["Meeda:Storage:Folder"] = System.IO.Path.Combine(folder.Path, "data"),
            ["Meeda:L1:Rpc"] = "http://127.0.0.1:1",
            ["Meeda:L1:Contract"] = "0x00000000000000000000000000000000000000c0",
            ["Meeda:L1:KeyFile"] = keyFile,
        };
        foreach ((string name, string value) in more)
        {
            settings[name] = value;
        }

        return await Assert.ThrowsAsync<SetupException>(() =>
            OperatorApplication.BuildAsync(settings, "http://127.0.0.1:0", quiet: true, CancellationToken.None)
        );
    }
}
