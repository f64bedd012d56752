using System.Text.Json;
using Meeda.Chain.Contract;
using Meeda.Chain.Index;
using Meeda.DevNet;
using Meeda.Ethereum;
using Meeda.Kzg.Commitments;
using Meeda.Kzg.Curves;
using Meeda.Kzg.Fields;
using Meeda.L1.Transactions;
using Meeda.Operator.Anchors;
using Meeda.Operator.Persistence;
using Meeda.Protocol.Proofs;
using Meeda.Testing;
using Meeda.Testing.Abi;
using Xunit;

namespace Meeda.Node.Tests.L1;

/// <summary>
/// The bindings against the compiled contract's ABI: a change in Solidity that C# does not follow fails here (or
/// where an argument does not fit, at once).
/// </summary>
public sealed class MeedaVerifierContractTests
{
    private static readonly ContractAbi Abi = VerifierAbi.Abi;
    private static readonly Address Operator = Address.Parse("0x00000000000000000000000000000000000a11ce");
    private static readonly RangeHints Hints = new(1, 2, 3);
    private static readonly SubmittedProof Proof = new(
        new ProofEvent(7, 8, Keccak256.Hash("tx"u8), Keccak256.Hash("seed"u8)),
        Hints,
        [Padded(G1Point.Generator)],
        Keccak256.Hash("y"u8),
        Padded(G1Point.Infinity)
    );

    private readonly MeedaVerifierContract _contract = new(null!, Operator);

    /// <summary>
    /// Functions, events and errors as text: a change of the contract shows here what the C# side must follow, and
    /// says so by changing the file.
    /// </summary>
    [Fact]
    public void Abi_OfTheContract_IsTheOneThatTheBindingsFollow()
    {
        using JsonDocument artifact = JsonDocument.Parse(
            File.ReadAllBytes(Path.Combine(Repository.Root, "contracts", "abi", "MeedaVerifier.json"))
        );
        IEnumerable<string> actual = artifact
            .RootElement.GetProperty("abi")
            .EnumerateArray()
            .Select(item =>
                $"{item.GetProperty("type").GetString()} "
                + $"{(item.TryGetProperty("name", out JsonElement name) ? name.GetString() : "")}{Types(item, "inputs")}{(item.TryGetProperty("outputs", out _) ? " -> " + Types(item, "outputs") : "")}"
            )
            .Order(StringComparer.Ordinal);
        string file = Path.Combine(Repository.Root, "tests", "Meeda.Node.Tests", "L1", "MeedaVerifierAbi.txt");
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
            "anchor",
            _contract.Anchor([new StoredBatch(default, default, 200_000, commitments, default)])
        );
        var header = (AbiTuple)arguments.Get<object[]>("batches").Single();
        Assert.Equal(
            (200_000ul, 2ul, Address.Zero),
            (header.Get<ulong>("payloadLength"), header.Get<ulong>("blobCount"), header.Get<Address>("rollup"))
        );
        Assert.Equal(commitments, arguments.Get<byte[]>("commitments"));
    }

    [Fact]
    public void SubmitProof_AProof_IsItsParts()
    {
        var proof = new AvailabilityProof([G1Point.Generator], Fr.FromUInt64(5), KzgProof.From(G1Point.Infinity));
        AbiTuple arguments = Decode("submitProof", _contract.SubmitProof(9, Hints, proof));
        Assert.Equal(9ul, arguments.Get<ulong>("epoch"));
        AssertHints(arguments);
        Assert.Equal(Padded(G1Point.Generator), Bytes(arguments.Get<object[]>("partialSums").Single()));
        Assert.Equal(Fr.FromUInt64(5).ToArray(), arguments.Get<Bytes32>("y").ToArray());
        Assert.Equal(new byte[128], Bytes(arguments["proof"]));
    }

    [Fact]
    public void ProveFraud_ARecordedProof_IsBroughtAgainWithItsLeaves()
    {
        Bytes32[] path = [Keccak256.Hash("a"u8), Keccak256.Hash("b"u8)];
        AbiTuple arguments = Decode(
            "proveFraud",
            _contract.ProveFraud(Operator, Proof, 0, [new AnchoredLeaf(4, Compressed(G1Point.Generator), path)])
        );
        Assert.Equal(
            (Operator, 7ul, Proof.Seen.Seed),
            (arguments.Get<Address>("operator"), arguments.Get<ulong>("epoch"), arguments.Get<Bytes32>("seed"))
        );
        AssertHints(arguments);
        Assert.Equal(Proof.PartialSums.Single(), Bytes(arguments.Get<object[]>("partialSums").Single()));
        var leaf = (AbiTuple)arguments.Get<object[]>("leaves").Single();
        Assert.Equal(4ul, leaf.Get<ulong>("anchorIndex"));
        Assert.Equal(Padded(G1Point.Generator), Bytes(leaf["point"]));
        Assert.Equal(path.Cast<object>(), leaf.Get<object[]>("path"));
    }

    [Fact]
    public void ReportMissAndProveInvalidCommitment_TheirArguments_AreInPlace()
    {
        AbiTuple miss = Decode("reportMiss", _contract.ReportMiss(Operator, 3, Hints));
        Assert.Equal((Operator, 3ul), (miss.Get<Address>("operator"), miss.Get<ulong>("epoch")));
        AssertHints(miss);
        byte[] commitment = [.. Enumerable.Range(0, 48).Select(i => (byte)i)];
        byte[] y = [.. Enumerable.Range(0, 64).Select(i => (byte)i)];
        AbiTuple invalid = Decode(
            "proveInvalidCommitment",
            _contract.ProveInvalidCommitment(Operator, 2, 77, commitment, [Bytes32.Zero], y)
        );
        AbiTuple blob = invalid.Get<AbiTuple>("blob");
        Assert.Equal(
            (Operator, 2ul, 77ul),
            (blob.Get<Address>("operator"), blob.Get<ulong>("anchorIndex"), blob.Get<ulong>("position"))
        );
        Assert.Equal(commitment, blob.Get<byte[]>("commitment"));
        Assert.Equal(
            y,
            (byte[])[.. invalid.Get<Bytes32>("yHigh").ToArray(), .. invalid.Get<Bytes32>("yLow").ToArray()]
        );
    }

    [Fact]
    public void Deploy_TheParameters_StandInTheContractsOrder()
    {
        byte[] expected = Abi.Constructor.Encode(
            Convert.FromHexString(MeedaVerifierArtifact.Bytecode.AsSpan(2)),
            [VerifierAbi.InOrder(LocalParameters.Value)]
        );
        Assert.Equal(expected, MeedaVerifierContract.Deploy(LocalParameters.Value).Data);
    }

    private static void AssertHints(AbiTuple arguments)
    {
        AbiTuple hints = arguments.Get<AbiTuple>("hints");
        Assert.Equal(
            (1ul, 2ul, 3ul),
            (hints.Get<ulong>("loAnchor"), hints.Get<ulong>("hotAnchor"), hints.Get<ulong>("endAnchor"))
        );
    }

    private static AbiTuple Decode(string function, TransactionRequest request) =>
        Abi.Function(function).DecodeInput(request.Data);

    private static byte[] Bytes(object point) => [.. ((AbiTuple)point).SelectMany(word => ((Bytes32)word).ToArray())];

    private static byte[] Padded(G1Point point)
    {
        var padded = new byte[G1Point.PaddedLength];
        point.EncodePadded(padded);
        return padded;
    }

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

    private static byte[] Compressed(G1Point point)
    {
        var compressed = new byte[G1Point.CompressedLength];
        point.Encode(compressed);
        return compressed;
    }
}
