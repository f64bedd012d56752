using System.Net;
using System.Net.Http.Headers;
using System.Security.Cryptography;
using Meeda.Chain.Index;
using Meeda.Ethereum;
using Meeda.Kzg.Commitments;
using Meeda.Node.Tests.Http;
using Meeda.Operator.L1;
using Meeda.Operator.Persistence;
using Meeda.Operator.Tenants;
using Meeda.Protocol.Anchors;
using Meeda.Protocol.Batches;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace Meeda.Node.Tests.Tenants;

/// <summary>What a tenant costs is bounded by its quota: rows on disk, blobs anchored, renewals, reads; and who may
/// renew what.</summary>
public sealed class TenantCostsTests : IAsyncLifetime
{
    // One data row, and two parity rows so that two of six providers may be lost.
    private const long DiskOfOneBlob = 3 * Blob.ByteLength;

    private readonly OperatorFixture _node = new();
    private int _made;

    private TenantKeys Keys => _node.Services.GetRequiredService<TenantKeys>();

    public Task InitializeAsync() => _node.InitializeAsync();

    public Task DisposeAsync() => _node.DisposeAsync();

    [Fact]
    public async Task Puts_OfFewBytes_CountTheRowsThatTheyTake()
    {
        string key = await MakeAsync(new TenantQuota(1_000, 0, 8) { Disk = 2 * DiskOfOneBlob });
        await PutAsync(key, [1, 2], HttpStatusCode.OK);
        await PutAsync(key, [3, 4], HttpStatusCode.OK);
        await PutAsync(key, [5, 6], HttpStatusCode.TooManyRequests);
        await PutAsync(key, [1, 2], HttpStatusCode.OK); // what is stored already costs nothing
        Assert.Equal((2 * DiskOfOneBlob, 2), await UsedAsync(usage => (usage.Disk, (int)usage.Blobs)));
    }

    [Fact]
    public async Task Puts_BeyondTheBlobs_AreRefused_WhateverTheirBytes()
    {
        string key = await MakeAsync(new TenantQuota(0, 0, 8) { Blobs = 3 });
        await PutAsync(key, RandomNumberGenerator.GetBytes(200_000), HttpStatusCode.OK); // two
        await PutAsync(key, RandomNumberGenerator.GetBytes(200_000), HttpStatusCode.TooManyRequests);
        await PutAsync(key, [1], HttpStatusCode.OK);
        await PutAsync(key, [2], HttpStatusCode.TooManyRequests);
        Assert.Equal(3, await UsedAsync(usage => usage.Blobs));
    }

    [Fact]
    public async Task Reads_BeyondTheQuota_AreRefused()
    {
        string key = await MakeAsync(new TenantQuota(0, 0, 8) { Reads = 2_500 });
        byte[] commitment = await PutAsync(key, RandomNumberGenerator.GetBytes(1_000), HttpStatusCode.OK);
        string path = $"get/{Convert.ToHexStringLower(commitment)}";
        Assert.Equal(HttpStatusCode.OK, await SendAsync(HttpMethod.Get, path, key));
        Assert.Equal(HttpStatusCode.OK, await SendAsync(HttpMethod.Get, path, key));
        Assert.Equal(HttpStatusCode.TooManyRequests, await SendAsync(HttpMethod.Get, path, key));
        Assert.Equal(2_000, await UsedAsync(usage => usage.Reads));
    }

    [Fact]
    public async Task Renewals_AreForTheOwner_AndCount()
    {
        string owner = await MakeAsync(new TenantQuota(0, 0, 8) { Renewals = 1 });
        string other = await MakeAsync(new TenantQuota(0, 0, 8));
        string admin = await MakeAsync(new TenantQuota(0, 0, 8), TenantScopes.Admin);
        byte[] commitment = await PutAsync(owner, [1], HttpStatusCode.OK);
        var id = new BatchId(Bytes32.FromBytes(commitment.AsSpan(3)));
        string path = $"batches/{id}/renew";

        // An anchor is owed already: nothing is renewed, and nothing counted.
        Assert.Equal(HttpStatusCode.OK, await SendAsync(HttpMethod.Post, path, owner));
        Assert.Equal(HttpStatusCode.Forbidden, await SendAsync(HttpMethod.Post, path, other));
        Assert.Equal(0, await UsedAsync(usage => usage.Renewals));

        await AnchorAsync(id, 0);
        Assert.Equal(HttpStatusCode.Forbidden, await SendAsync(HttpMethod.Post, path, other));
        Assert.Equal(HttpStatusCode.OK, await SendAsync(HttpMethod.Post, path, owner));
        Assert.Equal((1, 2), await UsedAsync(usage => ((int)usage.Renewals, (int)usage.Blobs)));

        await AnchorAsync(id, 1);
        Assert.Equal(HttpStatusCode.TooManyRequests, await SendAsync(HttpMethod.Post, path, owner));
        Assert.Equal(HttpStatusCode.OK, await SendAsync(HttpMethod.Post, path, admin));
    }

    [Fact]
    public void Quotas_SayWhatIsUsedUp_AndNothingIsWhereNothingIsUsed()
    {
        var quota = new TenantQuota(10, 0, 8)
        {
            Disk = 20,
            Blobs = 30,
            Renewals = 40,
            Reads = 50,
        };
        var full = new TenantUsage(1, 10)
        {
            Disk = 20,
            Blobs = 30,
            Renewals = 40,
            Reads = 50,
        };
        Assert.Null(quota.Exceeded(TenantUsage.None, full));
        Assert.Null(quota.Exceeded(full, new TenantUsage(1, 0)));
        Assert.Equal("10 bytes", quota.Exceeded(full, new TenantUsage(0, 1)));
        Assert.Equal("20 bytes on disk", quota.Exceeded(full, new TenantUsage(0, 0) { Disk = 1 }));
        Assert.Equal("30 blobs", quota.Exceeded(full, new TenantUsage(0, 0) { Blobs = 1 }));
        Assert.Equal("40 renewals", quota.Exceeded(full, new TenantUsage(0, 0) { Renewals = 1 }));
        Assert.Equal("50 bytes for reading", quota.Exceeded(full, new TenantUsage(0, 0) { Reads = 1 }));
        Assert.Null(new TenantQuota(0, 0, 8).Exceeded(full, full));
        Assert.Equal(TenantUsage.None, full.Plus(full, factor: -1));
    }

    private async Task<string> MakeAsync(
        TenantQuota quota,
        TenantScopes scopes = TenantScopes.Read | TenantScopes.Write
    ) =>
        (
            await Keys.MakeAsync($"tenant {_made++}", scopes, quota, DateTimeOffset.UnixEpoch, CancellationToken.None)
        ).Key;

    /// <summary>What the first tenant used.</summary>
    private async Task<T> UsedAsync<T>(Func<TenantUsage, T> what) =>
        what((await Keys.ListAsync(CancellationToken.None))[0].Usage);

    private async Task<byte[]> PutAsync(string key, byte[] payload, HttpStatusCode expected)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, new Uri("put", UriKind.Relative))
        {
            Content = new ByteArrayContent(payload),
        };
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", key);
        using HttpResponseMessage answer = await _node.Http.SendAsync(request);
        Assert.Equal(expected, answer.StatusCode);
        return await answer.Content.ReadAsByteArrayAsync();
    }

    private async Task<HttpStatusCode> SendAsync(HttpMethod method, string path, string key)
    {
        using var request = new HttpRequestMessage(method, new Uri(path, UriKind.Relative));
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", key);
        if (method == HttpMethod.Post)
        {
            request.Content = new ByteArrayContent([]);
        }

        using HttpResponseMessage answer = await _node.Http.SendAsync(request);
        return answer.StatusCode;
    }

    /// <summary>Writes an anchor of a batch of one blob into the ledger, as if it had been read from L1; late enough
    /// for any promise.</summary>
    private async Task AnchorAsync(BatchId id, uint index)
    {
        var ledger = _node.Services.GetRequiredService<Ledger>();
        StoredBatch batch = (await ledger.FindBatchAsync(id, default))!;
        ulong block = 1_000 * (index + 1);
        await ledger.SettleAsync((long)block, block, default);
        await ledger.AdvanceAsync(
            new BlockPoint(block, Keccak256.Hash([(byte)index])),
            [
                new AnchorEvent(
                    new Anchor(
                        index,
                        AnchorRoots.Of(batch.Commitments, [batch.Id]).Root,
                        index,
                        1,
                        block,
                        block + 1_000
                    ),
                    Bytes32.Zero,
                    batch.Commitments,
                    [new AnchoredBatch(id, index, index, 1)]
                ),
            ],
            [],
            default,
            _node.Services.GetRequiredService<OperatorAccount>().Address
        );
    }
}
