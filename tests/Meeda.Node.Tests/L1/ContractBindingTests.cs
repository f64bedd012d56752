using System.Numerics;
using System.Text.Json;
using Meeda.Chain.Contract;
using Meeda.Chain.Index;
using Meeda.DevNet;
using Meeda.Ethereum;
using Meeda.Kzg.Commitments;
using Meeda.Kzg.Curves;
using Meeda.Kzg.Fields;
using Meeda.L1.Rpc;
using Meeda.L1.Transactions;
using Meeda.Protocol.Anchors;
using Meeda.Protocol.Proofs;
using Meeda.Testing;
using Meeda.Testing.Abi;
using Xunit;

namespace Meeda.Node.Tests.L1;

/// <summary>
/// The bindings against the compiled contracts' ABIs: a change in Solidity that C# does not follow fails here (or at
/// once, if an argument does not fit).
/// </summary>
public sealed class ContractBindingTests
{
    private static readonly Address Account = Address.Parse("0x00000000000000000000000000000000000a11ce");
    private static readonly RangeHints Hints = new(1, 2, 3);
    private static readonly byte[] Generator = PackedPoints.Encode([G1Point.Generator]);
    private static readonly BlockHeader Header = new(Keccak256.Hash([0xc0]), [0xc0]);
    private static readonly SubmittedProof Proof = new(
        new ProofEvent(7, 8, Keccak256.Hash("tx"u8), Keccak256.Hash("seed"u8)),
        Hints,
        Generator,
        Keccak256.Hash("y"u8),
        new byte[96]
    );
    private static readonly AnchoredLeaf Leaf = new(
        4,
        [.. Enumerable.Range(0, 48).Select(i => (byte)i)],
        [Keccak256.Hash("a"u8), Keccak256.Hash("b"u8)],
        new AnchorRoots(Keccak256.Hash("leaves"u8), Keccak256.Hash("ids"u8))
    );

    private readonly SystemContract _system = new(null!, Account);

    /// <summary>
    /// Functions, events and errors as text: a change of the contracts changes this file, which shows what the C# side
    /// must follow.
    /// </summary>
    [Fact]
    public void Abi_OfTheContracts_IsTheOneThatTheBindingsFollow()
    {
        string[] actual =
        [
            .. PartAbi.Names.SelectMany(name =>
                PartAbi
                    .Json(name)
                    .EnumerateArray()
                    .Select(item => $"{name} {Describe(item)}")
                    .Order(StringComparer.Ordinal)
            ),
        ];
        string file = Path.Combine(Repository.Root, "tests", "Meeda.Node.Tests", "L1", "ContractAbis.txt");
        if (Environment.GetEnvironmentVariable("MEEDA_APPROVE_API") is not null)
        {
            File.WriteAllLines(file, actual);
        }

        Assert.Equal(File.ReadAllLines(file), actual);
    }

    [Fact]
    public void Anchor_ABatch_IsItsHeaderAndCommitments()
    {
        byte[] commitments = new byte[96];
        AbiTuple arguments = Decode(
            "MeedaAnchors",
            "anchor",
            _system.Anchors.Anchor([(200_000, commitments)], liveHint: 5)
        );
        var header = (AbiTuple)arguments.Get<object[]>("batches").Single();
        Assert.Equal(
            (200_000ul, 2ul, Address.Zero, 5ul),
            (
                header.Get<ulong>("payloadLength"),
                header.Get<ulong>("blobCount"),
                header.Get<Address>("rollup"),
                arguments.Get<ulong>("liveHint")
            )
        );
        Assert.Equal(commitments, arguments.Get<byte[]>("commitments"));
        Assert.Empty(arguments.Get<object[]>("orders"));
    }

    [Fact]
    public void SubmitProof_AProof_IsItsPartsAndTheHeader()
    {
        var proof = new AvailabilityProof([G1Point.Generator], Fr.FromUInt64(5), KzgProof.From(G1Point.Infinity));
        AbiTuple arguments = Decode(
            "MeedaVerifier",
            "submitProof",
            _system.Verifier.SubmitProof(9, new EpochSeed(Keccak256.Hash("seed"u8)), Hints, proof, Header)
        );
        AbiTuple brought = arguments.Get<AbiTuple>("proof");
        Assert.Equal((9ul, Keccak256.Hash("seed"u8)), (brought.Get<ulong>("epoch"), brought.Get<Bytes32>("seed")));
        AssertHints(brought);
        Assert.Equal(Generator, brought.Get<byte[]>("partialSums"));
        Assert.Equal(Fr.FromUInt64(5).ToArray(), brought.Get<Bytes32>("y").ToArray());
        Assert.Equal(new byte[96], brought.Get<byte[]>("opening"));
        Assert.Equal(Header.Rlp, arguments.Get<byte[]>("header"));
    }

    [Fact]
    public void ProveFraud_ARecordedProof_IsBroughtAgainWithItsLeaves()
    {
        var chunk = new ChunkProof(Generator, [0], [4], [Keccak256.Hash("ids"u8)], [Keccak256.Hash("node"u8)]);
        AbiTuple arguments = Decode(
            "MeedaVerifier",
            "proveFraud",
            _system.Verifier.ProveFraud(Account, 7, Proof, 1, chunk)
        );
        AbiTuple proven = arguments.Get<AbiTuple>("proven");
        Assert.Equal(
            (Account, 7ul, Proof.Seen.Seed),
            (arguments.Get<Address>("id"), arguments.Get<ulong>("epoch"), proven.Get<Bytes32>("seed"))
        );
        AssertHints(proven);
        Assert.Equal(Proof.PartialSums, proven.Get<byte[]>("partialSums"));
        AbiTuple leaves = arguments.Get<AbiTuple>("leaves");
        Assert.Equal(Generator, leaves.Get<byte[]>("points"));
        Assert.Equal(new byte[1], leaves.Get<byte[]>("order"));
        Assert.Equal([4ul], leaves.Get<object[]>("anchors"));
        Assert.Equal([Keccak256.Hash("ids"u8)], leaves.Get<object[]>("idRoots"));
        Assert.Equal([Keccak256.Hash("node"u8)], leaves.Get<object[]>("hashes"));
    }

    [Fact]
    public void ReportMissAndProveInvalidCommitment_TheirArguments_AreInPlace()
    {
        AbiTuple miss = Decode("MeedaVerifier", "reportMiss", _system.Verifier.ReportMiss(Account, 3, Hints, null));
        Assert.Equal((Account, 3ul), (miss.Get<Address>("id"), miss.Get<ulong>("epoch")));
        Assert.Empty(miss.Get<byte[]>("header"));
        AssertHints(miss);
        byte[] y = [.. Enumerable.Range(0, 64).Select(i => (byte)i)];
        AbiTuple invalid = Decode(
            "MeedaVerifier",
            "proveInvalidCommitment",
            _system.Verifier.ProveInvalidCommitment(Account, Leaf, 77, y)
        );
        AssertBlob(invalid.Get<AbiTuple>("blob"));
        Assert.Equal(
            y,
            (byte[])[.. invalid.Get<Bytes32>("yHigh").ToArray(), .. invalid.Get<Bytes32>("yLow").ToArray()]
        );
    }

    [Fact]
    public void DemandAndPublish_TheirArguments_AreInPlace()
    {
        TransactionRequest demand = _system.Publication.Demand(Account, Leaf, 77, 5);
        Assert.Equal(5, demand.Value);
        AssertBlob(Decode("MeedaPublication", "demand", demand).Get<AbiTuple>("blob"));
        AbiTuple publish = Decode("MeedaPublication", "publish", _system.Publication.Publish([3, 9]));
        Assert.Equal("3,9", string.Join(',', publish.Get<object[]>("demandIds")));
    }

    [Fact]
    public void Bounties_TheirArguments_AreInPlace()
    {
        var bounties = new BountyContract(null!, BountyContract.UsualAddress);
        TransactionRequest fund = bounties.Fund(Leaf.Path.ToArray(), each: 7, blocks: 8_000, Leaf.Roots.IdRoot);
        Assert.Equal(14, fund.Value);
        AbiTuple funded = Decode("BlobBounty", "fundBounties", fund);
        Assert.Equal(Leaf.Path.Cast<object>(), funded.Get<object[]>("versionedHashes"));
        Assert.Equal((8_000, Leaf.Roots.IdRoot), (funded.Get<BigInteger>("blocks"), funded.Get<Bytes32>("about")));
        AbiTuple claim = Decode("BlobBounty", "claimBounties", bounties.Claim([(3, 1), (9, 0)]));
        Assert.Equal("3,9", string.Join(',', claim.Get<object[]>("ids")));
        Assert.Equal("1,0", string.Join(',', claim.Get<object[]>("places")));
        AbiTuple refund = Decode("BlobBounty", "refundBounties", bounties.Refund([3, 9]));
        Assert.Equal("3,9", string.Join(',', refund.Get<object[]>("ids")));
    }

    /// <summary>From <c>cast create2</c>: at another address no archive would find the contract.</summary>
    [Fact]
    public void Bounties_TheirAddress_IsTheOneOnEveryChain() =>
        Assert.Equal(Address.Parse("0x0133b37C936D255183E8660288ebD43A79d79689"), BountyContract.UsualAddress);

    [Fact]
    public void Deploy_TheParameters_StandInTheContractsOrder()
    {
        byte[] expected = PartAbi
            .Of("MeedaSystem")
            .Constructor.Encode(
                ContractArtifact.System.Bytecode,
                PartAbi.InOrder(LocalParameters.Value),
                ContractArtifact.Parts.Select(part => (object)part.CodeHash).ToArray()
            );
        Assert.Equal(expected, SystemContract.Deploy(LocalParameters.Value).Data);
    }

    private static void AssertBlob(AbiTuple blob)
    {
        Assert.Equal(
            (Account, 4ul, 77ul, Leaf.Roots.IdRoot),
            (
                blob.Get<Address>("operator"),
                blob.Get<ulong>("anchorIndex"),
                blob.Get<ulong>("position"),
                blob.Get<Bytes32>("idRoot")
            )
        );
        Assert.Equal(Leaf.Commitment, blob.Get<byte[]>("commitment"));
        Assert.Equal(Leaf.Path.Cast<object>(), blob.Get<object[]>("path"));
    }

    private static void AssertHints(AbiTuple arguments)
    {
        AbiTuple hints = arguments.Get<AbiTuple>("hints");
        Assert.Equal(
            (1ul, 2ul, 3ul),
            (hints.Get<ulong>("loAnchor"), hints.Get<ulong>("hotAnchor"), hints.Get<ulong>("endAnchor"))
        );
    }

    private static AbiTuple Decode(string contract, string function, TransactionRequest request) =>
        PartAbi.Of(contract).Function(function).DecodeInput(request.Data);

    private static string Describe(JsonElement item) =>
        $"{item.GetProperty("type").GetString()} "
        + $"{(item.TryGetProperty("name", out JsonElement name) ? name.GetString() : "")}"
        + (item.TryGetProperty("inputs", out _) ? Types(item, "inputs") : "")
        + (item.TryGetProperty("outputs", out _) ? " -> " + Types(item, "outputs") : "");

    private static string Types(JsonElement item, string list) =>
        "("
        + string.Join(
            ", ",
            item.GetProperty(list)
                .EnumerateArray()
                .Select(value =>
                    $"{(value.TryGetProperty("components", out _) ? Types(value, "components") + value.GetProperty("type").GetString()!["tuple".Length..] : value.GetProperty("type").GetString())}"
                    + $"{(value.TryGetProperty("indexed", out JsonElement indexed) && indexed.GetBoolean() ? " indexed" : "")} {value.GetProperty("name").GetString()}".TrimEnd()
                )
        )
        + ")";
}
