using System.Net;
using System.Security.Cryptography;
using Meeda.Node.Tests.Http;
using Meeda.Operator.Placement;
using Meeda.Testing;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace Meeda.Node.Tests.Storage;

/// <summary>An operator whose providers are buckets of a server that behaves like a MEFS node's S3 gateway.</summary>
[Collection("gauges of packs")] // The gauges are shared by the process.
public sealed class S3OperatorTests : IAsyncLifetime
{
    private readonly TemporaryFolder _folder = new();
    private readonly OperatorFixture _operator = new();
    private FakeS3Server _server = null!;

    public async Task InitializeAsync()
    {
        _server = await FakeS3Server.StartAsync();
        _server.RenamesTakenNames = true;
        string credentials = Path.Combine(_folder.Path, "credentials");
        await File.WriteAllTextAsync(
            credentials,
            "[s3-operator-tests]\naws_access_key_id = key\naws_secret_access_key = secret\n"
        );
        // No other test of this process names a profile that exists.
        Environment.SetEnvironmentVariable("AWS_SHARED_CREDENTIALS_FILE", credentials);
        _operator.Settings["Meeda:Storage:S3Profile"] = "s3-operator-tests";
        _operator.Settings["Meeda:Storage:ToleratedLosses"] = "1";
        _operator.Settings["Meeda:Storage:LocalCopyBytes"] = "0";
        for (int i = 0; i < 3; i++)
        {
            _operator.Settings[$"Meeda:Storage:Providers:{i}"] = $"s3+{_server.Url}bucket-{i}/rows";
        }

        await _operator.InitializeAsync();
    }

    public async Task DisposeAsync()
    {
        await _operator.DisposeAsync();
        await _server.DisposeAsync();
        _folder.Dispose();
    }

    [Fact]
    public async Task Batches_OverS3_OutliveTheLossOfABucketAndTheScrubFillsItAgain()
    {
        _server.State = "total: 10, dispatch: 10, sent: 10, confirm: 9";
        byte[] payload = RandomNumberGenerator.GetBytes(200_000);
        (HttpStatusCode status, byte[] answer) = await _operator.PostAsync("put", payload);
        Assert.Equal(HttpStatusCode.OK, status);
        string get = $"get/0x{Convert.ToHexStringLower(answer)}";
        await _operator.PlacedAsync();
        Assert.All(Enumerable.Range(0, 3), i => Assert.NotEmpty(_server.Bucket($"bucket-{i}")));

        // The ledger deletes the payload only once the gateway reports that all chunks are confirmed.
        var upkeep = _operator.Services.GetRequiredService<PackMaintenance>();
        int reads = Reads;
        await upkeep.PassAsync(CancellationToken.None);
        Assert.Equal(payload, (await _operator.GetAsync(get)).Body);
        Assert.Equal(reads, Reads);
        _server.State = "total: 10, dispatch: 10, sent: 10, confirm: 10";
        await upkeep.PassAsync(CancellationToken.None);
        Assert.Equal(payload, (await _operator.GetAsync(get)).Body);
        Assert.True(Reads > reads);

        _server.Forget("bucket-1");
        Assert.Equal(payload, (await _operator.GetAsync(get)).Body);

        // The first put finds that the bucket is gone, and the next one creates it.
        await _operator.Services.GetRequiredService<RowScrub>().PassAsync(CancellationToken.None);
        await _operator.Services.GetRequiredService<RowScrub>().PassAsync(CancellationToken.None);
        Assert.NotEmpty(_server.Bucket("bucket-1"));
        _server.Forget("bucket-2");
        Assert.Equal(payload, (await _operator.GetAsync(get)).Body);
    }

    private int Reads => _server.Calls.Count(call => call == "GET");
}
