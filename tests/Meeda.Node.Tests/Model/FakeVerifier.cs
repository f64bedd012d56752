using System.Collections.Immutable;
using System.Numerics;
using System.Text.Json;
using System.Text.Json.Nodes;
using Meeda.Chain.Contract;
using Meeda.Chain.Index;
using Meeda.Ethereum;
using Meeda.Kzg.Commitments;
using Meeda.Kzg.Curves;
using Meeda.Node.Tests.L1;
using Meeda.Protocol.Anchors;
using Meeda.Protocol.Batches;
using Meeda.Protocol.Proofs;
using Meeda.Testing;
using Meeda.Testing.Abi;

namespace Meeda.Node.Tests.Model;

/// <summary>
/// The MeedaVerifier contract as far as an operator's services use it, over the real ABI: stakes, anchors, proofs and
/// misses. Its states are values, so that a block can be taken back.
/// </summary>
/// <param name="parameters">What it was made with.</param>
/// <param name="address">Where it stands.</param>
/// <param name="chainId">The chain's id, a part of seeds.</param>
/// <param name="blockHash">The hash of an earlier block.</param>
internal sealed class FakeVerifier(
    ContractParameters parameters,
    Address address,
    ulong chainId,
    Func<ulong, Bytes32> blockHash
)
{
    private const int MaxBlobs = 4096;

    // Results, event data and errors, each as a function whose inputs they are: the library encodes inputs only.
    private static readonly ContractAbi Encoders = ReadEncoders();
    private static readonly Lazy<VerificationKey> Key = new(() => new VerificationKey(TrustedSetup.Ethereum));

    private readonly EpochParameters _epochs = new(
        parameters.EpochBlocks,
        parameters.HotEpochs,
        parameters.HotSamples,
        parameters.ColdSamples,
        parameters.ProofWindow
    );

    /// <summary>Carries a call out.</summary>
    /// <returns>The state after it, what it answers, and its logs.</returns>
    /// <exception cref="FakeRevertException">The contract refuses.</exception>
    public (State State, byte[] Output, IReadOnlyList<FakeLog> Logs) Call(
        State state,
        Address from,
        BigInteger value,
        byte[] data,
        ulong block
    )
    {
        string name =
            VerifierAbi.Abi is { } abi
            && data.Length >= AbiFunction.SelectorLength
            && Names.TryGetValue(Convert.ToHexString(data.AsSpan(0, AbiFunction.SelectorLength)), out string? known)
                ? known
                : throw new FakeRevertException([]);
        AbiTuple arguments = abi.Function(name).DecodeInput(data);
        return name switch
        {
            "stake" => (
                state.WithStake(from, value),
                [],
                [Log("Staked", [Topic(from)], value, state.Of(from).Stake + value)]
            ),
            "anchor" => Anchor(state, from, arguments, block),
            "submitProof" => SubmitProof(state, from, arguments, block, data),
            "publish" => (state, [], []), // demands are the test's own; here the transaction is what counts
            "reportMiss" => ReportMiss(state, from, arguments, block),
            "proveInvalidCommitment" => ProveInvalidCommitment(state, arguments),
            "parameters" => View(state, name, [(object)VerifierAbi.InOrder(parameters)]),
            "getAnchor" => View(state, name, Describe(state, arguments)),
            "anchorCount" => View(state, name, state.Of((Address)arguments[0]).Anchors.Count),
            "stakeOf" => View(state, name, state.Of((Address)arguments[0]).Stake),
            "creditOf" => View(state, name, BigInteger.Zero),
            "getAccount" => View(
                state,
                name,
                [
                    (object)
                        new object[]
                        {
                            state.Of((Address)arguments[0]).Stake,
                            0ul,
                            0ul,
                            state.Of((Address)arguments[0]).Condemned,
                        },
                ]
            ),
            "getEpoch" => View(
                state,
                name,
                Describe(state.Of((Address)arguments[0]).Epochs.GetValueOrDefault((ulong)arguments[1]))
            ),
            _ => throw new NotSupportedException($"the fake contract has no {name} yet"),
        };
    }

    private static Dictionary<string, string> Names { get; } = ReadNames();

    private static (State State, byte[] Output, IReadOnlyList<FakeLog> Logs) View(
        State state,
        string function,
        params object[] results
    ) => (state, Encoders.Function(function + "Result").Encode(results)[AbiFunction.SelectorLength..], []);

    private static FakeRevertException Revert(string error, params object[] arguments) =>
        new(Encoders.Function(error).Encode(arguments));

    private static void Require(bool condition, string error, params object[] arguments)
    {
        if (!condition)
        {
            throw Revert(error, arguments);
        }
    }

    private static Bytes32 Topic(Address account) => Bytes32.FromBytes([.. new byte[12], .. account.ToArray()]);

    private static Bytes32 Topic(ulong number) =>
        Bytes32.FromBytes([.. new byte[24], .. BitConverter.GetBytes(number).Reverse()]);

    private static object[] Describe(State state, AbiTuple arguments)
    {
        ImmutableList<Anchor> anchors = state.Of((Address)arguments[0]).Anchors;
        var index = (int)(BigInteger)arguments[1];
        Anchor anchor = index < anchors.Count ? anchors[index] : throw new FakeRevertException(Panic(0x32));
        return [new object[] { anchor.Root, anchor.FirstBlob, anchor.BlobCount, anchor.BlockNumber, anchor.Expiry }];
    }

    private static byte[] Panic(byte code) => [0x4e, 0x48, 0x7b, 0x71, .. new byte[31], code];

    private static object[] Describe(Epoch? epoch) =>
        [
            new object[]
            {
                epoch?.Record ?? Bytes32.Zero,
                epoch?.ProvenAt ?? 0,
                (byte)(epoch?.Status ?? EpochStatus.None),
                false,
                epoch?.Hints.LoAnchor ?? 0,
                epoch?.Hints.EndAnchor ?? 0,
            },
        ];

    private FakeLog Log(string name, Bytes32[] indexed, params object[] data) =>
        new(
            address,
            [VerifierAbi.Abi.Event(name).Topic, .. indexed],
            Encoders.Function(name + "Data").Encode(data)[AbiFunction.SelectorLength..]
        );

    private (State State, byte[] Output, IReadOnlyList<FakeLog> Logs) Anchor(
        State state,
        Address from,
        AbiTuple arguments,
        ulong block
    )
    {
        Operator account = state.Of(from);
        Require(!account.Condemned, "Condemned", from);
        Require(account.Stake >= parameters.MinimumStake, "StakeTooLow", account.Stake, parameters.MinimumStake);
        AbiTuple[] batches = [.. arguments.Get<object[]>("batches").Cast<AbiTuple>()];
        byte[] commitments = arguments.Get<byte[]>("commitments");
        Require(batches.Length != 0, "EmptyAnchor");
        ulong blobs = 0;
        for (int i = 0; i < batches.Length; i++)
        {
            ulong length = batches[i].Get<ulong>("payloadLength"),
                given = batches[i].Get<ulong>("blobCount");
            ulong expected = length == 0 ? 0 : (ulong)BlobEncoding.BlobCount((int)length);
            Require(expected != 0 && given == expected, "BatchBlobCount", i, given, expected);
            blobs += expected;
        }

        Require(blobs <= MaxBlobs, "TooManyBlobs", blobs, MaxBlobs);
        Require(
            (ulong)commitments.Length == blobs * KzgCommitment.Length,
            "CommitmentsLength",
            commitments.Length,
            blobs * KzgCommitment.Length
        );

        var index = (uint)account.Anchors.Count;
        ulong firstBlob = index == 0 ? 0 : account.Anchors[^1].EndBlob;
        ulong expiry = block + parameters.Retention;
        var anchor = new Anchor(index, new AnchorTree(commitments).Root, firstBlob, (uint)blobs, block, expiry);
        var logs = new List<FakeLog>
        {
            Log("Anchored", [Topic(from), Topic(index)], anchor.Root, firstBlob, (uint)blobs, expiry, commitments),
        };
        ImmutableList<AnchoredBatch> anchored = account.Batches;
        int offset = 0;
        foreach (AbiTuple batch in batches)
        {
            ulong length = batch.Get<ulong>("payloadLength"),
                count = batch.Get<ulong>("blobCount");
            int bytes = (int)count * KzgCommitment.Length;
            BatchId id = BatchId.Compute((uint)length, commitments.AsSpan(offset, bytes));
            logs.Add(
                Log(
                    "BatchAnchored",
                    [Topic(from), id.Value, Topic(index)],
                    firstBlob,
                    length,
                    count,
                    expiry,
                    batch.Get<Address>("rollup")
                )
            );
            anchored = anchored.Add(new AnchoredBatch(id, index, firstBlob, (uint)count));
            firstBlob += count;
            offset += bytes;
        }

        return (
            state.With(from, account with { Anchors = account.Anchors.Add(anchor), Batches = anchored }),
            Topic(index).ToArray(),
            logs
        );
    }

    private (State State, byte[] Output, IReadOnlyList<FakeLog> Logs) SubmitProof(
        State state,
        Address from,
        AbiTuple arguments,
        ulong block,
        byte[] data
    )
    {
        Operator account = state.Of(from);
        var epoch = arguments.Get<ulong>("epoch");
        AbiTuple given = arguments.Get<AbiTuple>("hints");
        var hints = new RangeHints(
            (uint)given.Get<ulong>("loAnchor"),
            (uint)given.Get<ulong>("hotAnchor"),
            (uint)given.Get<ulong>("endAnchor")
        );
        Require(!account.Condemned, "Condemned", from);
        Require(block > _epochs.BlockOf(epoch), "EpochNotBegun", epoch, _epochs.BlockOf(epoch));
        Require(block <= _epochs.LastProofBlock(epoch), "ProofWindowOver", epoch, _epochs.LastProofBlock(epoch));
        LiveRange range = CheckedRange(account, epoch, hints);
        uint chunks = Sampler.ChunkCount(range, parameters.HotSamples, parameters.ColdSamples);
        object[] sums = arguments.Get<object[]>("partialSums");
        Require((uint)sums.Length == chunks, "WrongPartialSumCount", sums.Length, chunks);
        EpochSeed seed = EpochSeed.Derive(blockHash(_epochs.BlockOf(epoch)), epoch, from, address, chainId);
        var submitted = new SubmittedProof(
            new ProofEvent(epoch, block, Bytes32.Zero, seed.Value),
            hints,
            [.. sums.Select(Padded)],
            arguments.Get<Bytes32>("y"),
            Padded(arguments["proof"])
        );
        Require(
            submitted.TryDecode(out AvailabilityProof? proof) && proof.Verify(Key.Value, seed.Challenge()),
            "WrongProof"
        );
        return (
            state.With(
                from,
                account with
                {
                    Epochs = account.Epochs.SetItem(
                        epoch,
                        new Epoch(EpochStatus.Proven, block, hints, Keccak256.Hash(data))
                    ),
                }
            ),
            [],
            [
                Log(
                    "ProofSubmitted",
                    [Topic(from), Topic(epoch)],
                    seed.Value,
                    new object[] { hints.LoAnchor, hints.HotAnchor, hints.EndAnchor },
                    sums,
                    submitted.Y,
                    arguments["proof"]
                ),
            ]
        );
    }

    private (State State, byte[] Output, IReadOnlyList<FakeLog> Logs) ReportMiss(
        State state,
        Address from,
        AbiTuple arguments,
        ulong block
    )
    {
        var missing = arguments.Get<Address>("operator");
        var epoch = arguments.Get<ulong>("epoch");
        AbiTuple given = arguments.Get<AbiTuple>("hints");
        var hints = new RangeHints(
            (uint)given.Get<ulong>("loAnchor"),
            (uint)given.Get<ulong>("hotAnchor"),
            (uint)given.Get<ulong>("endAnchor")
        );
        Operator account = state.Of(missing);
        Require(block > _epochs.LastProofBlock(epoch), "ProofWindowOpen", epoch, _epochs.LastProofBlock(epoch));
        CheckedRange(account, epoch, hints);
        BigInteger penalty = BigInteger.Min(parameters.MissPenalty, account.Stake);
        return (
            state.With(
                missing,
                account with
                {
                    Stake = account.Stake - penalty,
                    Epochs = account.Epochs.SetItem(epoch, new Epoch(EpochStatus.Missed, 0, hints, Bytes32.Zero)),
                }
            ),
            [],
            [Log("MissReported", [Topic(missing), Topic(epoch), Topic(from)], penalty)]
        );
    }

    private static (State State, byte[] Output, IReadOnlyList<FakeLog> Logs) ProveInvalidCommitment(
        State state,
        AbiTuple arguments
    )
    {
        var leaf = (AbiTuple)arguments[0];
        var owner = (Address)leaf[0];
        Operator account = state.Of(owner);
        Require(!account.Condemned, "Condemned", owner);
        if (G1Point.TryDecode((byte[])leaf[3], out _))
        {
            throw new FakeRevertException([]); // Its errors are the real contract's business.
        }

        return (state.With(owner, account with { Condemned = true, Stake = 0 }), [], []);
    }

    /// <summary>The live range that the hints bound, of an epoch that is not decided.</summary>
    private LiveRange CheckedRange(Operator account, ulong epoch, RangeHints hints)
    {
        EpochStatus status = account.Epochs.GetValueOrDefault(epoch)?.Status ?? EpochStatus.None;
        Require(status == EpochStatus.None, "EpochDecided", epoch, (byte)status);
        return _epochs.LiveRangeAt(epoch, account.Anchors) is var (range, expected) && hints == expected
            ? range
            : throw Revert("WrongRangeHints", hints.LoAnchor, hints.HotAnchor, hints.EndAnchor);
    }

    private static byte[] Padded(object point) => [.. ((AbiTuple)point).SelectMany(word => ((Bytes32)word).ToArray())];

    private static JsonArray Artifact() =>
        JsonNode.Parse(File.ReadAllText(Path.Combine(Repository.Root, "contracts", "abi", "MeedaVerifier.json")))![
            "abi"
        ]!.AsArray();

    private static Dictionary<string, string> ReadNames() =>
        Artifact()
            .Where(item => (string?)item!["type"] == "function")
            .Select(item => (string)item!["name"]!)
            .ToDictionary(name => Convert.ToHexString(VerifierAbi.Abi.Function(name).Selector));

    private static ContractAbi ReadEncoders()
    {
        var encoders = new JsonArray();
        foreach (JsonNode? item in Artifact())
        {
            (string suffix, IEnumerable<JsonNode?> fields)? encoder = (string?)item!["type"] switch
            {
                "function" => ("Result", item["outputs"]!.AsArray()),
                "event" => ("Data", item["inputs"]!.AsArray().Where(input => !(bool)input!["indexed"]!)),
                "error" => ("", item["inputs"]!.AsArray()),
                _ => null,
            };
            if (encoder is var (suffix, fields))
            {
                encoders.Add(
                    new JsonObject
                    {
                        ["type"] = "function",
                        ["name"] = (string)item["name"]! + suffix,
                        ["inputs"] = new JsonArray([.. fields.Select(field => field!.DeepClone())]),
                        ["outputs"] = new JsonArray(),
                    }
                );
            }
        }

        return ContractAbi.Parse(encoders.ToJsonString(JsonSerializerOptions.Default));
    }

    /// <summary>What the contract knows.</summary>
    public sealed record State(ImmutableDictionary<Address, Operator> Operators)
    {
        public static State Empty { get; } = new(ImmutableDictionary<Address, Operator>.Empty);

        public Operator Of(Address account) => Operators.GetValueOrDefault(account) ?? Operator.None;

        public State With(Address account, Operator changed) => new(Operators.SetItem(account, changed));

        public State WithStake(Address account, BigInteger wei) =>
            With(account, Of(account) with { Stake = Of(account).Stake + wei });
    }

    /// <summary>What it knows of an operator.</summary>
    public sealed record Operator(
        BigInteger Stake,
        bool Condemned,
        ImmutableList<Anchor> Anchors,
        ImmutableList<AnchoredBatch> Batches,
        ImmutableDictionary<ulong, Epoch> Epochs
    )
    {
        public static Operator None { get; } = new(0, false, [], [], ImmutableDictionary<ulong, Epoch>.Empty);

        /// <summary>The anchors that hold a batch, oldest first.</summary>
        public IEnumerable<Anchor> AnchorsOf(BatchId id) =>
            Batches.Where(batch => batch.Batch == id).Select(batch => Anchors[(int)batch.AnchorIndex]);
    }

    /// <summary>What it knows of an epoch of an operator.</summary>
    public sealed record Epoch(EpochStatus Status, ulong ProvenAt, RangeHints Hints, Bytes32 Record);
}
