using System.Globalization;
using Meeda.Chain.Contract;
using Meeda.Chain.Index;
using Meeda.DevNet;
using Meeda.Ethereum;
using Meeda.Kzg.Commitments;
using Meeda.Kzg.Curves;
using Meeda.L1.Rpc;
using Meeda.L1.Signing;
using Meeda.L1.Transactions;
using Meeda.Operator.Anchors;
using Meeda.Operator.Persistence;
using Meeda.Protocol.Batches;
using Meeda.Protocol.Proofs;
using Meeda.Testing;
using Xunit;

namespace Meeda.Node.Tests.Model;

/// <summary>
/// Compares the chain in memory with a real EVM and the real contract: both get the same calls and must return the same
/// results.
/// </summary>
public sealed class FakeChainTests
{
    private static readonly SystemParameters Parameters = LocalParameters.Value with
    {
        Retention = 80,
        AnchorGrace = 32,
        MissPenalty = LocalParameters.Value.MinimumStake / 16,
    };
    private static readonly PrivateKeySigner Operator = PrivateKeySigner.FromHex(Anvil.FundedKey);
    private static readonly CancellationToken None = CancellationToken.None;
    private static readonly CommitmentKey Key = new(TrustedSetup.Ethereum);
    private static readonly byte[] Payload = [.. Enumerable.Range(0, 1000).Select(i => (byte)i)];

    [SkippableFact]
    public async Task Answers_WhateverIsDone_AreThoseOfAnvilWithTheRealContract()
    {
        await using Anvil anvil = await Anvil.StartAsync("--no-mining");
        using var http = new HttpClient { BaseAddress = anvil.Rpc };
        var real = new RealSide(new JsonRpcClient(http));
        IReadOnlyList<string> expected = await TranscribeAsync(real);
        IReadOnlyList<string> actual = await TranscribeAsync(
            new FakeSide(new FakeChain(Parameters, contract: real.Contract))
        );
        Assert.Equal(expected, actual);
    }

    /// <summary>Makes all calls to compare.</summary>
    /// <returns>The results, one line per call.</returns>
    private static async Task<IReadOnlyList<string>> TranscribeAsync(Side side)
    {
        var lines = new List<string>();
        var client = new EthereumClient(side.Rpc);
        ulong nonce = 0;

        // The contract and its stake.
        await side.SendAsync(nonce++, SystemContract.Deploy(Parameters), gas: 15_000_000);
        await side.MineAsync(1);
        if (side is RealSide real)
        {
            real.Contract = (await client.GetTransactionReceiptAsync(side.LastSent, None))!.ContractAddress!.Value;
        }

        var contract = new SystemContract(client, side.Contract);
        foreach (TransactionRequest part in contract.CreateParts())
        {
            await side.SendAsync(nonce++, part, gas: 15_000_000);
            await side.MineAsync(1);
        }

        lines.Add(
            $"code {(await side.Rpc.CallAsync("eth_getCode", [side.Contract.ToString(), "latest"], None)).GetString()!.Length > 2}"
        );
        StoredBatch batch = Batch(),
            other = batch with { PayloadLength = 999 };
        await TellCallAsync("anchor without a stake", contract.Anchors.Anchor([batch], 0));
        await side.SendAsync(nonce++, contract.Anchors.Register(LocalParameters.OperatorStake));
        await TellCountsAsync("stake waits");
        await side.MineAsync(1);
        await TellCountsAsync("stake mined");
        await TellReceiptAsync("stake", withData: false);
        await TellCallAsync("anchor without a key", contract.Anchors.Anchor([batch], 0));
        await side.SendAsync(nonce++, contract.Anchors.SetOperatorKey(Operator.Address, Operator.Address));
        await side.MineAsync(1);
        await TellCallAsync("price of a stranger's account", contract.Escrow.SetPrice(contract.Address, 5));
        lines.Add($"no price {await contract.Escrow.PriceAsync(Operator.Address, None)}");
        await side.SendAsync(nonce++, contract.Escrow.SetPrice(Operator.Address, 1_000));
        await side.MineAsync(1);
        lines.Add($"price {await contract.Escrow.PriceAsync(Operator.Address, None)}");
        lines.Add($"capacity {await contract.Anchors.CapacityAsync(Operator.Address, 0, None)}");
        lines.Add(
            $"account {await contract.Anchors.AccountAsync(Operator.Address, None)}, parameters "
                + $"{await contract.EpochParametersAsync(None)}, publish window "
                + $"{(await contract.ParametersAsync(None)).PublishWindow}"
        );

        // Calls that the contract rejects.
        await TellCallAsync("empty anchor", contract.Anchors.Anchor([], 0));
        await TellCallAsync("wrong blob count", contract.Anchors.Anchor([batch with { PayloadLength = 200_000 }], 0));
        await TellCallAsync("no payload", contract.Anchors.Anchor([batch with { PayloadLength = 0 }], 0));
        await TellCallAsync(
            "too short commitments",
            contract.Anchors.Anchor(
                [
                    batch with
                    {
                        PayloadLength = 200_000,
                        Commitments = [.. batch.Commitments, .. batch.Commitments],
                    },
                    batch with
                    {
                        Commitments = [],
                    },
                ],
                0
            )
        );
        await TellCallAsync("no such function", new TransactionRequest(side.Contract, [1, 2, 3, 4]));
        lines.Add(
            $"no anchor yet {await RefusalAsync(() => contract.Anchors.GetAnchorAsync(Operator.Address, 0, None))}"
        );

        // Anchors, replaced and repeated ones.
        byte[] first = await side.SendAsync(nonce, contract.Anchors.Anchor([batch, other], 0));
        lines.Add($"known already {await RefusalAsync(() => client.SendRawTransactionAsync(first, None)) != ""}");
        lines.Add(
            "too cheap a replacement "
                + $"{await RefusalAsync(() => side.SendAsync(nonce, contract.Anchors.Anchor([batch], 0), fee: 3_900_000_000)) != ""}"
        );
        Bytes32 replaced = side.LastSent;
        await side.SendAsync(nonce++, contract.Anchors.Anchor([batch, other], 0), fee: 8_000_000_000);
        lines.Add($"replaced {await client.GetTransactionAsync(replaced, None) is null}");
        await TellCountsAsync("anchor waits");
        Transaction waiting = (await client.GetTransactionAsync(side.LastSent, None))!;
        lines.Add($"waiting {waiting.From} {waiting.To} {waiting.Nonce} {waiting.Input.Length} {waiting.BlockNumber}");
        await TellReceiptAsync("anchor waits");
        await side.MineAsync(1);
        await TellReceiptAsync("anchor");
        lines.Add($"a used nonce {await RefusalAsync(() => client.SendRawTransactionAsync(first, None)) != ""}");
        lines.Add($"anchor 0 {await contract.Anchors.GetAnchorAsync(Operator.Address, 0, None)}");
        await TellEventsAsync();
        lines.Add(
            $"holders {string.Join(", ", await contract.ReadHoldersAsync(batch.Id, 0, 100, None))}, of nothing "
                + $"{(await contract.ReadHoldersAsync(default, 0, 100, None)).Count}"
        );

        // A transaction that reverts in its block, and a nonce too far ahead.
        await side.SendAsync(nonce++, contract.Anchors.Anchor([], 0));
        await side.SendAsync(nonce + 1, contract.Anchors.Anchor([batch], 0));
        await TellCountsAsync("a gap");
        await side.MineAsync(1);
        lines.Add($"behind a gap {(await client.GetTransactionAsync(side.LastSent, None))?.BlockNumber}");
        await side.SendAsync(nonce, contract.Anchors.Anchor([other], 0));
        nonce += 2;
        await TellCountsAsync("no gap");
        await side.MineAsync(2);
        await TellCountsAsync("all mined");
        await TellEventsAsync();

        // A proof of an epoch, and an invalid one.
        ulong epoch = ((await client.GetBlockNumberAsync(None)) / Parameters.EpochBlocks) + 1;
        await side.MineAsync((int)(Parameters.Epochs.SeedBlockOf(epoch) - await client.GetBlockNumberAsync(None)));
        TransactionRequest proof = await ProofAsync(client, contract, epoch, batch.Commitments);
        await side.MineAsync(1);
        byte[] broken = [.. proof.Data];
        broken[^1] ^= 1;
        lines.Add(
            $"a broken proof {await RefusalAsync(() => client.CallAsync(Operator.Address, new TransactionRequest(side.Contract, broken), 10_000_000, BlockTag.Latest, None)) != ""}"
        );
        await TellCallAsync(
            "another epoch",
            contract.Verifier.SubmitProof(
                epoch + 9,
                default,
                default,
                new AvailabilityProof([], default, KzgProof.From(G1Point.Infinity)),
                null
            )
        );
        await side.SendAsync(nonce++, proof, gas: 5_000_000);
        await side.MineAsync(1);
        await TellReceiptAsync("proof", withData: false);
        lines.Add(
            $"epoch {await contract.Verifier.EpochStatusAsync(Operator.Address, epoch, None)}, next "
                + $"{await contract.Verifier.EpochStatusAsync(Operator.Address, epoch + 1, None)}"
        );
        await TellCallAsync("proven twice", proof);

        // A reorganisation removes the proof; final blocks are far below.
        await side.ReorganiseAsync(2);
        await TellCountsAsync("reorganised");
        await TellReceiptAsync("reorganised");
        lines.Add(
            $"epoch {await contract.Verifier.EpochStatusAsync(Operator.Address, epoch, None)}, beyond the head "
                + $"{await client.GetBlockAsync(BlockTag.Number(10_000), None) is null}"
        );
        await TellEventsAsync();
        await side.MineAsync(70);
        foreach (BlockTag tag in (BlockTag[])[BlockTag.Latest, BlockTag.Finalized, BlockTag.Safe, BlockTag.Number(5)])
        {
            Block block = (await client.GetBlockAsync(tag, None))!;
            lines.Add(
                $"{tag}: {block.Number}, on its parent "
                    + $"{(await client.GetBlockAsync(BlockTag.Number(block.Number - 1), None))!.Hash == block.ParentHash}"
            );
        }

        return lines;

        async Task TellCountsAsync(string when) =>
            lines.Add(
                $"{when}: {await client.GetTransactionCountAsync(Operator.Address, BlockTag.Latest, None)} of "
                    + $"{await client.GetTransactionCountAsync(Operator.Address, BlockTag.Pending, None)} at "
                    + $"{await client.GetBlockNumberAsync(None)}"
            );

        async Task TellCallAsync(string what, TransactionRequest request)
        {
            lines.Add(
                $"{what}: {await RefusalAsync(() => client.CallAsync(Operator.Address, request, 10_000_000, BlockTag.Latest, None))}"
            );
            lines.Add(
                $"{what}, estimated: "
                    + $"{await RefusalAsync(() => client.EstimateGasAsync(Operator.Address, request, None))}"
            );
        }

        // The proof covers a block hash, which differs between the chains.
        async Task TellReceiptAsync(string what, bool withData = true)
        {
            TransactionReceipt? receipt = await client.GetTransactionReceiptAsync(side.LastSent, None);
            lines.Add(
                receipt is null
                    ? $"{what}: no receipt"
                    : $"{what}: {(withData ? receipt.TransactionHash : "its transaction")} in "
                        + $"{receipt.BlockNumber}, {receipt.Succeeded}, of the block "
                        + $"{receipt.BlockHash == (await client.GetBlockAsync(BlockTag.Number(receipt.BlockNumber), None))!.Hash}"
            );
            lines.AddRange(
                receipt?.Logs.Select(log =>
                    $"  {log.Address} {log.LogIndex} {string.Join(' ', log.Topics)} "
                    + $"{(withData ? Convert.ToHexStringLower(log.Data) : log.Data.Length)}"
                )
                    ?? []
            );
        }

        async Task TellEventsAsync()
        {
            OperatorEvents events = await contract.ReadEventsAsync(
                Operator.Address,
                0,
                await client.GetBlockNumberAsync(None),
                None
            );
            lines.AddRange(
                events.Anchors.Select(seen =>
                    $"  {seen.Anchor} {seen.TransactionHash} {string.Join(", ", seen.Batches)}"
                )
            );
            lines.AddRange(events.Proofs.Select(seen => $"  {seen.Seen.Epoch} in {seen.Seen.BlockNumber}"));
        }
    }

    private static StoredBatch Batch()
    {
        var blob = new byte[Blob.ByteLength];
        BlobEncoding.EncodeBlob(Payload, 0, blob);
        var commitment = new byte[KzgCommitment.Length];
        Key.Commit(blob).Encode(commitment);
        return new StoredBatch(
            BatchId.Compute((uint)Payload.Length, commitment),
            default,
            (uint)Payload.Length,
            commitment,
            default
        );
    }

    /// <summary>A valid proof: every blob of every anchor is the same.</summary>
    private static async Task<TransactionRequest> ProofAsync(
        EthereumClient client,
        SystemContract contract,
        ulong epoch,
        byte[] commitment
    )
    {
        EpochParameters parameters = await contract.EpochParametersAsync(None);
        IReadOnlyList<AnchorEvent> anchors = (
            await contract.ReadEventsAsync(Operator.Address, 0, await client.GetBlockNumberAsync(None), None)
        ).Anchors;
        (LiveRange range, RangeHints hints) = parameters
            .LiveRangeAt(epoch, [.. anchors.Select(seen => seen.Anchor)])!
            .Value;
        ulong seedBlock = parameters.SeedBlockOf(epoch);
        Block block = (await client.GetBlockAsync(BlockTag.Number(seedBlock), None))!;
        EpochSeed seed = EpochSeed.Derive(
            block.PrevRandao!.Value,
            epoch,
            Operator.Address,
            contract.Verifier.Address,
            await client.GetChainIdAsync(None)
        );
        Sample[] samples = Sampler.Draw(seed, range, parameters.HotSamples, parameters.ColdSamples);
        var blob = new byte[Blob.ByteLength];
        BlobEncoding.EncodeBlob(Payload, 0, blob);
        var combination = new BlobCombination();
        foreach (Sample sample in samples)
        {
            combination.Add(blob, sample.Weight);
        }

        Assert.True(G1Point.TryDecode(commitment, out G1Point point));
        KzgProof proof = combination.Open(Key, seed.Challenge(), out Kzg.Fields.Fr y);
        return contract.Verifier.SubmitProof(
            epoch,
            seed,
            hints,
            new AvailabilityProof(AvailabilityProof.SumCommitments(samples, _ => point), y, proof),
            await client.GetBlockHeaderAsync(seedBlock, None)
        );
    }

    /// <summary>The error's data in hex; <c>refused</c> if it has none; empty if there is no error.</summary>
    private static async Task<string> RefusalAsync(Func<Task> ask)
    {
        try
        {
            await ask();
            return "";
        }
        catch (JsonRpcException refused)
        {
            return refused.RevertData.Length == 0 ? "refused" : Convert.ToHexStringLower(refused.RevertData);
        }
    }

    /// <summary>One of the two chains.</summary>
    private abstract class Side
    {
        public abstract JsonRpc Rpc { get; }

        public abstract Address Contract { get; set; }

        public Bytes32 LastSent { get; private set; }

        public abstract Task MineAsync(int blocks);

        public abstract Task ReorganiseAsync(int depth);

        /// <summary>Signs and submits a transaction.</summary>
        public async Task<byte[]> SendAsync(
            ulong nonce,
            TransactionRequest request,
            ulong gas = 1_000_000,
            long fee = 4_000_000_000
        )
        {
            byte[] signed = new FeeMarketTransaction(
                31_337,
                nonce,
                fee / 4,
                fee,
                gas,
                request.To,
                request.Value,
                request.Data
            ).Sign(Operator);
            LastSent = await new EthereumClient(Rpc).SendRawTransactionAsync(signed, None);
            return signed;
        }
    }

    private sealed class RealSide(JsonRpcClient rpc) : Side
    {
        public override JsonRpc Rpc => rpc;

        public override Address Contract { get; set; }

        public override Task MineAsync(int blocks) =>
            rpc.CallAsync("anvil_mine", [string.Create(CultureInfo.InvariantCulture, $"0x{blocks:x}")], None);

        public override Task ReorganiseAsync(int depth) =>
            rpc.CallAsync("anvil_reorg", [depth, Array.Empty<object>()], None);
    }

    private sealed class FakeSide(FakeChain chain) : Side
    {
        public override JsonRpc Rpc => chain;

        public override Address Contract
        {
            get => chain.Contract;
            set => throw new NotSupportedException();
        }

        public override Task MineAsync(int blocks)
        {
            chain.Mine(blocks);
            return Task.CompletedTask;
        }

        public override Task ReorganiseAsync(int depth)
        {
            chain.Reorganise(depth, forget: true);
            return Task.CompletedTask;
        }
    }
}
