using System.Text.Json;
using Meeda.Ethereum;
using Meeda.Kzg.Commitments;
using Meeda.Protocol.Anchors;
using Meeda.Protocol.Batches;
using Meeda.Protocol.Proofs;
using Meeda.Protocol.Signatures;
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

    [Theory]
    [MemberData(nameof(Names), "anchors")]
    public void Anchor_RootsPathAndMultiproof_AreTheVectors(string name)
    {
        JsonElement vector = Vector("anchors", name);
        byte[] commitments = Bytes(vector, "commitments");
        var tree = new MerkleTree(commitments, KzgCommitment.Length);
        BatchId[] ids = Ids(vector, commitments);
        int[] places = [.. vector.GetProperty("places").EnumerateArray().Select(place => place.GetInt32())];
        Bytes32[] hashes = Words(vector, "hashes");
        AnchorRoots roots = AnchorRoots.Of(commitments, ids);

        Assert.Equal(Text(vector, "ids"), "0x" + string.Concat(ids.Select(id => id.ToString()[2..])));
        Assert.Equal(Text(vector, "leafRoot"), roots.LeafRoot.ToString());
        Assert.Equal(Text(vector, "idRoot"), roots.IdRoot.ToString());
        Assert.Equal(Text(vector, "root"), roots.Root.ToString());
        Assert.Equal(hashes, tree.Multiproof(places));
        Assert.Equal(Words(vector, "path"), tree.Path(places[^1]));
        Bytes32[] leaves = [.. places.Select(place => MerkleTree.Leaf(Commitment(commitments, place)))];
        Assert.Equal(tree.Root, MerkleTree.RootOf(tree.LeafCount, places, leaves, hashes));
        Assert.True(
            MerkleTree.Verify(
                tree.Root,
                tree.LeafCount,
                places[^1],
                Commitment(commitments, places[^1]),
                tree.Path(places[^1])
            )
        );
    }

    [Theory]
    [MemberData(nameof(Names), "epochs")]
    public void Epoch_SeedChallengeAndSamples_AreTheVectors(string name)
    {
        JsonElement vector = Vector("epochs", name);
        EpochSeed seed = EpochSeed.Derive(
            Bytes32.Parse(Text(vector, "mix")),
            Number(vector, "epoch"),
            Address.FromBytes(Bytes(vector, "operator")),
            Address.FromBytes(Bytes(vector, "verifier")),
            Number(vector, "chainId")
        );
        Sample[] samples = Sampler.Draw(
            seed,
            new LiveRange(Number(vector, "lo"), Number(vector, "hot"), Number(vector, "hi")),
            (uint)Number(vector, "hotSamples"),
            (uint)Number(vector, "coldSamples")
        );

        Assert.Equal(Text(vector, "seed"), seed.Value.ToString());
        Assert.Equal(Text(vector, "challenge"), seed.Challenge().ToString());
        Assert.Equal(
            Text(vector, "samples"),
            "0x" + string.Concat(samples.Select(sample => $"{sample.Position:x16}{sample.Weight:x32}"))
        );
    }

    [Theory]
    [MemberData(nameof(Names), "orders")]
    public void Order_Digest_IsTheVectors(string name)
    {
        JsonElement vector = Vector("orders", name);
        var order = new Order(
            AddressOf(vector, "rollup"),
            new BatchId(Bytes32.Parse(Text(vector, "batchId"))),
            AddressOf(vector, "operator"),
            UInt128.Parse("0" + Text(vector, "maxWei")[2..], System.Globalization.NumberStyles.HexNumber, null),
            Number(vector, "deadline")
        );

        var escrow = new ContractDomain(Number(vector, "chainId"), AddressOf(vector, "escrow"));
        Assert.Equal(Text(vector, "digest"), order.Digest(escrow).ToString());
    }

    [Theory]
    [MemberData(nameof(Names), "consents")]
    public void OperatorKeyConsent_Digest_IsTheVectors(string name)
    {
        JsonElement vector = Vector("consents", name);
        var consent = new OperatorKeyConsent(
            AddressOf(vector, "account"),
            AddressOf(vector, "key"),
            Number(vector, "nonce")
        );

        var anchors = new ContractDomain(Number(vector, "chainId"), AddressOf(vector, "anchors"));
        Assert.Equal(Text(vector, "digest"), consent.Digest(anchors).ToString());
    }

    /// <summary>The names of the vectors of a kind; none would be a fault of the file.</summary>
    public static TheoryData<string> Names(string kind)
    {
        string[] names = [.. Vectors.GetProperty(kind).EnumerateArray().Select(vector => Text(vector, "name"))];
        Assert.Equal(Vectors.GetProperty("counts").GetProperty(kind).GetInt32(), names.Length);
        return [.. names];
    }

    private static JsonElement Vector(string kind, string name) =>
        Vectors.GetProperty(kind).EnumerateArray().Single(vector => Text(vector, "name") == name);

    private static BatchId[] Ids(JsonElement vector, byte[] commitments)
    {
        int first = 0;
        return
        [
            .. vector
                .GetProperty("payloadLengths")
                .EnumerateArray()
                .Select(length =>
                {
                    uint bytes = length.GetUInt32();
                    int blobs = BlobEncoding.BlobCount((int)bytes);
                    ReadOnlySpan<byte> own = commitments.AsSpan(
                        first * KzgCommitment.Length,
                        blobs * KzgCommitment.Length
                    );
                    first += blobs;
                    return BatchId.Compute(bytes, own);
                }),
        ];
    }

    private static ReadOnlySpan<byte> Commitment(byte[] commitments, int place) =>
        commitments.AsSpan(place * KzgCommitment.Length, KzgCommitment.Length);

    private static Bytes32[] Words(JsonElement vector, string name) =>
        [.. Bytes(vector, name).Chunk(Bytes32.Length).Select(word => Bytes32.FromBytes(word))];

    private static Address AddressOf(JsonElement vector, string name) => Address.FromBytes(Bytes(vector, name));

    private static string Text(JsonElement vector, string name) => vector.GetProperty(name).GetString()!;

    private static byte[] Bytes(JsonElement vector, string name) => Convert.FromHexString(Text(vector, name)[2..]);

    private static ulong Number(JsonElement vector, string name) => vector.GetProperty(name).GetUInt64();
}
