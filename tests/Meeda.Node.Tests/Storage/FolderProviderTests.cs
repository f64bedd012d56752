using Meeda.Ethereum;
using Meeda.Kzg.Commitments;
using Meeda.Protocol.Batches;
using Meeda.Storage.Folders;
using Xunit;

namespace Meeda.Node.Tests.Storage;

public sealed class FolderProviderTests : IDisposable
{
    private static readonly BatchId Id = new(Keccak256.Hash("a batch"u8));

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Read_WhatWasWritten_IsGivenBackAfterReopening()
    {
        var provider = new FolderProvider(_folder.Path);
        await provider.WriteAsync(Id, 0, Pattern(1), CancellationToken.None);
        await provider.WriteAsync(Id, 12, Pattern(2), CancellationToken.None);

        var reopened = new FolderProvider(_folder.Path);
        Assert.Equal(Pattern(1), await ReadAsync(reopened, 0));
        Assert.Equal(Pattern(2), await ReadAsync(reopened, 12));
        Assert.Null(await ReadAsync(reopened, 1));
    }

    [Theory]
    [InlineData(-1)]
    [InlineData(1)]
    public async Task Read_FileOfAnotherLength_IsAbsent(int more)
    {
        var provider = new FolderProvider(_folder.Path);
        await provider.WriteAsync(Id, 0, Pattern(1), CancellationToken.None);
        using (FileStream file = File.OpenWrite(TheOnlyFile()))
        {
            file.SetLength(Blob.ByteLength + more);
        }

        Assert.Null(await ReadAsync(provider, 0));
    }

    [Fact]
    public async Task Sweep_LeftoversOfAnInterruptedWrite_AreSweptAndNothingElse()
    {
        using FolderProvider provider = new FolderProvider(_folder.Path).Open();
        await provider.WriteAsync(Id, 0, Pattern(1), CancellationToken.None);
        string row = TheOnlyFile();
        string spread = Path.GetDirectoryName(row)!;
        using var elsewhere = new TemporaryFolder();
        string guid = Guid.NewGuid().ToString("N");
        string name = Path.GetFileName(row);
        string[] ours = [$"{row}.{guid}.tmp", Path.Combine(_folder.Path, $"probe.{guid}.tmp")];
        string young = $"{row}.{Guid.NewGuid():N}.tmp";
        string[] others =
        [
            $"{row}.0123.tmp",
            $"{row}.{guid}.tmp2",
            $"{row}.{guid.ToUpperInvariant()}.tmp",
            Path.Combine(spread, "journal.tmp"),
            Path.Combine(_folder.Path, $"{name}.{guid}.tmp"),
            Path.Combine(_folder.Path, "mail.tmp"),
            Path.Combine(_folder.Path, "other-app", "data", "journal.tmp"),
            Path.Combine(_folder.Path, "other-app", $"{name}.{guid}.tmp"),
            Path.Combine(_folder.Path, "zz", $"{name}.{guid}.tmp"),
            Path.Combine(elsewhere.Path, $"{new string('a', 64)}.0.row.{guid}.tmp"),
            Path.Combine(elsewhere.Path, "linked"),
        ];
        foreach (string file in (string[])[.. ours, young, .. others])
        {
            Directory.CreateDirectory(Path.GetDirectoryName(file)!);
            await File.WriteAllTextAsync(file, "half a row");
            File.SetLastWriteTimeUtc(file, DateTime.UtcNow.AddHours(-2));
        }

        File.SetLastWriteTimeUtc(young, DateTime.UtcNow);
        Directory.CreateSymbolicLink(Path.Combine(_folder.Path, "aa"), elsewhere.Path);
        string link = $"{row}.{Guid.NewGuid():N}.tmp";
        File.CreateSymbolicLink(link, others[^1]);

        Assert.Equal(ours.Length, provider.Sweep(DateTimeOffset.UtcNow));

        Assert.All(ours, file => Assert.False(File.Exists(file)));
        Assert.All((string[])[young, link, .. others], file => Assert.True(File.Exists(file), file));
        Assert.NotNull(await ReadAsync(provider, 0));
        Assert.Equal(1, provider.Sweep(DateTimeOffset.UtcNow.AddHours(2))); // The young one has aged.
    }

    [Fact]
    public async Task Open_AnyFilesAreThere_DeletesNone()
    {
        string stray = Path.Combine(_folder.Path, "ab", $"{new string('a', 64)}.0.row.{Guid.NewGuid():N}.tmp");
        Directory.CreateDirectory(Path.GetDirectoryName(stray)!);
        await File.WriteAllTextAsync(stray, "half a row");
        File.SetLastWriteTimeUtc(stray, DateTime.UtcNow.AddDays(-2));
        new FolderProvider(_folder.Path).Open().Dispose();
        Assert.True(File.Exists(stray));
    }

    [Fact]
    public async Task Delete_RowsOfAnotherPolicy_AreDeletedAndNothingElse()
    {
        using var provider = new FolderProvider(_folder.Path);
        foreach (int row in (int[])[0, 5, 66_000])
        {
            await provider.WriteAsync(Id, row, Pattern(row), CancellationToken.None);
        }

        string spread = Path.Combine(_folder.Path, Id.ToString()[2..4]);
        string[] others =
        [
            Path.Combine(spread, $"{Id.ToString()[2..]}.x.row"),
            Path.Combine(spread, $"{Id.ToString()[2..]}.0.row.bak"),
            Path.Combine(spread, $"{Id.ToString()[2..4]}.0.row"),
        ];
        foreach (string other in others)
        {
            await File.WriteAllTextAsync(other, "another program's");
        }

        await provider.DeleteAsync(Id, 1, CancellationToken.None);
        Assert.Equal(others.Order(StringComparer.Ordinal), Directory.GetFiles(spread).Order(StringComparer.Ordinal));
        await provider.DeleteAsync(new BatchId(Keccak256.Hash("another"u8)), 1, CancellationToken.None);
    }

    [Fact]
    public async Task Probe_FolderTakesRows_LeavesNothing_AndThrowsWhereItDoesNot()
    {
        using FolderProvider provider = new FolderProvider(Path.Combine(_folder.Path, "a")).Open();
        Assert.True(await provider.ProbeAsync(CancellationToken.None));
        Assert.Empty(Directory.GetFileSystemEntries(Path.Combine(_folder.Path, "a")));
        Directory.Delete(Path.Combine(_folder.Path, "a"));
        await Assert.ThrowsAnyAsync<IOException>(() => provider.ProbeAsync(CancellationToken.None));
    }

    [Fact]
    public async Task Write_FolderIsAFile_ThrowsIOExceptionAndLeavesNothing()
    {
        var provider = new FolderProvider(_folder.Path);
        string inTheWay = Path.Combine(_folder.Path, Id.ToString()[2..4]);
        await File.WriteAllTextAsync(inTheWay, "");
        await Assert.ThrowsAnyAsync<IOException>(() => provider.WriteAsync(Id, 0, Pattern(1), CancellationToken.None));
        Assert.Equal(inTheWay, TheOnlyFile());
    }

    [Fact]
    public async Task Write_FolderWasDeletedMeanwhile_MakesItAnew()
    {
        var provider = new FolderProvider(Path.Combine(_folder.Path, "a", "b")).Open();
        Directory.Delete(Path.Combine(_folder.Path, "a"), recursive: true);
        await provider.WriteAsync(Id, 0, Pattern(1), CancellationToken.None);
        Assert.Equal(Pattern(1), await ReadAsync(provider, 0));
    }

    private static byte[] Pattern(int seed) =>
        [.. Enumerable.Range(0, Blob.ByteLength).Select(i => (byte)((i + seed) % 251))];

    private static async Task<byte[]?> ReadAsync(FolderProvider provider, int row)
    {
        var blob = new byte[Blob.ByteLength];
        return await provider.ReadAsync(Id, row, blob, CancellationToken.None) ? blob : null;
    }

    private string TheOnlyFile() => Directory.EnumerateFiles(_folder.Path, "*", SearchOption.AllDirectories).Single();
}
