using System.Security.Cryptography;
using Meeda.Testing;
using Xunit;

namespace Meeda.Mefs.Tests;

/// <summary>The client against a fake node over real HTTP.</summary>
public sealed class MefsClientTests : IAsyncLifetime
{
    private const string Bucket = "rows";

    private readonly HttpClientHandler _handler = new();
    private FakeMefsNode _node = null!;
    private HttpClient _http = null!;
    private MefsClient _client = null!;

    public async Task InitializeAsync()
    {
        _node = await FakeMefsNode.StartAsync();
        _http = Connect();
        _client = new MefsClient(_http, FakeMefsNode.Token, TimeProvider.System);
        await _client.CreateBucketAsync(Bucket, BucketOptions.Replicas(3), CancellationToken.None);
    }

    public async Task DisposeAsync()
    {
        _http.Dispose();
        _handler.Dispose();
        await _node.DisposeAsync();
    }

    [Theory]
    [InlineData(1)]
    [InlineData(253952)]
    [InlineData(253953)]
    [InlineData(3_000_000)]
    public async Task Put_AnyLength_ComesBackWholeAndInParts(int length)
    {
        byte[] content = RandomNumberGenerator.GetBytes(length);
        ObjectInfo stored = await PutAsync("a", content);

        Assert.Equal(ContentId.Compute(content), stored.ContentId);
        Assert.Equal(content, await GetAsync("a", content));
        Assert.Equal(
            content[(length / 2)..],
            await _client.GetRangeAsync(Bucket, "a", length / 2, length - (length / 2), CancellationToken.None)
        );
        Assert.Equal(stored, await _client.HeadAsync(Bucket, "a", CancellationToken.None));
    }

    [Fact]
    public async Task Bucket_UntilItIsConfirmed_TakesNoPuts()
    {
        _node.LooksUntilBucketConfirmed = 2;
        BucketInfo created = await _client.CreateBucketAsync("slow", BucketOptions.Default, CancellationToken.None);
        Assert.False(created.Confirmed);
        using var content = new MemoryStream([1]);
        await AssertErrorAsync(
            MefsError.BucketConfirming,
            () => _client.PutAsync("slow", "a", content, CancellationToken.None)
        );
        Assert.True(
            (await _client.WaitForBucketAsync("slow", TimeSpan.FromMilliseconds(1), CancellationToken.None)).Confirmed
        );
        using var again = new MemoryStream([1]);
        await _client.PutAsync("slow", "a", again, CancellationToken.None);
    }

    [Fact]
    public async Task State_AfterAPut_GoesFromSentToConfirmed()
    {
        _node.LooksUntilObjectConfirmed = 1;
        Assert.False((await PutAsync("a", [1, 2, 3])).State.IsConfirmed);
        Assert.Equal(
            new ObjectState(10, 10, 0, 0),
            (await _client.HeadAsync(Bucket, "a", CancellationToken.None)).State
        );
        Assert.True((await _client.HeadAsync(Bucket, "a", CancellationToken.None)).State.IsConfirmed);
    }

    [Fact]
    public async Task State_WhileTheChainDoesNotConfirm_IsSentAndNotConfirmed()
    {
        _node.Confirms = false;
        await PutAsync("a", [1, 2, 3]);
        ObjectState sent = (await _client.HeadAsync(Bucket, "a", CancellationToken.None)).State;
        Assert.Equal(new ObjectState(10, 10, 10, 0), sent);
        Assert.False(sent.IsConfirmed);
        _node.Confirms = true;
        Assert.True((await _client.HeadAsync(Bucket, "a", CancellationToken.None)).State.IsConfirmed);
    }

    [Theory]
    [InlineData("total: 3, dispatch: 2, sent: 1, confirm: 0", true)]
    [InlineData("total: 9223372036854775807, dispatch: 0, sent: 0, confirm: 0", true)]
    [InlineData("total: 9223372036854775808, dispatch: 0, sent: 0, confirm: 0", false)]
    [InlineData("total: 3, dispatch: 2, sent: 1", false)]
    [InlineData("total: -1, dispatch: 2, sent: 1, confirm: 0", false)]
    [InlineData("", false)]
    public void State_InTheNodesWordsOnly_IsRead(string words, bool expected) =>
        Assert.Equal(expected, ObjectState.TryParse(words, out _));

    [Fact]
    public async Task Buckets_AreListedByPrefixWithTheirOptions()
    {
        await _client.CreateBucketAsync("archive", BucketOptions.ReedSolomon(3, 2), CancellationToken.None);
        await PutAsync("a", [1, 2, 3]);
        Assert.Equal(
            [
                new BucketInfo(Bucket, Confirmed: true, 3, 0, BucketOptions.Replicas(3)),
                new BucketInfo("archive", Confirmed: true, 0, 0, new BucketOptions(1, 3, 2)),
            ],
            await _client.ListBucketsAsync("", CancellationToken.None)
        );
        Assert.Equal("archive", Assert.Single(await _client.ListBucketsAsync("arch", CancellationToken.None)).Name);
        Assert.Empty(await _client.ListBucketsAsync("none", CancellationToken.None));
    }

    [Fact]
    public void Options_WithinTheNodesLimits_AreTaken()
    {
        Assert.Equal(BucketOptions.Replicas(4), BucketOptions.ReedSolomon(1, 3)); // as the node stores it
        Assert.Equal(new BucketOptions(1, 5, 5), BucketOptions.Default);
        Assert.Equal(128, BucketOptions.ReedSolomon(127, 1).DataCount + 1);
        Assert.Equal(2_539_520, BucketOptions.Default.OccupiedBytes(1));
        Assert.Equal(3 * 253_952, BucketOptions.Replicas(3).OccupiedBytes(253_952));
    }

    [Theory]
    [InlineData(0, 1)]
    [InlineData(1, 0)]
    [InlineData(128, 1)]
    [InlineData(1, 16)]
    [InlineData(int.MaxValue, int.MaxValue)]
    public void Options_BeyondTheNodesLimits_AreRefused(int data, int parity) =>
        Assert.Throws<ArgumentOutOfRangeException>(() => BucketOptions.ReedSolomon(data, parity));

    [Fact]
    public async Task Get_OfWhatTheNodeDamagedCutOrLost_IsAnErrorNeverData()
    {
        byte[] content = RandomNumberGenerator.GetBytes(1000);
        await PutAsync("corrupt", content);
        await PutAsync("cut", content);
        await PutAsync("lost", content);
        _node.Corrupt(Bucket, "corrupt");
        _node.Truncate(Bucket, "cut", 1);
        _node.Lose(Bucket, "lost");
        await AssertErrorAsync(MefsError.WrongContent, () => GetAsync("corrupt", content));
        await AssertErrorAsync(MefsError.WrongContent, () => GetAsync("cut", content));
        await AssertErrorAsync(
            MefsError.OutOfRange,
            () => _client.GetRangeAsync(Bucket, "cut", 500, 500, CancellationToken.None)
        );
        await AssertErrorAsync(MefsError.ObjectAbsent, () => GetAsync("lost", content));
        Assert.NotEqual(
            ContentId.Compute(content),
            (await _client.HeadAsync(Bucket, "corrupt", CancellationToken.None)).ContentId
        );
    }

    [Fact]
    public async Task Put_OfNothing_IsRefusedAndSaysWhy() =>
        await AssertErrorAsync(MefsError.EmptyObject, () => PutAsync("a", []));

    [Fact]
    public async Task Calls_ManyAtOnce_ShareFewConnections()
    {
        byte[][] contents = [.. Enumerable.Range(0, 40).Select(i => RandomNumberGenerator.GetBytes(10_000 + i))];
        await Task.WhenAll(contents.Select((content, i) => PutAsync($"o{i}", content)));
        int before = _node.Connections;
        for (int i = 0; i < contents.Length; i++)
        {
            Assert.Equal(contents[i], await GetAsync($"o{i}", contents[i]));
        }

        Assert.Equal(before, _node.Connections); // The pool's are used again.
    }

    [Fact]
    public async Task List_ByPrefixAndMarker_GivesThePages()
    {
        foreach (string name in new[] { "b/1", "b/2", "c/1" })
        {
            await PutAsync(name, [1]);
        }

        ObjectPage page = await _client.ListAsync(Bucket, "b/", "", CancellationToken.None);
        Assert.Equal(["b/1", "b/2"], page.Objects.Select(entry => entry.Name));
        Assert.Null(page.NextMarker);
        Assert.Equal(
            ["c/1"],
            (await _client.ListAsync(Bucket, "", "b/2", CancellationToken.None)).Objects.Select(entry => entry.Name)
        );
    }

    [Fact]
    public async Task Delete_WhatIsThere_IsGone()
    {
        await PutAsync("a", [1]);
        await _client.DeleteAsync(Bucket, "a", CancellationToken.None);
        await AssertErrorAsync(MefsError.ObjectAbsent, () => _client.HeadAsync(Bucket, "a", CancellationToken.None));
    }

    [Fact]
    public async Task Errors_OfNamesThatLookLikeErrors_AreToldApart()
    {
        await PutAsync("object already exist", [1]);
        await AssertErrorAsync(MefsError.ObjectExists, () => PutAsync("object already exist", [2]));
        await AssertErrorAsync(
            MefsError.ObjectAbsent,
            () => _client.HeadAsync(Bucket, "bucket x already exists", CancellationToken.None)
        );
        await AssertErrorAsync(MefsError.BucketAbsent, () => _client.HeadBucketAsync("absent", CancellationToken.None));
        await AssertErrorAsync(
            MefsError.BucketExists,
            () => _client.CreateBucketAsync(Bucket, BucketOptions.Default, CancellationToken.None)
        );
        await AssertErrorAsync(
            MefsError.InvalidName,
            () => _client.CreateBucketAsync("A", BucketOptions.Default, CancellationToken.None)
        );
    }

    [Theory]
    [InlineData(MefsFault.Corrupt)]
    [InlineData(MefsFault.Truncate)]
    [InlineData(MefsFault.Duplicate)]
    public async Task Put_StoredWrong_IsAnError(MefsFault fault)
    {
        _node.Fail("PutObject", fault);
        await AssertErrorAsync(MefsError.WrongContent, () => PutAsync("a", RandomNumberGenerator.GetBytes(1000)));
    }

    [Theory]
    [InlineData(MefsFault.Corrupt, MefsError.WrongContent)]
    [InlineData(MefsFault.Truncate, MefsError.WrongContent)]
    [InlineData(MefsFault.Duplicate, MefsError.BadAnswer)]
    [InlineData(MefsFault.CutAnswer, MefsError.BadAnswer)]
    public async Task Get_AnsweredWrong_IsAnErrorNeverData(MefsFault fault, MefsError expected)
    {
        byte[] content = RandomNumberGenerator.GetBytes(5000);
        await PutAsync("a", content);
        _node.Fail("GetObject", fault);
        await AssertErrorAsync(expected, () => GetAsync("a", content));
        Assert.Equal(content, await GetAsync("a", content));
    }

    [Fact]
    public async Task GetRange_AnsweredShort_IsAnError()
    {
        await PutAsync("a", [1, 2, 3]);
        _node.Fail("GetObject", MefsFault.Truncate);
        await AssertErrorAsync(
            MefsError.BadAnswer,
            () => _client.GetRangeAsync(Bucket, "a", 0, 2, CancellationToken.None)
        );
        await AssertErrorAsync(
            MefsError.OutOfRange,
            () => _client.GetRangeAsync(Bucket, "a", 2, 2, CancellationToken.None)
        );
    }

    [Theory]
    [InlineData(MefsFault.Refuse)]
    [InlineData(MefsFault.Disconnect)]
    [InlineData(MefsFault.DoAndDisconnect)]
    public async Task Get_FailedOnce_IsTriedAgain(MefsFault fault)
    {
        await PutAsync("a", [1, 2]);
        _node.Fail("GetObject", fault);
        Assert.Equal([1, 2], await GetAsync("a", [1, 2]));
    }

    [Theory]
    [InlineData(MefsFault.Refuse, MefsError.Busy)]
    [InlineData(MefsFault.Disconnect, MefsError.Unreachable)]
    [InlineData(MefsFault.DoAndDisconnect, MefsError.Unreachable)]
    [InlineData(MefsFault.ServerError, MefsError.Other)]
    public async Task Put_Failed_IsNotTriedAgain(MefsFault fault, MefsError expected)
    {
        _node.Fail("PutObject", fault);
        await AssertErrorAsync(expected, () => PutAsync("a", [1]));
        Assert.Single(_node.Calls, "PutObject");
    }

    [Fact]
    public async Task Put_SaidToBeStoredButLost_IsAbsent()
    {
        _node.Fail("PutObject", MefsFault.Lose);
        await PutAsync("a", [1]);
        await AssertErrorAsync(MefsError.ObjectAbsent, () => GetAsync("a", [1]));
    }

    [Fact]
    public async Task Put_WhoseContentNeverComes_LeavesTheNameTakenUntilItIsDeleted()
    {
        using var broken = new BrokenStream(() => _node.Stored(Bucket, "a") is not null);
        await AssertErrorAsync(
            MefsError.Unreachable,
            () => _client.PutAsync(Bucket, "a", broken, CancellationToken.None)
        );
        await AssertErrorAsync(MefsError.ObjectExists, () => PutAsync("a", [1]));
        Assert.Equal(0, (await _client.HeadAsync(Bucket, "a", CancellationToken.None)).Size);
        await _client.DeleteAsync(Bucket, "a", CancellationToken.None);
        await PutAsync("a", [1]);
    }

    [Fact]
    public async Task Get_AnsweredLate_WaitsForItAndCanBeCancelled()
    {
        await PutAsync("a", [1]);
        _node.Delay = TimeSpan.FromMilliseconds(50);
        _node.Fail("GetObject", MefsFault.AnswerLate);
        Assert.Equal([1], await GetAsync("a", [1]));

        _node.Delay = TimeSpan.FromMinutes(1);
        _node.Fail("GetObject", MefsFault.AnswerLate);
        using var limit = new CancellationTokenSource(TimeSpan.FromMilliseconds(50));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() =>
            _client.GetAsync(Bucket, "a", ContentId.Compute([1]), maxLength: 1, limit.Token)
        );
    }

    [Fact]
    public async Task Node_Restarted_KeepsWhatItStoredAndTheClientGoesOn()
    {
        await PutAsync("a", [1]);
        await _node.RestartAsync();
        Assert.Equal([1], await GetAsync("a", [1]));
        await PutAsync("b", [2]);
    }

    [Fact]
    public async Task Call_WithTheWrongToken_IsUnauthorized()
    {
        var stranger = new MefsClient(_http, "wrong", TimeProvider.System);
        await AssertErrorAsync(MefsError.Unauthorized, () => stranger.HeadBucketAsync(Bucket, CancellationToken.None));
        var reader = new MefsClient(_http, token: null, TimeProvider.System);
        await reader.HeadBucketAsync(Bucket, CancellationToken.None);
        using var content = new MemoryStream([1]);
        await AssertErrorAsync(
            MefsError.Unauthorized,
            () => reader.PutAsync(Bucket, "a", content, CancellationToken.None)
        );
    }

    [Theory]
    [InlineData("/ip4/1.2.3.4/tcp/18201", "http://1.2.3.4:18201/")]
    [InlineData("/ip6/::1/tcp/5001\n", "http://[::1]:5001/")]
    [InlineData("https://node.example/", "https://node.example/")]
    public void Endpoint_AMultiaddrOrUrl_IsRead(string text, string url) =>
        Assert.Equal(new Uri(url), MefsEndpoint.Parse(text));

    [Theory]
    [InlineData("")]
    [InlineData("/ip4/1.2.3.4/udp/1")]
    [InlineData("/ip4/1.2.3.4/tcp/70000")]
    [InlineData("ftp://a")]
    public void Endpoint_AnythingElse_IsRefused(string text) =>
        Assert.Throws<FormatException>(() => MefsEndpoint.Parse(text));

    private static async Task AssertErrorAsync(MefsError expected, Func<Task> action) =>
        Assert.Equal(expected, (await Assert.ThrowsAsync<MefsException>(action)).Error);

    private sealed class BrokenStream(Func<bool> isDue) : MemoryStream
    {
        public override async ValueTask<int> ReadAsync(
            Memory<byte> buffer,
            CancellationToken cancellationToken = default
        )
        {
            while (!isDue())
            {
                await Task.Delay(1, cancellationToken);
            }

            throw new IOException("the disk is gone");
        }
    }

    private HttpClient Connect()
    {
#pragma warning disable RS0030 // A test is its own host.
        return new HttpClient(_handler, disposeHandler: false) { BaseAddress = _node.Url };
#pragma warning restore RS0030
    }

    private async Task<ObjectInfo> PutAsync(string name, byte[] content)
    {
        using var stream = new MemoryStream(content);
        return await _client.PutAsync(Bucket, name, stream, CancellationToken.None);
    }

    private Task<byte[]> GetAsync(string name, byte[] content) =>
        _client.GetAsync(Bucket, name, ContentId.Compute(content), content.Length, CancellationToken.None);
}
