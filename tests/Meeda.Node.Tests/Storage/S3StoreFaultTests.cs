using System.Security.Cryptography;
using Amazon.Runtime;
using Amazon.S3;
using Meeda.Storage;
using Meeda.Storage.Buckets;
using Meeda.Testing;
using Xunit;

namespace Meeda.Node.Tests.Storage;

/// <summary>
/// The S3 store against a server that fails, lies, or renames as MEFS's gateway does: it never returns wrong data, and
/// never reports data as stored that is not.
/// </summary>
public sealed class S3StoreFaultTests : IAsyncLifetime
{
    private const string Bucket = "meeda";
    private static readonly byte[] Content = RandomNumberGenerator.GetBytes(100_000);

    private FakeS3Server _server = null!;
    private S3Store _store = null!;

    public async Task InitializeAsync()
    {
        _server = await FakeS3Server.StartAsync();
        _server.Bucket(Bucket);
        _store = Open(TimeSpan.FromMinutes(1));
    }

    public async Task DisposeAsync()
    {
        _store.Dispose();
        await _server.DisposeAsync();
    }

    [Theory]
    [InlineData(S3Fault.Corrupt)]
    [InlineData(S3Fault.Lose)]
    public async Task Put_StoredWrongThoughTheServerSaysYes_FailsAndTheNextOneMendsIt(S3Fault fault)
    {
        _server.Fail("PUT", fault);
        await Assert.ThrowsAsync<IOException>(PutAsync);
        await PutAsync();
        Assert.Equal(Content, _server.Bucket(Bucket)["a"]);
    }

    [Theory]
    [InlineData(S3Fault.Corrupt)]
    [InlineData(S3Fault.BreakOff)]
    [InlineData(S3Fault.WrongPage)]
    [InlineData(S3Fault.ShortenSilently)]
    public async Task Put_ReadBackWrong_Fails(S3Fault fault)
    {
        _server.Fail("GET", fault);
        await Assert.ThrowsAsync<IOException>(PutAsync);
    }

    [Fact]
    public async Task Put_InPartsOneOfWhichIsStoredWrong_Fails()
    {
        byte[] content = RandomNumberGenerator.GetBytes(S3Store.PartBytes + 1);
        _server.Fail("PUT uploadId", S3Fault.Corrupt);
        await Assert.ThrowsAsync<IOException>(() => _store.PutAsync("a", content, CancellationToken.None));
        await _store.PutAsync("a", content, CancellationToken.None);
        Assert.Equal(content, _server.Bucket(Bucket)["a"]);
    }

    [Fact]
    public async Task Put_InPartsThatCannotBeCompleted_LeavesNoPartsBehind()
    {
        _server.Fail("POST uploadId", S3Fault.WrongPage);
        await Assert.ThrowsAsync<IOException>(() =>
            _store.PutAsync("a", new byte[S3Store.PartBytes + 1], CancellationToken.None)
        );
        Assert.Equal(0, _server.OpenUploads);
        Assert.Empty(_server.Bucket(Bucket));
    }

    [Theory]
    [InlineData(S3Fault.Refuse)]
    [InlineData(S3Fault.DoAndDisconnect)]
    public async Task Put_WhoseFirstTryFails_IsStoredOnce(S3Fault fault)
    {
        _server.Fail("PUT", fault);
        await PutAsync();
        Assert.Equal(Content, Assert.Single(_server.Bucket(Bucket)).Value);
        Assert.Equal(2, _server.Calls.Count(call => call == "PUT"));
    }

    [Fact]
    public async Task Put_WhileAnotherWritesTheSame_IsContentWithIt()
    {
        _server.BeforePut = bucket => bucket["a"] = Content;
        await PutAsync();
        Assert.DoesNotContain("DELETE", _server.Calls);
    }

    [Fact]
    public async Task Put_WhileAnotherLeavesSomethingElse_ReplacesIt()
    {
        int puts = 0;
        _server.BeforePut = bucket => _ = puts++ == 0 ? bucket["a"] = [1, 2, 3] : [];
        await PutAsync();
        Assert.Equal(Content, Assert.Single(_server.Bucket(Bucket)).Value);
    }

    [Fact]
    public async Task Put_WhereTheServerKnowsNoConditions_StoresAndReplacesAllTheSame()
    {
        _server.KnowsConditions = false;
        _server.Bucket(Bucket)["a"] = [1, 2, 3];
        await PutAsync();
        await PutAsync();
        Assert.Equal(Content, Assert.Single(_server.Bucket(Bucket)).Value);
    }

    [Theory]
    [InlineData(100_000)]
    [InlineData(0)]
    public async Task Put_WhereTheServerRenames_ReplacesWhatIsDamagedAndLeavesNothingUnderOtherNames(int length)
    {
        _server.RenamesTakenNames = true;
        _server.Bucket(Bucket)["a"] = new byte[length];
        await PutAsync();
        await PutAsync();
        Assert.Equal(Content, Assert.Single(_server.Bucket(Bucket)).Value);
    }

    [Fact]
    public async Task Put_WhereTheServerRenamesBecauseAnotherWasFaster_FailsUnlessTheOtherWroteTheSame()
    {
        _server.RenamesTakenNames = true;
        _server.BeforePut = bucket => bucket.TryAdd("a", [1, 2, 3]);
        await Assert.ThrowsAsync<IOException>(PutAsync);

        _server.BeforePut = bucket => bucket["a"] = Content;
        await PutAsync();
        Assert.Equal(Content, _server.Bucket(Bucket)["a"]);
    }

    [Fact]
    public async Task Put_WhereAnObjectOfThisLengthCannotBeReadToItsEnd_ReplacesIt()
    {
        await PutAsync();
        _server.Fail("GET", S3Fault.BreakOff);
        await PutAsync();
        Assert.Equal(2, _server.Calls.Count(call => call == "PUT"));
        Assert.Equal(Content, _server.Bucket(Bucket)["a"]);
    }

    [Theory]
    [InlineData(S3Fault.BreakOff)]
    [InlineData(S3Fault.Shorten)]
    [InlineData(S3Fault.ShortenSilently)]
    [InlineData(S3Fault.ShiftRange)]
    [InlineData(S3Fault.IgnoreRange)]
    public async Task Read_AnsweredWithOtherBytes_IsAnErrorNeverData(S3Fault fault)
    {
        await PutAsync();
        _server.Fail("GET", fault);
        byte[] part = new byte[1000];
        IOException wrong = await Assert.ThrowsAsync<IOException>(() =>
            _store.ReadAsync("a", 500, part, CancellationToken.None)
        );
        Assert.StartsWith($"{_store.Name}: get a: ", wrong.Message, StringComparison.Ordinal);
        Assert.True(await _store.ReadAsync("a", 500, part, CancellationToken.None));
        Assert.Equal(Content[500..1500], part);
    }

    [Fact]
    public async Task Read_RefusedOnce_IsTriedAgain()
    {
        await PutAsync();
        _server.Fail("GET", S3Fault.Refuse);
        Assert.True(await _store.ReadAsync("a", 0, new byte[10], CancellationToken.None));
    }

    [Fact]
    public async Task Calls_ThatAreNotAnswered_FailAtTheLimitAndEndWithTheirCaller()
    {
        using S3Store hasty = Open(TimeSpan.FromMilliseconds(200));
        _server.Fail("GET", S3Fault.Hang);
        IOException late = await Assert.ThrowsAsync<IOException>(() =>
            hasty.ReadAsync("a", 0, new byte[10], CancellationToken.None)
        );
        Assert.Contains("no answer within", late.Message, StringComparison.Ordinal);

        _server.Fail("GET", S3Fault.Hang);
        using var gone = new CancellationTokenSource(TimeSpan.FromMilliseconds(100));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() =>
            _store.ReadAsync("a", 0, new byte[10], gone.Token)
        );
    }

    [Theory]
    [InlineData("total: 10, dispatch: 10, sent: 10, confirm: 10", true)]
    [InlineData("total: 10, dispatch: 10, sent: 10, confirm: 9", false)]
    public async Task IsConfirmed_BehindAMefsGateway_IsWhatTheNodeSays(string state, bool expected)
    {
        await PutAsync();
        Assert.True(await _store.IsConfirmedAsync("a", CancellationToken.None));
        _server.State = state;
        Assert.Equal(expected, await _store.IsConfirmedAsync("a", CancellationToken.None));
        _server.State = "fine";
        await Assert.ThrowsAsync<IOException>(() => _store.IsConfirmedAsync("a", CancellationToken.None));
    }

    [Fact]
    public async Task Put_AfterTheBucketWasDeleted_FailsAndTheNextOneMakesItAnew()
    {
        await PutAsync();
        _server.Forget(Bucket);
        await Assert.ThrowsAsync<IOException>(PutAsync);
        await PutAsync();
        Assert.Equal(Content, Assert.Single(_server.Bucket(Bucket)).Value);
    }

    [Theory]
    [InlineData(400)]
    [InlineData(405)]
    [InlineData(501)]
    public async Task Put_ConditionsAreNotImplemented_GoesWithoutThemAndTheCheckSaysSo(int status)
    {
        _server.RefusesConditions = status;
        await PutAsync();
        Assert.Equal(Content, _server.Bucket(Bucket)["a"]);
        byte[] inParts = RandomNumberGenerator.GetBytes(S3Store.PartBytes + 1);
        await _store.PutAsync("b", inParts, CancellationToken.None);
        Assert.Equal(inParts, _server.Bucket(Bucket)["b"]);

        using S3Store another = Open(TimeSpan.FromMinutes(1));
        byte[] first = RandomNumberGenerator.GetBytes(S3Store.PartBytes + 1);
        await another.PutAsync("c", first, CancellationToken.None);
        Assert.Equal(first, _server.Bucket(Bucket)["c"]);
        Assert.Equal(0, _server.OpenUploads);
        Assert.Equal($"status {status} NotImplemented", await another.CheckAsync(CancellationToken.None));
        Assert.Equal(["a", "b", "c"], _server.Bucket(Bucket).Keys.Order());
    }

    [Fact]
    public async Task Check_ConditionsAreKnown_SaysNothingAndLeavesNothing()
    {
        Assert.Null(await _store.CheckAsync(CancellationToken.None));
        Assert.Empty(_server.Bucket(Bucket));
    }

    private Task PutAsync() => _store.PutAsync("a", Content, CancellationToken.None);

    private S3Store Open(TimeSpan limit)
    {
        Assert.True(StorageOptions.TryReadS3($"s3+{_server.Url}{Bucket}", out S3Place place));
        return new S3Store(
            new AmazonS3Client(
                new BasicAWSCredentials("key", "secret"),
                S3Client.Configure(place.Endpoint, "us-east-1")
            ),
            place,
            limit
        );
    }
}
