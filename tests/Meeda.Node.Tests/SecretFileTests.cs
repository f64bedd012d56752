using Meeda.Chain.L1;
using Meeda.Hosting;
using Xunit;

namespace Meeda.Node.Tests;

public sealed class SecretFileTests
{
    [SkippableTheory]
    [InlineData(0b110_110_110, true)]
    [InlineData(0b110_100_000, true)]
    [InlineData(0b110_000_100, true)]
    [InlineData(0b100_000_001, true)]
    [InlineData(0b110_000_000, false)]
    [InlineData(0b100_000_000, false)]
    public void ReadKeyFile_ByItsPermissions_IsTakenOrRefusedWithTheCommand(int mode, bool refused)
    {
        Skip.If(OperatingSystem.IsWindows());
        using var folder = new TemporaryFolder();
        string file = Path.Combine(folder.Path, "key");
        File.WriteAllText(file, new string('1', 64));
        if (!OperatingSystem.IsWindows())
        {
            File.SetUnixFileMode(file, (UnixFileMode)mode);
        }

        string link = Path.Combine(folder.Path, "link");
        File.CreateSymbolicLink(link, file);
        foreach (string path in (string[])[file, link])
        {
            if (refused)
            {
                SetupException problem = Assert.Throws<SetupException>(() =>
                    SignerOptions.ReadKeyFile(path, password: null, passwordFile: null)
                );
                Assert.Contains($"chmod 600 {path}", problem.Message, StringComparison.Ordinal);
                Assert.DoesNotContain("1111", problem.ToString(), StringComparison.Ordinal);
            }
            else
            {
                SignerOptions.ReadKeyFile(path, password: null, passwordFile: null);
            }
        }
    }
}
