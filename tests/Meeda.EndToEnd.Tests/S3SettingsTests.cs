using System.Diagnostics;
using Meeda.Testing;
using Xunit;

namespace Meeda.EndToEnd.Tests;

/// <summary>
/// Unreadable credentials of S3 providers. In separate processes, since the SDK does not retry files that it failed to
/// read.
/// </summary>
public sealed class S3SettingsTests : IDisposable
{
    private const string Secret = "hush-hush-secret";

    private readonly string _folder = Directory.CreateTempSubdirectory("meeda-s3-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Theory]
    [InlineData("AWS_SHARED_CREDENTIALS_FILE", "")]
    [InlineData("AWS_SHARED_CREDENTIALS_FILE", "key")]
    [InlineData("AWS_CONFIG_FILE", "key")]
    public async Task Operator_WithAFileThatIsNoCredentialsFile_SaysSoWithoutItsLines(string variable, string key)
    {
        string keyFile = Path.Combine(_folder, "operator.key");
        await File.WriteAllTextAsync(keyFile, new string('1', 64));
        string file = Path.Combine(_folder, "credentials");
        await File.WriteAllTextAsync(file, Secret);
        using Process process = CommandLine.Start(
            _folder,
            [
                "operator",
                "--rpc",
                "http://127.0.0.1:1",
                "--contract",
                "0x00000000000000000000000000000000000000c0",
                "--key-file",
                keyFile,
                "--listen",
                "http://127.0.0.1:0",
            ],
            [
                ("HOME", _folder),
                (variable, file),
                ("AWS_ACCESS_KEY_ID", key),
                ("AWS_SECRET_ACCESS_KEY", key),
                ("Meeda__Storage__Providers__0", "s3+http://127.0.0.1:1/rows"),
                ("Meeda__Storage__ToleratedLosses", "0"),
            ]
        );
        using CancellationTokenSource limit = Patience.Limit(TimeSpan.FromMinutes(1));
        Task<string> output = process.StandardOutput.ReadToEndAsync(limit.Token);
        string error = await process.StandardError.ReadToEndAsync(limit.Token);
        await process.WaitForExitAsync(limit.Token);
        Assert.Equal(1, process.ExitCode);
        Assert.StartsWith("meeda: S3", error, StringComparison.Ordinal);
        Assert.DoesNotContain(Secret, error + await output, StringComparison.Ordinal);
    }
}
