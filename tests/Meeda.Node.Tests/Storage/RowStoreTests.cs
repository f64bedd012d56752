using Meeda.Ethereum;
using Meeda.Kzg.Commitments;
using Meeda.Node.Storage;
using Meeda.Protocol.Batches;
using Xunit;

namespace Meeda.Node.Tests.Storage;

public sealed class RowStoreTests : IDisposable
{
    private static readonly BatchId Id = new(Keccak256.Hash("a batch"u8));

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Read_WhatWasWritten_IsGivenBackWholeAndRowByRow()
    {
        byte[] blobs = Pattern(2);
        var store = new RowStore(_folder.Path);
        await store.WriteAsync(Id, blobs, CancellationToken.None);

        var reopened = new RowStore(_folder.Path);
        var row = new byte[Blob.ByteLength];
        Assert.Equal(blobs, await reopened.ReadAsync(Id, 2, CancellationToken.None));
        Assert.True(await reopened.ReadRowAsync(Id, 1, row, CancellationToken.None));
        Assert.Equal(blobs[Blob.ByteLength..], row);
    }

    [Fact]
    public async Task Read_NeverWritten_IsNull() =>
        Assert.Null(await new RowStore(_folder.Path).ReadAsync(Id, 1, CancellationToken.None));

    [Fact]
    public async Task Read_FileCutShort_IsNull()
    {
        var store = new RowStore(_folder.Path);
        await store.WriteAsync(Id, Pattern(2), CancellationToken.None);
        using (FileStream file = File.OpenWrite(TheOnlyFile()))
        {
            file.SetLength((2 * Blob.ByteLength) - 1);
        }

        Assert.Null(await store.ReadAsync(Id, 2, CancellationToken.None));
    }

    [Fact]
    public async Task Open_LeftoversOfAnInterruptedWrite_AreSweptAndNothingElse()
    {
        var store = new RowStore(_folder.Path);
        await store.WriteAsync(Id, Pattern(1), CancellationToken.None);
        string stray = TheOnlyFile() + ".0123.tmp";
        await File.WriteAllTextAsync(stray, "half a batch");

        var reopened = new RowStore(_folder.Path);
        Assert.False(File.Exists(stray));
        Assert.NotNull(await reopened.ReadAsync(Id, 1, CancellationToken.None));
    }

    [Fact]
    public async Task Write_FolderIsAFile_ThrowsIOExceptionAndLeavesNothing()
    {
        var store = new RowStore(_folder.Path);
        string inTheWay = System.IO.Path.Combine(_folder.Path, "rows", Id.ToString()[2..4]);
        await File.WriteAllTextAsync(inTheWay, "");
        await Assert.ThrowsAnyAsync<IOException>(() => store.WriteAsync(Id, Pattern(1), CancellationToken.None));
        Assert.Equal(inTheWay, TheOnlyFile());
    }

    private static byte[] Pattern(int blobs) => [.. Enumerable.Range(0, blobs * Blob.ByteLength).Select(i => (byte)(i % 251))];

    private string TheOnlyFile() => Directory.EnumerateFiles(_folder.Path, "*", SearchOption.AllDirectories).Single();
}
