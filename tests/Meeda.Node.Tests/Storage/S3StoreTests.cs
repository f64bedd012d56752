using System.Security.Cryptography;
using Amazon.Runtime;
using Amazon.S3;
using Amazon.S3.Model;
using Meeda.Ethereum;
using Meeda.Kzg.Commitments;
using Meeda.Operator.Persistence;
using Meeda.Protocol.Batches;
using Meeda.Storage;
using Meeda.Storage.Buckets;
using Meeda.Testing;
using Xunit;

namespace Meeda.Node.Tests.Storage;

/// <summary>The S3 store against a real Ceph gateway. One for all of these tests: it takes a while to start.</summary>
public sealed class S3StoreTests(S3StoreTests.Gateway gateway) : IClassFixture<S3StoreTests.Gateway>, IDisposable
{
    private readonly string _bucket = $"b{Guid.NewGuid():N}";
    private readonly List<IDisposable> _opened = [];

    public void Dispose() => _opened.ForEach(store => store.Dispose());

    [SkippableFact]
    public async Task Put_IntoABucketThatIsNotThere_MakesItAndReadsBackByRanges()
    {
        S3Store store = await OpenAsync();
        byte[] content = RandomNumberGenerator.GetBytes(100_000);
        await store.PutAsync("a", content, CancellationToken.None);
        Assert.True(await store.IsConfirmedAsync("a", CancellationToken.None));
        Assert.Equal(content, await ReadAsync(store, "a", 0, content.Length));
        Assert.Equal(content[99_999..], await ReadAsync(store, "a", 99_999, 1));
        Assert.Equal(content[777..5777], await ReadAsync(store, "a", 777, 5000));
    }

    [SkippableFact]
    public async Task Read_WhatIsAbsentOrTooShort_IsFalse()
    {
        S3Store store = await OpenAsync();
        Assert.Null(await ReadAsync(store, "a", 0, 1));
        Assert.False(await store.IsConfirmedAsync("a", CancellationToken.None));
        await store.PutAsync("a", new byte[10], CancellationToken.None);
        Assert.Null(await ReadAsync(store, "a", 0, 11));
        Assert.Null(await ReadAsync(store, "a", 9, 2));
        Assert.Null(await ReadAsync(store, "a", 10, 1));
        Assert.Null(await ReadAsync(store, "b", 0, 1));
        Assert.False(await store.IsConfirmedAsync("b", CancellationToken.None));
    }

    [SkippableFact]
    public async Task Delete_WhetherThereOrNot_LeavesNothing()
    {
        S3Store store = await OpenAsync();
        await store.DeleteAsync("a", CancellationToken.None);
        await store.PutAsync("a", new byte[10], CancellationToken.None);
        await store.DeleteAsync("a", CancellationToken.None);
        await store.DeleteAsync("a", CancellationToken.None);
        Assert.False(await store.IsConfirmedAsync("a", CancellationToken.None));
    }

    [SkippableFact]
    public async Task Put_TheSameAgain_LeavesTheObjectAlone()
    {
        S3Store store = await OpenAsync();
        byte[] content = RandomNumberGenerator.GetBytes(1000);
        await store.PutAsync("a", content, CancellationToken.None);
        DateTime? made = (await gateway.Client.GetObjectMetadataAsync(_bucket, "a")).LastModified;
        await store.PutAsync("a", content, CancellationToken.None);
        Assert.Equal(made, (await gateway.Client.GetObjectMetadataAsync(_bucket, "a")).LastModified);
        Assert.Equal(content, await ReadAsync(store, "a", 0, 1000));
    }

    [SkippableTheory]
    [InlineData(1000)]
    [InlineData(0)]
    [InlineData(999)]
    public async Task Put_WhereOtherContentIs_ReplacesIt(int length)
    {
        S3Store store = await OpenAsync();
        await gateway.Client.PutBucketAsync(_bucket);
        using var other = new MemoryStream(RandomNumberGenerator.GetBytes(length));
        await gateway.Client.PutObjectAsync(
            new PutObjectRequest
            {
                BucketName = _bucket,
                Key = "a",
                InputStream = other,
                UseChunkEncoding = false,
            }
        );
        byte[] content = RandomNumberGenerator.GetBytes(1000);
        await store.PutAsync("a", content, CancellationToken.None);
        Assert.Equal(content, await ReadAsync(store, "a", 0, 1000));
    }

    [SkippableFact]
    public async Task Upload_WhereTheNameIsTaken_IsRefusedByTheServer()
    {
        await OpenAsync();
        await gateway.Client.PutBucketAsync(_bucket);
        Assert.True(
            await new S3Upload(gateway.Client, _bucket, "a", new byte[] { 1 }, 10, 1).TryCreateAsync(
                CancellationToken.None
            )
        );
        Assert.False(
            await new S3Upload(gateway.Client, _bucket, "a", new byte[] { 2 }, 10, 1).TryCreateAsync(
                CancellationToken.None
            )
        );
    }

    [SkippableTheory]
    [InlineData(S3Store.PartBytes + 1)]
    [InlineData((2 * S3Store.PartBytes) + 12345)]
    public async Task Put_LongerThanAPart_GoesUpInParts(int length)
    {
        S3Store store = await OpenAsync();
        byte[] content = RandomNumberGenerator.GetBytes(length);
        await store.PutAsync("long", content, CancellationToken.None);
        Assert.EndsWith(
            $"-{(length + S3Store.PartBytes - 1) / S3Store.PartBytes}\"",
            (await gateway.Client.GetObjectMetadataAsync(_bucket, "long")).ETag,
            StringComparison.Ordinal
        );
        Assert.Equal(content, await ReadAsync(store, "long", 0, length));
        Assert.Equal(
            content[(S3Store.PartBytes - 5)..S3Store.PartBytes],
            await ReadAsync(store, "long", S3Store.PartBytes - 5, 5)
        );
        await store.PutAsync("long", content, CancellationToken.None);
        Assert.Empty((await gateway.Client.ListMultipartUploadsAsync(_bucket)).MultipartUploads ?? []);
    }

    [SkippableFact]
    public async Task Rows_OfManyBatches_ShareAnObjectAndGoWithTheLast()
    {
        S3Store store = await OpenAsync();
        using var folder = new TemporaryFolder();
        await using Ledger ledger = await SqliteLedger.OpenLeadingAsync(folder.Path);
        using var provider = new PackedProvider(store, ledger);
        byte[][] rows = [.. Enumerable.Range(0, 150).Select(_ => RandomNumberGenerator.GetBytes(Blob.ByteLength))];
        for (int i = 0; i < rows.Length; i++)
        {
            await provider.WriteAsync(Batch(i % 30), i / 30, rows[i], CancellationToken.None);
        }

        await provider.FlushAsync(CancellationToken.None);
        Assert.Equal(2, (await ListAsync()).Count); // 128 rows fill one.
        var blob = new byte[Blob.ByteLength];
        for (int i = 0; i < rows.Length; i++)
        {
            Assert.True(await provider.ReadAsync(Batch(i % 30), i / 30, blob, CancellationToken.None));
            Assert.Equal(rows[i], blob);
        }

        Assert.Equal(2, await provider.RunAsync(CancellationToken.None)); // S3 has confirmed what it has.
        for (int i = 0; i < 30; i++)
        {
            await provider.DeleteAsync(Batch(i), 5, CancellationToken.None);
        }

        await provider.RunAsync(CancellationToken.None);
        Assert.Empty(await ListAsync());

        static BatchId Batch(int number) => new(Bytes32.FromBytes([.. new byte[31], (byte)number]));
    }

    [SkippableFact]
    public async Task Store_WithAPrefix_KeepsToIt()
    {
        S3Store store = await OpenAsync("meeda/one");
        S3Store other = await OpenAsync("meeda/two");
        await store.PutAsync("a", new byte[] { 1 }, CancellationToken.None);
        Assert.False(await other.IsConfirmedAsync("a", CancellationToken.None));
        Assert.Equal("meeda/one/a", Assert.Single(await ListAsync()).Key);
        Assert.Equal($"s3:{gateway.Url.Authority}/{_bucket}/meeda/one", store.Name);
    }

    [SkippableTheory]
    [InlineData(CephGateway.AccessKey, "not-the-secret")]
    [InlineData("NOSUCHACCESSKEY", "not-the-secret")]
    public async Task Calls_WithWrongCredentials_SayWhereAndNotWhatTheyAre(string key, string secret)
    {
        await OpenAsync();
        await gateway.Client.PutBucketAsync(_bucket);
        S3Store store = Open(new BasicAWSCredentials(key, secret));
        Func<Task>[] calls =
        [
            () => store.PutAsync("a", new byte[10], CancellationToken.None),
            () => store.ReadAsync("a", 0, new byte[10], CancellationToken.None),
            () => store.IsConfirmedAsync("a", CancellationToken.None),
            () => store.DeleteAsync("a", CancellationToken.None),
        ];
        foreach (Func<Task> call in calls)
        {
            IOException refused = await Assert.ThrowsAsync<IOException>(call);
            Assert.StartsWith(store.Name, refused.Message, StringComparison.Ordinal);
            Assert.Contains("status 403", refused.Message, StringComparison.Ordinal);
            Assert.DoesNotContain(key, refused.ToString(), StringComparison.Ordinal);
            Assert.DoesNotContain(secret, refused.ToString(), StringComparison.Ordinal);
        }
    }

    [SkippableFact]
    public async Task Calls_WhileTheServerIsDown_FailAndGoOnAfterwards()
    {
        S3Store store = await OpenAsync();
        byte[] content = RandomNumberGenerator.GetBytes(2 * S3Store.PartBytes);
        await store.PutAsync("a", content, CancellationToken.None);
        Task put = store.PutAsync("b", content, CancellationToken.None);
        await gateway.Ceph.StopAsync();
        try
        {
            // The put may have been in progress or completed before the stop: then its check or the next call fails.
            await Assert.ThrowsAsync<IOException>(async () =>
            {
                await put;
                await store.PutAsync("c", content, CancellationToken.None);
            });
            IOException[] down = await Task.WhenAll(
                Assert.ThrowsAsync<IOException>(() => ReadAsync(store, "a", 0, 10)),
                Assert.ThrowsAsync<IOException>(() => store.IsConfirmedAsync("a", CancellationToken.None)),
                Assert.ThrowsAsync<IOException>(() => store.DeleteAsync("a", CancellationToken.None))
            );
            Assert.All(
                down,
                failure => Assert.StartsWith($"{store.Name}: ", failure.Message, StringComparison.Ordinal)
            );
        }
        finally
        {
            await gateway.Ceph.ContinueAsync();
        }

        await store.PutAsync("b", content, CancellationToken.None);
        Assert.Equal(content, await ReadAsync(store, "b", 0, content.Length));
        Assert.Equal(content[..10], await ReadAsync(store, "a", 0, 10));
    }

    private async Task<List<S3Object>> ListAsync() =>
        (await gateway.Client.ListObjectsV2Async(new ListObjectsV2Request { BucketName = _bucket })).S3Objects ?? [];

    private static async Task<byte[]?> ReadAsync(S3Store store, string name, long offset, int length)
    {
        byte[] content = new byte[length];
        return await store.ReadAsync(name, offset, content, CancellationToken.None) ? content : null;
    }

    private async Task<S3Store> OpenAsync(string prefix = "")
    {
        await gateway.StartAsync();
        return Open(Gateway.Credentials, prefix);
    }

    private S3Store Open(AWSCredentials credentials, string prefix = "")
    {
        Assert.True(StorageOptions.TryReadS3($"s3+{gateway.Url}{_bucket}/{prefix}", out S3Place place));
        var store = new S3Store(
            new AmazonS3Client(credentials, S3Client.Configure(place.Endpoint, "us-east-1")),
            place,
            TimeSpan.FromMinutes(1)
        );
        _opened.Add(store);
        return store;
    }

    /// <summary>Started by the first test that needs it, so that it can be skipped there.</summary>
    public sealed class Gateway : IAsyncLifetime
    {
        private Task<CephGateway>? _starting;
        private CephGateway? _ceph;

        public static AWSCredentials Credentials { get; } =
            new BasicAWSCredentials(CephGateway.AccessKey, CephGateway.SecretKey);

        public CephGateway Ceph => _ceph!;

        public Uri Url => _ceph!.Url;

        /// <summary>Inspects what the store did, and does what the store never does.</summary>
        public AmazonS3Client Client { get; private set; } = null!;

        public async Task StartAsync()
        {
            _starting ??= CephGateway.StartAsync();
            if (_ceph is null)
            {
                _ceph = await _starting;
                Client = new AmazonS3Client(Credentials, S3Client.Configure(_ceph.Url, "us-east-1"));
            }
        }

        public Task InitializeAsync() => Task.CompletedTask;

        public async Task DisposeAsync()
        {
            if (_ceph is not null)
            {
                Client.Dispose();
                await _ceph.DisposeAsync();
            }
        }
    }
}
