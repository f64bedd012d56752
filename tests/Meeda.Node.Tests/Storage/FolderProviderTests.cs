using Meeda.Ethereum;
using Meeda.Kzg.Commitments;
using Meeda.Node.Storage;
using Meeda.Protocol.Batches;
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
    public async Task Open_LeftoversOfAnInterruptedWrite_AreSweptAndNothingElse()
    {
        var provider = new FolderProvider(_folder.Path);
        await provider.WriteAsync(Id, 0, Pattern(1), CancellationToken.None);
        string stray = TheOnlyFile() + ".0123.tmp";
        await File.WriteAllTextAsync(stray, "half a row");

        var reopened = new FolderProvider(_folder.Path);
        Assert.False(File.Exists(stray));
        Assert.NotNull(await ReadAsync(reopened, 0));
    }

    [Fact]
    public async Task Write_FolderIsAFile_ThrowsIOExceptionAndLeavesNothing()
    {
        var provider = new FolderProvider(_folder.Path);
        string inTheWay = System.IO.Path.Combine(_folder.Path, Id.ToString()[2..4]);
        await File.WriteAllTextAsync(inTheWay, "");
        await Assert.ThrowsAnyAsync<IOException>(() => provider.WriteAsync(Id, 0, Pattern(1), CancellationToken.None));
        Assert.Equal(inTheWay, TheOnlyFile());
    }

    [Fact]
    public async Task Write_FolderWasDeletedMeanwhile_MakesItAnew()
    {
        var provider = new FolderProvider(System.IO.Path.Combine(_folder.Path, "a", "b"));
        Directory.Delete(System.IO.Path.Combine(_folder.Path, "a"), recursive: true);
        await provider.WriteAsync(Id, 0, Pattern(1), CancellationToken.None);
        Assert.Equal(Pattern(1), await ReadAsync(provider, 0));
    }

    private static byte[] Pattern(int seed) => [.. Enumerable.Range(0, Blob.ByteLength).Select(i => (byte)((i + seed) % 251))];

    private static async Task<byte[]?> ReadAsync(FolderProvider provider, int row)
    {
        var blob = new byte[Blob.ByteLength];
        return await provider.ReadAsync(Id, row, blob, CancellationToken.None) ? blob : null;
    }

    private string TheOnlyFile() => Directory.EnumerateFiles(_folder.Path, "*", SearchOption.AllDirectories).Single();
}
