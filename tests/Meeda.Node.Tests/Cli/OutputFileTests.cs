using Meeda.Hosting;
using Meeda.Node.Cli;
using Xunit;

namespace Meeda.Node.Tests.Cli;

public sealed class OutputFileTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Write_NewAndExistingFile_HasTheBytesAndLeavesNothingBeside()
    {
        string file = Path.Combine(_folder.Path, "out");
        await OutputFile.WriteAsync(file, new byte[] { 1, 2, 3 }, CancellationToken.None);
        await OutputFile.WriteAsync(file, new byte[] { 4 }, CancellationToken.None);
        Assert.Equal([4], await File.ReadAllBytesAsync(file));
        Assert.Equal([file], Directory.GetFileSystemEntries(_folder.Path));
    }

    [Fact]
    public async Task Write_SymbolicLink_IsRefusedAndItsTargetStays()
    {
        string target = Path.Combine(_folder.Path, "target");
        string link = Path.Combine(_folder.Path, "link");
        await File.WriteAllTextAsync(target, "mine");
        File.CreateSymbolicLink(link, target);
        await Assert.ThrowsAsync<SetupException>(() =>
            OutputFile.WriteAsync(link, new byte[] { 4 }, CancellationToken.None)
        );
        Assert.Equal("mine", await File.ReadAllTextAsync(target));
        File.Delete(target);
        await Assert.ThrowsAsync<SetupException>(() =>
            OutputFile.WriteAsync(link, new byte[] { 4 }, CancellationToken.None)
        ); // to nowhere
        Assert.False(File.Exists(target));
    }

    [Fact]
    public async Task Write_Stopped_LeavesTheOldFileWhole()
    {
        string file = Path.Combine(_folder.Path, "out");
        await File.WriteAllTextAsync(file, "old");
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() =>
            OutputFile.WriteAsync(file, new byte[] { 4 }, new CancellationToken(canceled: true))
        );
        Assert.Equal("old", await File.ReadAllTextAsync(file));
        Assert.Equal([file], Directory.GetFileSystemEntries(_folder.Path));
    }

    [Fact]
    public async Task Write_WhatIsNoFile_IsRefused()
    {
        foreach (
            string path in (string[])
                [
                    _folder.Path,
                    $"{_folder.Path}/",
                    "/dev/null",
                    "/dev/stdout",
                    Path.Combine(_folder.Path, "absent", "out"),
                    "",
                ]
        )
        {
            SetupException problem = await Assert.ThrowsAsync<SetupException>(() =>
                OutputFile.WriteAsync(path, new byte[] { 4 }, CancellationToken.None)
            );
            Assert.StartsWith("--output: ", problem.Message, StringComparison.Ordinal);
        }
    }
}
