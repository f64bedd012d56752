using System.Net;
using System.Net.Http.Json;
using System.Security.Cryptography;
using System.Text.Json;
using Meeda.Client;
using Meeda.DevNet;
using Meeda.Ethereum;
using Meeda.Kzg.Cells;
using Meeda.Kzg.Commitments;
using Meeda.Kzg.Fields;
using Meeda.Light;
using Meeda.Protocol.Anchors;
using Meeda.Protocol.Batches;
using Meeda.Testing;
using Xunit;

namespace Meeda.EndToEnd.Tests;

/// <summary>A local network that holds a proven batch.</summary>
public sealed class ProvenBatch : IAsyncLifetime
{
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(3);

    private readonly CancellationTokenSource _stop = Patience.Limit(Limit);

    public string Folder { get; } = Directory.CreateTempSubdirectory("meeda-verifier-").FullName;

    public byte[] Payload { get; } = RandomNumberGenerator.GetBytes(200_000);

    internal LocalNetwork? Network { get; private set; }

    public HttpClient? Http { get; private set; }

    public BatchId Id { get; private set; }

    public CancellationToken Stop => _stop.Token;

    public async Task InitializeAsync()
    {
        if (Anvil.Binary is null)
        {
            return;
        }

        Environment.SetEnvironmentVariable("MEEDA_ANVIL", Anvil.Binary);
        Network = await LocalNetwork.StartAsync(
            new LocalNetworkSettings(Path.Combine(Folder, "operator"), 0, 0, Quiet: true),
            _stop.Token
        );
        Http = new HttpClient { BaseAddress = Network.OperatorUrl };
        using var body = new ByteArrayContent(Payload);
        using HttpResponseMessage answer = await Http.PostAsync(new Uri("put", UriKind.Relative), body, _stop.Token);
        Assert.True(
            AltDaCommitment.TryDecode(
                await answer.Content.ReadAsByteArrayAsync(_stop.Token),
                AltDaCommitment.DefaultDaLayerByte,
                out AltDaCommitment commitment,
                out _
            )
        );
        Id = new BatchId(commitment.Hash);

        HistoryBody? history = null;
        while (history is not { Proven: > 0 })
        {
            await Task.Delay(100, _stop.Token);
            using HttpResponseMessage response = await Http.GetAsync(
                new Uri($"batches/{Id}/history", UriKind.Relative),
                _stop.Token
            );
            history =
                response.StatusCode == HttpStatusCode.NotFound
                    ? null
                    : await response.Content.ReadFromJsonAsync<HistoryBody>(_stop.Token);
        }
    }

    public async Task DisposeAsync()
    {
        Http?.Dispose();
        if (Network is not null)
        {
            await Network.DisposeAsync();
        }

        _stop.Dispose();
        Microsoft.Data.Sqlite.SqliteConnection.ClearAllPools();
        Directory.Delete(Folder, recursive: true);
    }
}

/// <summary>
/// Verifiers' requests to an operator, a light node and the command line, on a real EVM: the responses are checked
/// against the protocol, not against each other.
/// </summary>
public sealed class VerifierTests(ProvenBatch batch) : IClassFixture<ProvenBatch>
{
    private const string NoAnvil = "anvil is not installed: run ./meeda test, which installs it, or set MEEDA_ANVIL";

    [SkippableFact]
    public async Task Everything_that_an_operator_says_verifies_against_L1()
    {
        Skip.If(batch.Network is null, NoAnvil);
        BatchProofBody anchored = (await GetAsync<BatchProofBody>($"batches/{batch.Id}/proof"))!;
        Anchor onChain = await batch.Network.System.Anchors.GetAnchorAsync(
            batch.Network.OperatorAddress,
            anchored.AnchorIndex,
            batch.Stop
        );
        byte[] commitments = [.. anchored.Blobs.SelectMany(blob => Convert.FromHexString(blob.Commitment[2..]))];
        Assert.Equal(batch.Id, BatchId.Compute((uint)batch.Payload.Length, commitments));
        Bytes32 leafRoot = Bytes32.Parse(anchored.LeafRoot);
        Assert.Equal(onChain.Root, new AnchorRoots(leafRoot, Bytes32.Parse(anchored.IdRoot)).Root);
        Assert.All(
            anchored.Blobs,
            blob =>
                Assert.True(
                    MerkleTree.Verify(
                        leafRoot,
                        (int)anchored.LeafCount,
                        (int)blob.LeafIndex,
                        Convert.FromHexString(blob.Commitment[2..]),
                        [.. blob.Path.Select(Bytes32.Parse)]
                    )
                )
        );

        // An opening at a point of our choice, and a cell.
        LeafBody first = anchored.Blobs[0];
        KzgCommitment.TryDecode(Convert.FromHexString(first.Commitment[2..]), out KzgCommitment commitment);
        var z = Fr.FromUInt64(123_456_789);
        OpeningBody opening = (await GetAsync<OpeningBody>($"blobs/{first.Position}/opening?z={z}"))!;
        Assert.True(Fr.TryDecode(Convert.FromHexString(opening.Y[2..]), out Fr y));
        Assert.True(KzgProof.TryDecode(Convert.FromHexString(opening.Proof[2..]), out KzgProof proof));
        Assert.True(new VerificationKey(TrustedSetup.Ethereum).VerifyProof(commitment, z, y, proof));
        CellBody cell = (await GetAsync<CellBody>($"blobs/{first.Position}/cells/101"))!;
        Assert.True(KzgProof.TryDecode(Convert.FromHexString(cell.Proof[2..]), out KzgProof cellProof));
        Assert.True(
            new CellVerifier(TrustedSetup.Ethereum).VerifyCellKzgProofBatch(
                [commitment],
                [new CellIndex(101)],
                Convert.FromHexString(cell.Cell[2..]),
                [cellProof]
            )
        );

        HistoryBody history = (await GetAsync<HistoryBody>($"batches/{batch.Id}/history"))!;
        Assert.InRange(history.Proven, 1, history.Live);
        Assert.Equal(0, history.Missed);
        SampledEpochBody proven = history.Epochs.First(epoch => epoch.Outcome == "proven");
        Assert.Equal(anchored.Blobs.Count, proven.Sampled);
        EpochBody epoch = (await GetAsync<EpochBody>($"epochs/{proven.Epoch}"))!;
        Assert.True(epoch.Holds, JsonSerializer.Serialize(epoch.Checks));
        Assert.Equal("proven", epoch.Status);
        Assert.NotEmpty(epoch.PartialSums);
    }

    [SkippableTheory]
    [InlineData("batches/xyz/proof", HttpStatusCode.BadRequest, "id:")]
    [InlineData(
        "batches/0x0000000000000000000000000000000000000000000000000000000000000001/proof",
        HttpStatusCode.NotFound,
        "id:"
    )]
    [InlineData("blobs/0/opening", HttpStatusCode.BadRequest, "z:")]
    [InlineData(
        "blobs/0/opening?z=0x73eda753299d7d483339d80809a1d80553bda402fffe5bfeffffffff00000001",
        HttpStatusCode.BadRequest,
        "z:"
    )]
    [InlineData("blobs/0/cells/128", HttpStatusCode.BadRequest, "index:")]
    [InlineData("blobs/-1/cells/0", HttpStatusCode.BadRequest, "position:")]
    [InlineData("blobs/99999/cells/0", HttpStatusCode.NotFound, "position:")]
    [InlineData("epochs/one", HttpStatusCode.BadRequest, "epoch:")]
    [InlineData("epochs/0", HttpStatusCode.NotFound, "epoch:")]
    [InlineData("epochs/1?operator=0x12", HttpStatusCode.BadRequest, "operator:")]
    public async Task A_question_that_cannot_be_answered_is_told_why(string path, HttpStatusCode status, string field)
    {
        Skip.If(batch.Network is null, NoAnvil);
        using HttpResponseMessage response = await batch.Http!.GetAsync(new Uri(path, UriKind.Relative), batch.Stop);
        Assert.Equal(status, response.StatusCode);
        Assert.StartsWith(
            field,
            (await response.Content.ReadFromJsonAsync<ErrorBody>(batch.Stop))!.Error,
            StringComparison.Ordinal
        );
    }

    [SkippableFact]
    public async Task A_light_node_says_the_same_from_L1_alone()
    {
        Skip.If(batch.Network is null, NoAnvil);
        await using LightRole light = await LightNodeApplication.BuildAsync(
            new LightOptions
            {
                Contract = batch.Network.System.Address,
                Folder = Path.Combine(batch.Folder, "light"),
                PollInterval = TimeSpan.FromMilliseconds(200),
            },
            batch.Network.L1,
            keyFile: null,
            listen: "http://127.0.0.1:0",
            quiet: true,
            batch.Stop
        );
        await light.StartAsync(batch.Stop);
        using var watch = CancellationTokenSource.CreateLinkedTokenSource(batch.Stop);
        Task watching = light.RunAsync(watch.Token);
        using var http = new HttpClient { BaseAddress = new Uri(light.Urls.First()) };
        HistoryBody? history = null;
        while (history is not { Proven: > 0 })
        {
            await Task.Delay(100, batch.Stop);
            using HttpResponseMessage response = await http.GetAsync(
                new Uri($"batches/{batch.Id}/history", UriKind.Relative),
                batch.Stop
            );
            history =
                response.StatusCode == HttpStatusCode.NotFound
                    ? null
                    : await response.Content.ReadFromJsonAsync<HistoryBody>(batch.Stop);
        }

        var path = new Uri($"batches/{batch.Id}/proof?operator={batch.Network.OperatorAddress}", UriKind.Relative);
        Assert.Equal(
            JsonSerializer.Serialize(await GetAsync<BatchProofBody>(path.ToString())),
            JsonSerializer.Serialize(await http.GetFromJsonAsync<BatchProofBody>(path, batch.Stop))
        );
        ulong epoch = history.Epochs.First(each => each.Outcome == "proven").Epoch;
        Assert.True(
            (await http.GetFromJsonAsync<EpochBody>(new Uri($"epochs/{epoch}", UriKind.Relative), batch.Stop))!.Holds
        );
        await watch.CancelAsync();
        await watching.ContinueWith(_ => { }, TaskScheduler.Default);
    }

    [SkippableFact]
    public async Task Verify_says_what_is_proven_and_what_is_not()
    {
        Skip.If(batch.Network is null, NoAnvil);
        string[] where = ["--rpc", batch.Network.L1.ToString(), "--contract", batch.Network.System.Address.ToString()];
        (int exitCode, string output, string error) = await CommandLine.RunAsync(
            batch.Folder,
            ["verify", batch.Id.ToString(), "--from", batch.Network.OperatorUrl.ToString(), .. where]
        );
        Assert.True(exitCode == 0, output + error);
        Assert.Contains("proven   the 200,000 bytes that", output, StringComparison.Ordinal);
        Assert.Contains("its opening verifies", output, StringComparison.Ordinal);
        Assert.DoesNotContain("FAILS", output, StringComparison.Ordinal);

        // Without a source the check passes too, but reports that nothing is known about the data.
        (exitCode, output, _) = await CommandLine.RunAsync(
            batch.Folder,
            ["verify", batch.Id.ToString(), "--json", .. where]
        );
        JsonElement report = JsonDocument.Parse(output).RootElement;
        Assert.Equal(0, exitCode);
        Assert.Contains(
            report.GetProperty("unproven").EnumerateArray(),
            line => line.GetString()!.StartsWith("that the batch can be had", StringComparison.Ordinal)
        );

        // A keccak commitment needs a source; a lying source is distinguished from an honest one.
        string keccak = "0x00" + Keccak256.Hash(batch.Payload).ToString()[2..];
        (exitCode, output, error) = await CommandLine.RunAsync(
            batch.Folder,
            ["verify", keccak, "--from", batch.Network.OperatorUrl.ToString(), .. where]
        );
        Assert.True(exitCode == 0, output + error);
        using var liar = new Liar([0x00, 0x01]);
        (exitCode, output, _) = await CommandLine.RunAsync(
            batch.Folder,
            ["verify", batch.Id.ToString(), "--from", liar.Url, .. where]
        );
        Assert.Equal(1, exitCode);
        Assert.Contains("FAILS    the 2 bytes that", output, StringComparison.Ordinal);

        (exitCode, output, _) = await CommandLine.RunAsync(batch.Folder, ["verify", new string('7', 64), .. where]);
        Assert.Equal(1, exitCode);
        Assert.Contains("FAILS    L1 holds an anchor of the batch", output, StringComparison.Ordinal);
        (exitCode, _, error) = await CommandLine.RunAsync(batch.Folder, ["verify", "0x12", .. where]);
        Assert.NotEqual(0, exitCode);
        Assert.Contains("BATCH:", error, StringComparison.Ordinal);
    }

    private Task<T?> GetAsync<T>(string path) =>
        batch.Http!.GetFromJsonAsync<T>(new Uri(path, UriKind.Relative), batch.Stop);

    /// <summary>An HTTP server that answers everything with the same bytes.</summary>
    private sealed class Liar : IDisposable
    {
        private readonly ReservedPort _port = new();
        private readonly HttpListener _listener = new();

        public Liar(byte[] answer)
        {
            _listener.Prefixes.Add(Url);
            _listener.Start();
            _ = AnswerAsync(answer);
        }

        public string Url => _port.Url.ToString();

        public void Dispose()
        {
            _listener.Close();
            _port.Dispose();
        }

        private async Task AnswerAsync(byte[] answer)
        {
            while (_listener.IsListening)
            {
                try
                {
                    HttpListenerContext context = await _listener.GetContextAsync();
                    await context.Response.OutputStream.WriteAsync(answer);
                    context.Response.Close();
                }
                catch (Exception closed) when (closed is HttpListenerException or ObjectDisposedException)
                {
                    return;
                }
            }
        }
    }
}
