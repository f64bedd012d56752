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
using Meeda.Testing.Abi;

namespace Meeda.Node.Tests.Model;

/// <summary>
/// The contracts as far as an operator's services use them, over the real ABIs: accounts, anchors, seeds, proofs and
/// misses. Their states are values, so that a block can be reverted.
/// </summary>
/// <param name="parameters">The deployment's parameters.</param>
/// <param name="system">Their addresses.</param>
/// <param name="chainId">The chain's id, a part of seeds.</param>
/// <param name="blockAt">The hash and the RANDAO mix of an earlier block.</param>
internal sealed class FakeContracts(
    SystemParameters parameters,
    SystemContract system,
    ulong chainId,
    Func<ulong, (Bytes32 Hash, Bytes32 Mix)> blockAt
)
{
    private const int MaxBlobs = 2340;
    private const int MaxCalldata = 120_000;

    // Results, event data and errors, each as a function whose inputs they are: the library encodes inputs only.
    private static readonly ContractAbi Encoders = ReadEncoders();
    private static readonly Lazy<VerificationKey> Key = new(() => new VerificationKey(TrustedSetup.Ethereum));

    private readonly EpochParameters _epochs = parameters.Epochs;

    /// <summary>Whether one of the contracts has that address.</summary>
    public bool Has(Address? address) => NameOf(address) is not null;

    /// <summary>Executes a call.</summary>
    /// <returns>The state after it, its output and its logs.</returns>
    /// <exception cref="FakeRevertException">The contract reverts.</exception>
    public (State State, byte[] Output, IReadOnlyList<FakeLog> Logs) Call(
        State state,
        Address from,
        Address to,
        BigInteger value,
        byte[] data,
        ulong block
    )
    {
        string contract = NameOf(to) ?? throw new FakeRevertException([]);
        string name =
            data.Length >= AbiFunction.SelectorLength
            && Names.TryGetValue(
                contract + Convert.ToHexString(data.AsSpan(0, AbiFunction.SelectorLength)),
                out string? known
            )
                ? known
                : throw new FakeRevertException([]);
        AbiTuple arguments = PartAbi.Of(contract).Function(name).DecodeInput(data);
        return name switch
        {
            "create" => (state, [], []), // the parts stand already
            "register" => Register(state, from, value),
            "stakeFor" => Stake(state, (Address)arguments[0], from, value),
            "setOperatorKey" => SetOperatorKey(state, from, arguments),
            "setPrice" => SetPrice(state, from, arguments),
            "anchor" => Anchor(state, from, arguments, block, data),
            "submitProof" => SubmitProof(state, from, arguments, block),
            "publish" => (state, [], []), // demands are the test's own; here the transaction is what counts
            "reportMiss" => ReportMiss(state, from, arguments, block),
            "proveInvalidCommitment" => ProveInvalidCommitment(state, arguments),
            _ => (state, Encode(name, View(state, name, arguments, block)), []),
        };
    }

    private object[] View(State state, string name, AbiTuple arguments, ulong block) =>
        name switch
        {
            "parameters" => [PartAbi.InOrder(parameters)],
            "getAnchor" => Describe(state, arguments),
            "anchorCount" => [state.Of((Address)arguments[0]).Anchors.Count],
            "stakeOf" => [state.Of((Address)arguments[0]).Stake],
            "creditOf" => [BigInteger.Zero],
            "openDemands" => [BigInteger.Zero],
            "priceOf" => [state.Of((Address)arguments[0]).Price],
            "mixOf" => [state.Mixes.GetValueOrDefault((ulong)arguments[0])],
            "accountEverOf" => [state.Operators.FirstOrDefault(each => each.Value.Key == (Address)arguments[0]).Key],
            "capacity" => Capacity(state.Of((Address)arguments[0]), block),
            "getAccount" => Describe(state.Of((Address)arguments[0])),
            "getEpoch" => Describe(state.Of((Address)arguments[0]).Epochs.GetValueOrDefault((ulong)arguments[1])),
            _ => throw new NotSupportedException($"the fake contracts have no {name} yet"),
        };

    private string? NameOf(Address? address) =>
        address == system.Address ? "MeedaSystem"
        : address == system.Anchors.Address ? "MeedaAnchors"
        : address == system.Verifier.Address ? "MeedaVerifier"
        : address == system.Publication.Address ? "MeedaPublication"
        : address == system.Escrow.Address ? "MeedaEscrow"
        : null;

    private static string[] Parts =>
        ["MeedaSystem", "MeedaAnchors", "MeedaVerifier", "MeedaPublication", "MeedaEscrow"];

    private static Dictionary<string, string> Names { get; } = ReadNames();

    private static byte[] Encode(string function, object[] results) =>
        Encoders.Function(function + "Result").Encode(results)[AbiFunction.SelectorLength..];

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
        Anchor anchor =
            index < anchors.Count ? anchors[index] : throw Revert("NoSuchAnchor", (Address)arguments[0], index);
        return [new object[] { anchor.Root, anchor.FirstBlob, anchor.BlobCount, anchor.BlockNumber, anchor.Expiry }];
    }

    private static object[] Describe(Operator account) =>
        [
            new object[]
            {
                account.Owner,
                0ul,
                Address.Zero,
                (ulong)(account.Key == Address.Zero ? 0 : 1),
                account.Stake,
                BigInteger.Zero,
                account.Key,
                0ul,
                0ul,
                account.IsSlashed,
            },
        ];

    private object[] Capacity(Operator account, ulong block)
    {
        BigInteger most =
            account.Stake < parameters.MinimumStake
                ? 0
                : (account.Stake - parameters.MinimumStake) / parameters.StakePerBlob;
        return [most, new BigInteger(LiveBlobs(account, block))];
    }

    private static ulong LiveBlobs(Operator account, ulong block) =>
        account.Anchors.FirstOrDefault(anchor => anchor.Expiry > block) is { } first
            ? account.Anchors[^1].EndBlob - first.FirstBlob
            : 0;

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

    private static FakeLog Log(
        Address address,
        string contract,
        string name,
        Bytes32[] indexed,
        params object[] data
    ) =>
        new(
            address,
            [PartAbi.Of(contract).Event(name).Topic, .. indexed],
            Encoders.Function(name + "Data").Encode(data)[AbiFunction.SelectorLength..]
        );

    private (State State, byte[] Output, IReadOnlyList<FakeLog> Logs) Register(
        State state,
        Address from,
        BigInteger value
    )
    {
        Require(state.Of(from).Owner == Address.Zero, "AlreadyRegistered", from);
        (State State, byte[] Output, IReadOnlyList<FakeLog> Logs) staked = Stake(
            state.With(from, state.Of(from) with { Owner = from }),
            from,
            from,
            value
        );
        FakeLog registered = Log(system.Anchors.Address, "MeedaAnchors", "Registered", [Topic(from)]);
        return (staked.State, staked.Output, [registered, .. staked.Logs]);
    }

    private (State State, byte[] Output, IReadOnlyList<FakeLog> Logs) Stake(
        State state,
        Address account,
        Address from,
        BigInteger value
    )
    {
        Require(state.Of(account).Owner != Address.Zero, "NoSuchAccount", account);
        BigInteger stake = state.Of(account).Stake + value;
        return (
            state.With(account, state.Of(account) with { Stake = stake }),
            [],
            [Log(system.Anchors.Address, "MeedaAnchors", "Staked", [Topic(account), Topic(from)], value, stake)]
        );
    }

    private static (State State, byte[] Output, IReadOnlyList<FakeLog> Logs) SetOperatorKey(
        State state,
        Address from,
        AbiTuple arguments
    )
    {
        var account = (Address)arguments[0];
        var key = (Address)arguments[1];
        Require(state.Of(account).Owner == from, "NotOwner", from, account);
        Require(key == from, "NoConsent", key); // A signature is the real contract's business.
        return (state.With(account, state.Of(account) with { Key = key }), [], []);
    }

    private static (State State, byte[] Output, IReadOnlyList<FakeLog> Logs) SetPrice(
        State state,
        Address from,
        AbiTuple arguments
    )
    {
        var account = (Address)arguments[0];
        Require(state.Of(account).Owner == from, "NotOwner", from, account);
        return (state.With(account, state.Of(account) with { Price = (BigInteger)arguments[1] }), [], []);
    }

    private (State State, byte[] Output, IReadOnlyList<FakeLog> Logs) Anchor(
        State state,
        Address from,
        AbiTuple arguments,
        ulong block,
        byte[] data
    )
    {
        Require(data.Length <= MaxCalldata, "AnchorTooLarge", data.Length, MaxCalldata);
        Operator account = state.Of(from);
        Require(account.Key == from, "NotOperatorKey", from);
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

        Require(!account.IsSlashed, "AccountSlashed", from);
        BigInteger needed = parameters.MinimumStake + ((LiveBlobs(account, block) + blobs) * parameters.StakePerBlob);
        Require(account.Stake >= needed, "StakeTooLow", account.Stake, needed);
        var index = (uint)account.Anchors.Count;
        ulong firstBlob = index == 0 ? 0 : account.Anchors[^1].EndBlob;
        ulong expiry = block + parameters.Retention;
        BatchId[] ids = IdsOf(batches, commitments);
        var anchor = new Anchor(index, AnchorRoots.Of(commitments, ids).Root, firstBlob, (uint)blobs, block, expiry);
        var logs = new List<FakeLog>();
        ImmutableList<AnchoredBatch> anchored = account.Batches;
        foreach ((AbiTuple batch, BatchId id) in batches.Zip(ids))
        {
            ulong count = batch.Get<ulong>("blobCount");
            logs.Add(
                Log(
                    system.Anchors.Address,
                    "MeedaAnchors",
                    "BatchAnchored",
                    [Topic(from), id.Value, Topic(index)],
                    firstBlob,
                    batch.Get<ulong>("payloadLength"),
                    count,
                    expiry,
                    batch.Get<Address>("rollup")
                )
            );
            anchored = anchored.Add(new AnchoredBatch(id, index, firstBlob, (uint)count));
            firstBlob += count;
        }

        logs.Add(
            Log(
                system.Anchors.Address,
                "MeedaAnchors",
                "Anchored",
                [Topic(from), Topic(index)],
                anchor.Root,
                anchor.FirstBlob,
                (uint)blobs,
                expiry,
                commitments
            )
        );
        return (
            state.With(from, account with { Anchors = account.Anchors.Add(anchor), Batches = anchored }),
            Topic(index).ToArray(),
            logs
        );
    }

    private static BatchId[] IdsOf(AbiTuple[] batches, byte[] commitments)
    {
        var ids = new BatchId[batches.Length];
        int offset = 0;
        for (int i = 0; i < batches.Length; i++)
        {
            int bytes = (int)batches[i].Get<ulong>("blobCount") * KzgCommitment.Length;
            ids[i] = BatchId.Compute((uint)batches[i].Get<ulong>("payloadLength"), commitments.AsSpan(offset, bytes));
            offset += bytes;
        }

        return ids;
    }

    private (State State, byte[] Output, IReadOnlyList<FakeLog> Logs) SubmitProof(
        State state,
        Address from,
        AbiTuple arguments,
        ulong block
    )
    {
        Operator account = state.Of(from);
        AbiTuple given = arguments.Get<AbiTuple>("proof");
        var epoch = given.Get<ulong>("epoch");
        RangeHints hints = HintsOf(given);
        Require(account.Key == from, "NotOperatorKey", from);
        Require(!account.IsSlashed, "AccountSlashed", from);
        Require(block > _epochs.SeedBlockOf(epoch), "SeedNotKnown", epoch, _epochs.SeedBlockOf(epoch));
        Require(block <= _epochs.LastProofBlock(epoch), "ProofWindowOver", epoch, _epochs.LastProofBlock(epoch));
        EpochStatus status = account.Epochs.GetValueOrDefault(epoch)?.Status ?? EpochStatus.None;
        Require(status == EpochStatus.None, "EpochDecided", epoch, (byte)status);
        (state, Bytes32 mix, FakeLog[] recorded) = RecordSeed(state, epoch, arguments.Get<byte[]>("header"));
        EpochSeed seed = EpochSeed.Derive(mix, epoch, from, system.Verifier.Address, chainId);
        Require(given.Get<Bytes32>("seed") == seed.Value, "WrongSeed", given.Get<Bytes32>("seed"), seed.Value);
        LiveRange range = CheckedRange(account, epoch, hints);
        uint chunks = Sampler.ChunkCount(range, parameters.HotSamples, parameters.ColdSamples);
        byte[] sums = given.Get<byte[]>("partialSums");
        int count = sums.Length / PackedPoints.PointLength;
        Require((uint)count == chunks, "WrongPartialSumCount", count, chunks);
        var submitted = new SubmittedProof(
            new ProofEvent(epoch, block, Bytes32.Zero, seed.Value),
            hints,
            sums,
            given.Get<Bytes32>("y"),
            given.Get<byte[]>("opening")
        );
        Require(
            submitted.TryDecode(out AvailabilityProof? proof) && proof.Verify(Key.Value, seed.Challenge()),
            "WrongProof"
        );
        var proven = new Epoch(EpochStatus.Proven, block, hints, Keccak256.Hash([.. seed.Value.ToArray(), .. sums]));
        return (
            state.With(from, account with { Epochs = account.Epochs.SetItem(epoch, proven) }),
            [],
            [
                .. recorded,
                Log(
                    system.Verifier.Address,
                    "MeedaVerifier",
                    "ProofSubmitted",
                    [Topic(from), Topic(epoch)],
                    seed.Value,
                    new object[] { hints.LoAnchor, hints.HotAnchor, hints.EndAnchor },
                    sums,
                    submitted.Y,
                    submitted.Opening
                ),
            ]
        );
    }

    private (State State, Bytes32 Mix, FakeLog[] Logs) RecordSeed(State state, ulong epoch, byte[] header)
    {
        if (state.Mixes.TryGetValue(epoch, out Bytes32 known))
        {
            return (state, known, []);
        }

        Require(header.Length > 0, "SeedNotRecorded", epoch);
        (Bytes32 hash, Bytes32 mix) = blockAt(_epochs.SeedBlockOf(epoch));
        Require(Keccak256.Hash(header) == hash, "WrongHeader", Keccak256.Hash(header), hash);
        return (
            state with
            {
                Mixes = state.Mixes.SetItem(epoch, mix),
            },
            mix,
            [Log(system.Verifier.Address, "MeedaVerifier", "SeedRecorded", [Topic(epoch)], mix)]
        );
    }

    private static RangeHints HintsOf(AbiTuple arguments)
    {
        AbiTuple given = arguments.Get<AbiTuple>("hints");
        return new RangeHints(
            (uint)given.Get<ulong>("loAnchor"),
            (uint)given.Get<ulong>("hotAnchor"),
            (uint)given.Get<ulong>("endAnchor")
        );
    }

    private (State State, byte[] Output, IReadOnlyList<FakeLog> Logs) ReportMiss(
        State state,
        Address from,
        AbiTuple arguments,
        ulong block
    )
    {
        var missing = arguments.Get<Address>("id");
        var epoch = arguments.Get<ulong>("epoch");
        RangeHints hints = HintsOf(arguments);
        Operator account = state.Of(missing);
        Require(block > _epochs.LastProofBlock(epoch), "ProofWindowOpen", epoch, _epochs.LastProofBlock(epoch));
        EpochStatus status = account.Epochs.GetValueOrDefault(epoch)?.Status ?? EpochStatus.None;
        Require(status == EpochStatus.None, "EpochDecided", epoch, (byte)status);
        CheckedRange(account, epoch, hints);
        (state, _, FakeLog[] recorded) = RecordSeed(state, epoch, arguments.Get<byte[]>("header"));
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
            [
                .. recorded,
                Log(
                    system.Verifier.Address,
                    "MeedaVerifier",
                    "MissReported",
                    [Topic(missing), Topic(epoch), Topic(from)],
                    penalty
                ),
            ]
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
        Require(!account.IsSlashed, "AccountSlashed", owner);
        if (G1Point.TryDecode((byte[])leaf[3], out _))
        {
            throw new FakeRevertException([]); // Its errors are the real contract's business.
        }

        return (state.With(owner, account with { IsSlashed = true, Stake = 0 }), [], []);
    }

    /// <summary>The live range that the hints bound.</summary>
    private LiveRange CheckedRange(Operator account, ulong epoch, RangeHints hints)
    {
        return _epochs.LiveRangeAt(epoch, account.Anchors) is var (range, expected) && hints == expected
            ? range
            : throw Revert("WrongRangeHints", hints.LoAnchor, hints.HotAnchor, hints.EndAnchor);
    }

    private static Dictionary<string, string> ReadNames() =>
        Parts
            .SelectMany(part =>
                PartAbi
                    .Json(part)
                    .EnumerateArray()
                    .Where(item => item.GetProperty("type").GetString() == "function")
                    .Select(item => (Part: part, Name: item.GetProperty("name").GetString()!))
            )
            .ToDictionary(
                each => each.Part + Convert.ToHexString(PartAbi.Of(each.Part).Function(each.Name).Selector),
                each => each.Name
            );

    private static ContractAbi ReadEncoders()
    {
        var encoders = new Dictionary<string, JsonNode>();
        foreach (JsonNode item in Parts.SelectMany(part => JsonNode.Parse(PartAbi.Json(part).GetRawText())!.AsArray())!)
        {
            (string suffix, IEnumerable<JsonNode?> fields)? encoder = (string?)item["type"] switch
            {
                "function" => ("Result", item["outputs"]!.AsArray()),
                "event" => ("Data", item["inputs"]!.AsArray().Where(input => !(bool)input!["indexed"]!)),
                "error" => ("", item["inputs"]!.AsArray()),
                _ => null,
            };
            if (encoder is var (suffix, fields))
            {
                string name = (string)item["name"]! + suffix;
                encoders[name] = new JsonObject
                {
                    ["type"] = "function",
                    ["name"] = name,
                    ["inputs"] = new JsonArray([.. fields.Select(field => field!.DeepClone())]),
                    ["outputs"] = new JsonArray(),
                };
            }
        }

        return ContractAbi.Parse(new JsonArray([.. encoders.Values]).ToJsonString(JsonSerializerOptions.Default));
    }

    /// <summary>The contracts' state.</summary>
    public sealed record State(
        ImmutableDictionary<Address, Operator> Operators,
        ImmutableDictionary<ulong, Bytes32> Mixes
    )
    {
        public static State Empty { get; } =
            new(ImmutableDictionary<Address, Operator>.Empty, ImmutableDictionary<ulong, Bytes32>.Empty);

        public Operator Of(Address account) => Operators.GetValueOrDefault(account) ?? Operator.None;

        public State With(Address account, Operator changed) =>
            this with
            {
                Operators = Operators.SetItem(account, changed),
            };

        /// <summary>An account that is its own owner and operator key, with more stake.</summary>
        public State WithStake(Address account, BigInteger wei) =>
            With(account, Of(account) with { Owner = account, Key = account, Stake = Of(account).Stake + wei });
    }

    /// <summary>The state of an operator.</summary>
    public sealed record Operator(
        BigInteger Stake,
        bool IsSlashed,
        ImmutableList<Anchor> Anchors,
        ImmutableList<AnchoredBatch> Batches,
        ImmutableDictionary<ulong, Epoch> Epochs
    )
    {
        public static Operator None { get; } = new(0, false, [], [], ImmutableDictionary<ulong, Epoch>.Empty);

        public Address Owner { get; init; }

        public Address Key { get; init; }

        public BigInteger Price { get; init; }

        /// <summary>The anchors that contain a batch, oldest first.</summary>
        public IEnumerable<Anchor> AnchorsOf(BatchId id) =>
            Batches.Where(batch => batch.Batch == id).Select(batch => Anchors[(int)batch.AnchorIndex]);
    }

    /// <summary>The state of an operator's epoch.</summary>
    public sealed record Epoch(EpochStatus Status, ulong ProvenAt, RangeHints Hints, Bytes32 Record);
}
