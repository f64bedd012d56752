using System.Globalization;
using System.Text.Json;
using Meeda.Chain.Contract;
using Meeda.Ethereum;
using Meeda.Kzg.Curves;
using Meeda.Kzg.Fields;
using Meeda.Protocol.Anchors;
using Meeda.Protocol.Batches;
using Meeda.Protocol.Proofs;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Meeda.Benchmarks;

/// <summary>
/// A year of L1 as far as a light node asks for it, computed as it is asked: one operator that anchors 256 blobs
/// every 258 blocks and proves each day honestly.
/// Commitments are multiples of the generator, so that right partial sums cost one multiplication.
/// </summary>
internal sealed class SyntheticChain : IAsyncDisposable
{
    public const int BlobsInAnchor = 256;
    public const int AnchorCount = 10_156;
    public const ulong AnchorBlocks = 258;
    public const ulong EpochBlocks = 7_200;
    public const ulong LastEpoch = 363;
    public const ulong Head = (LastEpoch * EpochBlocks) + ProofDelay + 1;

    private const ulong ProofDelay = 100;
    private const ulong Retention = 108_000;
    private const int PointCount = 4_096;
    private static readonly EpochParameters Parameters = new(
        (uint)EpochBlocks,
        HotEpochs: 2,
        HotSamples: 7_680,
        ColdSamples: 2_560,
        SeedDelay: 64,
        ProofWindow: 1_800
    );
    private static readonly Address Operator = Address.Parse("0x00000000000000000000000000000000000000a1");

    private readonly WebApplication _app;
    private readonly byte[][] _points =
    [
        .. Enumerable.Range(1, PointCount).Select(scalar => Multiple(Fr.FromUInt64((ulong)scalar))),
    ];
    private readonly IReadOnlyList<Anchor> _anchors =
    [
        .. Enumerable
            .Range(0, AnchorCount)
            .Select(i => new Anchor(
                (uint)i,
                Bytes32.Zero,
                (ulong)i * BlobsInAnchor,
                BlobsInAnchor,
                BlockOf(i),
                BlockOf(i) + Retention
            )),
    ];

    private SyntheticChain(WebApplication app)
    {
        _app = app;
    }

    public static Address Contract { get; } = Address.Parse("0x00000000000000000000000000000000000000c0");

    private static SystemContract Parts { get; } = new(null!, Contract);

    public string Url => _app.Urls.First();

    public static async Task<SyntheticChain> StartAsync()
    {
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.Logging.ClearProviders();
        WebApplication app = builder.Build();
        var chain = new SyntheticChain(app);
        app.MapPost(
            "/",
            async (HttpRequest request) =>
            {
                using JsonDocument call = await JsonDocument.ParseAsync(request.Body);
                JsonElement root = call.RootElement;
                return Microsoft.AspNetCore.Http.Results.Json(
                    new
                    {
                        jsonrpc = "2.0",
                        id = root.GetProperty("id").Clone(),
                        result = chain.Answer(root.GetProperty("method").GetString()!, root.GetProperty("params")),
                    }
                );
            }
        );
        await app.StartAsync();
        return chain;
    }

    public ValueTask DisposeAsync() => _app.DisposeAsync();

    private static ulong BlockOf(int anchor) => ((ulong)anchor * AnchorBlocks) + 1;

    private static byte[] Multiple(Fr scalar)
    {
        var compressed = new byte[G1Point.CompressedLength];
        G1Point.MultiScalarMultiply([G1Point.Generator], [scalar]).Encode(compressed);
        return compressed;
    }

    private static ulong ScalarAt(ulong position) => ((position * 2_654_435_761) % PointCount) + 1;

    private object Answer(string method, JsonElement parameters) =>
        method switch
        {
            "eth_chainId" => "0x1",
            "eth_blockNumber" => Hex(Head),
            "eth_getBlockByNumber" => new
            {
                number = parameters[0].GetString(),
                hash = HashOf(parameters[0].GetString()!),
                parentHash = Bytes32.Zero.ToString(),
                timestamp = "0x1",
            },
            "eth_call" => "0x"
                + string.Concat(
                    new ulong[]
                    {
                        EpochBlocks,
                        64,
                        1_800,
                        50_400,
                        2,
                        7_680,
                        2_560,
                        Retention,
                        1_800,
                        300,
                        300,
                        500,
                        1,
                        1,
                        1,
                        1,
                        1,
                    }.Select(Word)
                ),
            "eth_getLogs" => Logs(parameters[0]),
            _ => throw new InvalidOperationException($"the light node was not expected to ask for {method}"),
        };

    private static string HashOf(string number) =>
        Keccak256.Hash(System.Text.Encoding.ASCII.GetBytes(number)).ToString();

    private List<object> Logs(JsonElement filter)
    {
        string[] topics = [.. filter.GetProperty("topics")[0].EnumerateArray().Select(topic => topic.GetString()!)];
        ulong first = Parse(filter.GetProperty("fromBlock"));
        ulong last = Parse(filter.GetProperty("toBlock"));
        var logs = new List<object>();
        if (!topics.Contains(Topic("Anchored")))
        {
            return logs;
        }

        for (ulong i = first <= 1 ? 0 : (first - 2) / AnchorBlocks + 1; i < AnchorCount && BlockOf((int)i) <= last; i++)
        {
            byte[] commitments =
            [
                .. Enumerable
                    .Range(0, BlobsInAnchor)
                    .SelectMany(blob => _points[ScalarAt((i * BlobsInAnchor) + (ulong)blob) - 1]),
            ];
            ulong block = BlockOf((int)i);
            BatchId id = BatchId.Compute(BlobsInAnchor * 100_000, commitments);
            logs.Add(
                Log(
                    block,
                    [Topic("Anchored"), "0x" + Word(Operator), "0x" + Word(i)],
                    AnchorRoots.Of(commitments, [id]).Root.ToString()[2..]
                        + Word(i * BlobsInAnchor)
                        + Word(BlobsInAnchor)
                        + Word(block + Retention)
                        + Word(0xa0)
                        + Word((ulong)commitments.Length)
                        + Convert.ToHexStringLower(commitments)
                )
            );
            logs.Add(
                Log(
                    block,
                    [Topic("BatchAnchored"), "0x" + Word(Operator), id.ToString(), "0x" + Word(i)],
                    Word(i * BlobsInAnchor)
                        + Word(BlobsInAnchor * 100_000)
                        + Word(BlobsInAnchor)
                        + Word(block + Retention)
                        + Word(0)
                )
            );
        }

        for (
            ulong epoch = Math.Max(1, first / EpochBlocks);
            epoch <= LastEpoch && (epoch * EpochBlocks) + ProofDelay <= last;
            epoch++
        )
        {
            if ((epoch * EpochBlocks) + ProofDelay >= first)
            {
                logs.Add(Proof(epoch));
            }
        }

        return logs;
    }

    private object Proof(ulong epoch)
    {
        var seed = new EpochSeed(Keccak256.Hash(System.Text.Encoding.ASCII.GetBytes($"seed {epoch}")));
        (LiveRange range, RangeHints hints) = Parameters.LiveRangeAt(epoch, _anchors)!.Value;
        Sample[] samples = Sampler.Draw(seed, range, Parameters.HotSamples, Parameters.ColdSamples);
        string sums = string.Concat(
            samples
                .Chunk(Sampler.ChunkSize)
                .Select(chunk =>
                {
                    Fr sum = chunk.Aggregate(
                        Fr.Zero,
                        (each, sample) =>
                            each + (Fr.FromUInt128(sample.Weight) * Fr.FromUInt64(ScalarAt(sample.Position)))
                    );
                    return Convert.ToHexStringLower(
                        PackedPoints.Encode([G1Point.MultiScalarMultiply([G1Point.Generator], [sum])])
                    );
                })
        );
        ulong length = (ulong)(samples.Length + Sampler.ChunkSize - 1) / Sampler.ChunkSize * PackedPoints.PointLength;
        return Log(
            (epoch * EpochBlocks) + ProofDelay,
            [Topic("ProofSubmitted"), "0x" + Word(Operator), "0x" + Word(epoch)],
            seed.Value.ToString()[2..]
                + Word(hints.LoAnchor)
                + Word(hints.HotAnchor)
                + Word(hints.EndAnchor)
                + Word(0xe0)
                + Word(0)
                + Word(0xe0 + 32 + length)
                + Word(length)
                + sums
                + Word(PackedPoints.PointLength)
                + string.Concat(Enumerable.Repeat(Word(0), PackedPoints.PointLength / 32))
        );
    }

    private static object Log(ulong block, string[] topics, string data) =>
        new
        {
            address = $"{(topics[0] == Topic("ProofSubmitted") ? Parts.Verifier.Address : Parts.Anchors.Address)}",
            topics,
            data = "0x" + data,
            blockNumber = Hex(block),
            blockHash = HashOf(Hex(block)),
            transactionHash = Bytes32.Zero.ToString(),
            logIndex = "0x0",
        };

    private static string Topic(string name) => ArtifactOf(name).Contract.TopicOf(name).ToString();

    private static ContractArtifact ArtifactOf(string eventName) =>
        eventName == "ProofSubmitted" ? ContractArtifact.Verifier : ContractArtifact.Anchors;

    private static string Hex(ulong value) => "0x" + value.ToString("x", CultureInfo.InvariantCulture);

    private static string Word(ulong value) => value.ToString("x64", CultureInfo.InvariantCulture);

    private static string Word(Address address) => address.ToString()[2..].PadLeft(64, '0');

    private static ulong Parse(JsonElement hex) =>
        ulong.Parse(hex.GetString()![2..], NumberStyles.HexNumber, CultureInfo.InvariantCulture);
}
