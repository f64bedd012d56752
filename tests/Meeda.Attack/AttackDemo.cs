using System.Diagnostics;
using System.Globalization;
using System.Numerics;
using System.Text.Json;
using Meeda.Chain.Contract;
using Meeda.Chain.Index;
using Meeda.DevNet;
using Meeda.Ethereum;
using Meeda.L1.Transactions;
using Meeda.Protocol.Batches;

namespace Meeda.Attack;

/// <summary>
/// For a newcomer: an operator that lies and one that withholds, a light node that catches both, and the cost to each
/// party. Everything happens on a real EVM with the real contract; only the liar is written for the demo.
/// </summary>
internal static class AttackDemo
{
    private const int BatchBytes = 200_000;
    private static readonly BigInteger Gwei = BigInteger.Pow(10, 9);
    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web);

    /// <summary>Runs both.</summary>
    /// <returns>Whether the liar was slashed and the withheld blob appeared on L1.</returns>
    public static async Task<bool> RunAsync(CancellationToken cancellationToken)
    {
        var total = Stopwatch.StartNew();
        Say("Starting a local L1 (anvil, Osaka rules) and the contracts");
        await using Arena arena = await Arena.StartAsync();
        Detail("L1", arena.L1.ToString());
        Detail("contract", arena.System.Address.ToString());
        bool caught = await LieAsync(arena, cancellationToken);
        bool published = await WithholdAsync(arena, cancellationToken);
        Say(
            $"Done in {total.Elapsed.TotalSeconds:0.0} s: "
                + $"{(caught && published ? "the lie was caught, the withheld blob is on L1" : "NOT as it should be")}"
        );
        Console.WriteLine(
            JsonSerializer.Serialize(
                new
                {
                    lieCaught = caught,
                    blobPublished = published,
                    seconds = Math.Round(total.Elapsed.TotalSeconds, 1),
                },
                Json
            )
        );
        return caught && published;
    }

    /// <summary>An operator submits a consistent proof over a commitment that it did not anchor.</summary>
    private static async Task<bool> LieAsync(Arena arena, CancellationToken cancellationToken)
    {
        Say("1. An operator lies");
        Address light = await arena.LightNodeAsync();
        Detail("light node", $"{light} watches L1 and nothing else");
        using TransactionSender account = await arena.OperatorAsync();
        var liar = new LyingOperator(arena, account);
        Detail("operator", $"{liar.Address} stakes {Ether(LocalParameters.OperatorStake)}");
        TransactionReceipt anchor = await liar.AnchorAsync(BatchBytes);
        Detail("anchor", $"{BatchBytes:N0} bytes in block {anchor.BlockNumber}, {anchor.GasUsed:N0} gas");
        BigInteger before = (await arena.System.Anchors.AccountAsync(liar.Address, cancellationToken)).Stake;
        ulong epoch = await liar.ProveAsync(anchor.BlockNumber, lie: true);
        Detail(
            "the lie",
            $"a proof of epoch {epoch} over another commitment than the anchored one: consistent in itself, so "
                + "the contract records it"
        );
        await arena.UntilSlashedAsync(liar.Address);
        AccountState after = await arena.System.Anchors.AccountAsync(liar.Address, cancellationToken);
        await ShowAsync(
            arena,
            arena.System.Verifier.Address,
            ContractArtifact.Verifier,
            "FraudProven",
            "fraud proof",
            cancellationToken
        );
        Detail("stake", $"{Ether(before)} before, {Ether(after.Stake)} after: slashed, and slashed for ever");
        BigInteger credit = await arena.CreditAsync(light);
        Detail("light node", $"is owed {Ether(credit)} by the contract, its part of the stake");
        Detail("burnt", $"{Ether(before - credit)}: what is no reward belongs to nobody");
        return after.IsSlashed && credit > 0;
    }

    /// <summary>An operator keeps a batch but does not serve it.</summary>
    private static async Task<bool> WithholdAsync(Arena arena, CancellationToken cancellationToken)
    {
        Say("2. An operator withholds");
        ulong start = await arena.Client.GetBlockNumberAsync(cancellationToken);
        OperatorNode node = await arena.OperatorNodeAsync();
        BatchId id = await node.PostAsync(BatchBytes / 2);
        await arena.UntilAsync("the batch is anchored", async () => await node.AnchorOfAsync(id) is not null);
        Detail("operator", $"{node.Address} keeps batch {id}, and its API gives nothing of it");
        using var wall = new Wall();
        Address light = await arena.LightNodeAsync(start + 1, (node.Address, wall.Url));
        BigInteger before = await BalanceAsync(arena, light, cancellationToken);
        Detail("light node", $"{light} asks for random cells, with {Ether(before)}");
        DemandEvent? demand = null;
        await arena.UntilAsync(
            "the blob is demanded",
            async () =>
            {
                ulong head = await arena.Client.GetBlockNumberAsync(cancellationToken);
                demand = await arena.System.ReadDemandsAsync(node.Address, 0, head, cancellationToken)
                    is [{ } first, ..]
                    ? first
                    : null;
                return demand is not null;
            }
        );
        await ShowAsync(
            arena,
            arena.System.Publication.Address,
            ContractArtifact.Publication,
            "Demanded",
            "demand",
            cancellationToken
        );
        Detail(
            "deadline",
            $"block {demand!.Deadline}: until then the blob is on L1, or the stake of "
                + $"{Ether(LocalParameters.OperatorStake)} is lost"
        );
        await arena.UntilAsync(
            "the blob is published",
            async () =>
                await arena.System.Publication.DemandStatusAsync(demand.Id, cancellationToken) == DemandStatus.Published
        );
        await ShowAsync(
            arena,
            arena.System.Publication.Address,
            ContractArtifact.Publication,
            "Published",
            "publication",
            cancellationToken
        );
        byte[] blob = await arena.PublishedBlobAsync(
            demand.VersionedHash,
            demand.BlockNumber,
            await arena.Client.GetBlockNumberAsync(cancellationToken)
        );
        bool isWhole = BlobEncoding.TryDecode(blob, out byte[] payload, out _) && payload.Length == BatchBytes / 2;
        Detail("blob", $"{payload.Length:N0} bytes of the batch read from L1, {(isWhole ? "whole" : "NOT whole")}");
        Detail(
            "light node",
            $"spent {Ether(before - await BalanceAsync(arena, light, cancellationToken))}: the bond, of which the "
                + "contract owes what publishing did not cost, and gas"
        );
        Detail("operator", $"is owed {Ether(await arena.CreditAsync(node.Address))}, and keeps its stake");
        return isWhole;
    }

    /// <summary>Shows the newest transaction that emitted an event.</summary>
    private static async Task ShowAsync(
        Arena arena,
        Address contract,
        ContractArtifact artifact,
        string eventName,
        string what,
        CancellationToken cancellationToken
    )
    {
        ulong head = await arena.Client.GetBlockNumberAsync(cancellationToken);
        Bytes32 transaction = (
            await arena.Client.GetLogsAsync(
                [contract],
                [
                    [artifact.Contract.TopicOf(eventName)],
                ],
                0,
                head,
                cancellationToken
            )
        )[^1].TransactionHash;
        TransactionReceipt receipt = (await arena.Client.GetTransactionReceiptAsync(transaction, cancellationToken))!;
        Detail(
            what,
            $"{transaction}, block {receipt.BlockNumber}, {receipt.GasUsed:N0} gas, "
                + $"{Ether(receipt.GasUsed * receipt.EffectiveGasPrice)}"
        );
    }

    private static Task<BigInteger> BalanceAsync(Arena arena, Address account, CancellationToken cancellationToken) =>
        arena.Client.GetBalanceAsync(account, Meeda.L1.Rpc.BlockTag.Latest, cancellationToken);

    private static string Ether(BigInteger wei) =>
        ((decimal)(wei / Gwei) / 1_000_000_000m).ToString("0.######", CultureInfo.InvariantCulture) + " ether";

    private static void Say(string line) => Console.WriteLine(line);

    private static void Detail(string name, string value) => Console.WriteLine($"  {name, -12} {value}");
}
