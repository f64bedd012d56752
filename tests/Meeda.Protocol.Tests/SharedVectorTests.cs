using System.Text.Json;
using Meeda.Ethereum;
using Meeda.Protocol.Anchors;
using Meeda.Protocol.Batches;
using Meeda.Protocol.Proofs;
using Meeda.Testing;
using Xunit;

namespace Meeda.Protocol.Tests;

/// <summary>
/// <c>contracts/vectors/protocol.json</c>, which the Solidity tests read too: three implementations, one answer.
/// </summary>
public sealed class SharedVectorTests
{
    private static readonly JsonElement Vectors = JsonDocument
        .Parse(File.ReadAllBytes(Path.Combine(Repository.Root, "contracts", "vectors", "protocol.json")))
        .RootElement;

    [Fact]
    public void AnchorTree_Root_IsTheVectors() =>
        Assert.All(
            Vectors.GetProperty("anchors").EnumerateArray(),
            vector => Assert.Equal(Text(vector, "root"), new AnchorTree(Bytes(vector, "commitments")).Root.ToString())
        );

    [Fact]
    public void BatchId_Compute_IsTheVectors() =>
        Assert.All(
            Vectors.GetProperty("batches").EnumerateArray(),
            vector =>
                Assert.Equal(
                    Text(vector, "id"),
                    BatchId
                        .Compute(vector.GetProperty("payloadLength").GetUInt32(), Bytes(vector, "commitments"))
                        .ToString()
                )
        );

    [Fact]
    public void EpochSeedAndSampler_OfEachEpoch_AreTheVectors() =>
        Assert.All(
            Vectors.GetProperty("epochs").EnumerateArray(),
            vector =>
            {
                EpochSeed seed = EpochSeed.Derive(
                    Bytes32.Parse(Text(vector, "blockHash")),
                    vector.GetProperty("epoch").GetUInt64(),
                    Address.FromBytes(Bytes(vector, "operator")),
                    Address.FromBytes(Bytes(vector, "contract")),
                    vector.GetProperty("chainId").GetUInt64()
                );
                Assert.Equal(Text(vector, "seed"), seed.Value.ToString());
                Assert.Equal(Text(vector, "challenge"), seed.Challenge().ToString());
                var range = new LiveRange(Number(vector, "lo"), Number(vector, "hot"), Number(vector, "hi"));
                Sample[] samples = Sampler.Draw(
                    seed,
                    range,
                    (uint)Number(vector, "hotSamples"),
                    (uint)Number(vector, "coldSamples")
                );
                Assert.Equal(
                    Text(vector, "samples"),
                    "0x" + string.Concat(samples.Select(sample => $"{sample.Position:x16}{sample.Weight:x32}"))
                );
            }
        );

    private static string Text(JsonElement vector, string name) => vector.GetProperty(name).GetString()!;

    private static byte[] Bytes(JsonElement vector, string name) => Convert.FromHexString(Text(vector, name)[2..]);

    private static ulong Number(JsonElement vector, string name) => vector.GetProperty(name).GetUInt64();
}
