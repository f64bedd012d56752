using System.Net;
using System.Numerics;
using System.Security.Cryptography;
using System.Text.Json;
using Meeda.Attack;
using Meeda.Chain.Contract;
using Meeda.Chain.Payments;
using Meeda.Client;
using Meeda.DevNet;
using Meeda.Ethereum;
using Meeda.L1.Rpc;
using Meeda.L1.Signing;
using Meeda.L1.Transactions;
using Meeda.Protocol.Anchors;
using Meeda.Protocol.Batches;
using Meeda.Protocol.Proofs;
using Meeda.Protocol.Signatures;
using Xunit;

namespace Meeda.EndToEnd.Tests;

/// <summary>
/// Two rollups that pay an operator, on anvil: charges, settlements, refunds and balances to the wei. The operator's
/// account is owned by another key than its operator key, which receives what is earned and sends nothing.
/// </summary>
public sealed class PaymentTests : IAsyncDisposable
{
    private const int PayloadLength = 3_000;
    private const long Price = 1_000;
    private static readonly BigInteger Ether = BigInteger.Pow(10, 18);

    private static readonly SystemParameters Parameters = LocalParameters.Value with
    {
        ChallengeWindow = 8,
        Retention = 64,
        AnchorGrace = 8,
        EscrowNotice = 8,
        MissPenalty = LocalParameters.Value.MinimumStake / 16,
        MissReward = LocalParameters.Value.MinimumStake / 100,
    };

    private static readonly BigInteger BatchCost = (BigInteger)Price * PayloadLength * Parameters.Retention;

    private Arena _arena = null!;
    private OperatorNode _node = null!;
    private Address _account;

    public async ValueTask DisposeAsync()
    {
        if (_node is not null)
        {
            await _node.DisposeAsync();
        }

        if (_arena is not null)
        {
            await _arena.DisposeAsync();
        }
    }

    private EscrowContract Escrow => _arena.System.Escrow;

    [SkippableFact]
    public async Task Two_rollups_of_which_one_runs_dry_are_charged_settled_and_refunded_to_the_wei()
    {
        _arena = await Arena.StartAsync(Parameters);
        await StartOperatorAsync();
        BigInteger ownersEther = await EtherAsync(_account);
        using TransactionSender rich = await RollupAsync(BatchCost * 10);
        using TransactionSender poor = await RollupAsync(BatchCost * 2);
        string richKey = await TenantAsync("rich", rich.Address),
            poorKey = await TenantAsync("poor", poor.Address);

        for (int i = 0; i < 2; i++)
        {
            await StoredAsync(richKey);
            await StoredAsync(poorKey);
        }

        // The poor rollup's money is promised, whether its batches are anchored already or not.
        await RefusedAsync(poorKey);
        await StoredAsync(richKey);
        await _arena.UntilAsync("all batches are charged", async () => (await ChargesAsync(rich, poor)).Count == 5);
        await RefusedAsync(poorKey);
        Assert.Equal(
            $"{await Escrow.BalanceAsync(poor.Address, _account, default)}",
            (await StatusAsync(poorKey)).GetProperty("escrows")[0].GetProperty("balance").GetString()
        );

        // Every charge is what the protocol says, and the balances are what is left.
        await AssertChargedAsync(rich, BatchCost * 10, batches: 3);
        await AssertChargedAsync(poor, BatchCost * 2, batches: 2);

        // The operator proves epochs, settles and claims by itself; then it stops for good.
        await _arena.UntilAsync(
            "earnings are paid out to the owner",
            async () => await EtherAsync(_account) > ownersEther
        );
        await _node.StopAsync();
        await EndAsync(rich.Address, poor.Address);

        // Every part of every charge is with the owner or back with its rollup, and the rest is the balances.
        BigInteger charged = await SumAsync(rich) + await SumAsync(poor);
        BigInteger earned = await EtherAsync(_account) - ownersEther;
        BigInteger refunded =
            await Escrow.CreditAsync(rich.Address, default) + await Escrow.CreditAsync(poor.Address, default);
        Assert.True(refunded > 0);
        Assert.Equal(charged, earned + refunded);
        Assert.Equal(
            await Escrow.BalanceAsync(rich.Address, _account, default)
                + await Escrow.BalanceAsync(poor.Address, _account, default)
                + refunded,
            await EtherAsync(Escrow.Address)
        );
    }

    /// <summary>A rollup that sets no standing limit pays for the batches that it orders, and for no other.</summary>
    [SkippableFact]
    public async Task A_rollup_without_a_limit_pays_by_signed_orders()
    {
        _arena = await Arena.StartAsync(Parameters with { Retention = 640 });
        BigInteger cost = (BigInteger)Price * PayloadLength * 640;
        await StartOperatorAsync(("Meeda:Payments:MinOrderBlocks", "64"));
        (Address rollup, string keyFile) = await _arena.AccountKeyAsync();
        using TransactionSender sender = _arena.SenderOf(keyFile);
        await sender.SendAsync(Escrow.Deposit(_account, new EscrowLimits(Price, 0), cost * 10), default);
        string key = await TenantAsync("ordering", rollup);
        (string file, byte[] batch) = await BatchFileAsync("batch");
        (string otherFile, _) = await BatchFileAsync("other");

        await AnswerAsync(key, batch, null, HttpStatusCode.PaymentRequired, "an epoch without orders");
        await AnswerAsync(key, batch, "1 2", HttpStatusCode.BadRequest, "Meeda-Order: three parts");
        string other = await OrderAsync(otherFile, keyFile);
        await AnswerAsync(key, batch, other, HttpStatusCode.BadRequest, $"expected is {rollup}");
        string soon = await OrderAsync(file, keyFile, "--blocks", "32");
        await AnswerAsync(key, batch, soon, HttpStatusCode.BadRequest, "MinOrderBlocks");
        string mean = await OrderAsync(file, keyFile, "--max-cost", $"{cost - 1}wei");
        await AnswerAsync(key, batch, mean, HttpStatusCode.PaymentRequired, $"costs {cost} wei, and 1 wei are missing");
        string order = await OrderAsync(file, keyFile);
        string dearer = order.Replace($"{cost}", $"{cost + 1}", StringComparison.Ordinal);
        await AnswerAsync(key, batch, dearer, HttpStatusCode.BadRequest, "signed an order");
        string unpaid = await TenantAsync("unpaid", rollup: null);
        await AnswerAsync(unpaid, batch, order, HttpStatusCode.BadRequest, "no rollup pays");
        Assert.Empty(await ChargesAsync(sender));

        // Orders that the poster did not sign cost commitments: their key pauses, and no other.
        string careless = await TenantAsync("careless", rollup);
        for (int i = 0; i < 3; i++)
        {
            await AnswerAsync(careless, batch, other, HttpStatusCode.BadRequest, $"expected is {rollup}");
        }

        await AnswerAsync(careless, batch, order, HttpStatusCode.TooManyRequests, "were not signed");
        await AnswerAsync(key, batch, order, HttpStatusCode.OK, "");
        await _arena.UntilAsync("the batch is charged", async () => (await ChargesAsync(sender)).Count == 1);
        BigInteger charged = await SumAsync(sender);
        Assert.InRange(charged, cost - 1_000, cost);
        Assert.Equal(charged, await SpentByOrdersAsync(rollup, batch));

        // A put that is sent again, whose anchor is recent, costs nothing and needs no more of the order.
        await AnswerAsync(key, batch, order, HttpStatusCode.OK, "");

        // A renewal costs what is left of the maximum over all anchors, or needs an order with a higher one.
        ulong later = await _arena.Client.GetBlockNumberAsync(default) + 20;
        await _arena.MineToAsync(later);
        await _arena.UntilAsync(
            "the operator has followed",
            async () => (await StatusAsync(key)).GetProperty("l1Block").GetUInt64() >= later
        );
        await AnswerAsync(key, batch, order, HttpStatusCode.PaymentRequired, $"of which {charged} are spent");
        order = await OrderAsync(file, keyFile, "--max-cost", $"{cost * 2}wei");
        await AnswerAsync(key, batch, order, HttpStatusCode.OK, "");
        await _arena.UntilAsync("the renewal is charged", async () => (await ChargesAsync(sender)).Count == 2);
        Assert.Equal(await SumAsync(sender), await SpentByOrdersAsync(rollup, batch));
        Assert.True(await SumAsync(sender) > charged);

        // Where there is no price, there is nothing to order.
        (int unpriced, _, string reason) = await RunOrderAsync(file, keyFile, Address.Zero);
        Assert.Equal(1, unpriced);
        Assert.Contains("has set no price", reason, StringComparison.Ordinal);

        // A poster that leaves signs nothing new.
        await sender.SendAsync(Escrow.SetPoster(_account), default);
        order = await OrderAsync(otherFile, keyFile);
        await AnswerAsync(
            key,
            await File.ReadAllBytesAsync(otherFile),
            order,
            HttpStatusCode.BadRequest,
            $"expected is {_account}, once it is the poster"
        );
        await _arena.MineToAsync(await _arena.Client.GetBlockNumberAsync(default) + Parameters.EscrowNotice + 1);
        (int exitCode, _, string error) = await RunOrderAsync(otherFile, keyFile, _account);
        Assert.Equal(1, exitCode);
        Assert.Contains($"{_account} signs the orders of {rollup}", error, StringComparison.Ordinal);
    }

    private async Task<(string File, byte[] Batch)> BatchFileAsync(string name)
    {
        string file = Path.Combine(_arena.Folder, name);
        byte[] batch = RandomNumberGenerator.GetBytes(PayloadLength);
        await File.WriteAllBytesAsync(file, batch);
        return (file, batch);
    }

    private Task<(int ExitCode, string Output, string Error)> RunOrderAsync(
        string file,
        string keyFile,
        Address account,
        params string[] options
    ) =>
        CommandLine.RunAsync(
            _arena.Folder,
            [
                "escrow",
                "order",
                file,
                "--operator",
                $"{account}",
                "--key-file",
                keyFile,
                "--rpc",
                $"{_arena.L1}",
                "--contract",
                $"{_arena.System.Address}",
                .. options,
            ]
        );

    private async Task<string> OrderAsync(string file, string keyFile, params string[] options)
    {
        (int exitCode, string order, string error) = await RunOrderAsync(file, keyFile, _account, options);
        Assert.True(exitCode == 0, error);
        return order.Trim();
    }

    private async Task AnswerAsync(string key, byte[] batch, string? order, HttpStatusCode status, string text)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, new Uri($"t/{key}/put", UriKind.Relative))
        {
            Content = new ByteArrayContent(batch),
        };
        if (order is not null)
        {
            request.Headers.Add(SignedOrder.HeaderName, order);
        }

        using HttpResponseMessage answer = await _node.Http.SendAsync(request);
        string body = await answer.Content.ReadAsStringAsync();
        Assert.True(answer.StatusCode == status, $"{answer.StatusCode}: {body}");
        Assert.Contains(text, body, StringComparison.Ordinal);
    }

    private Task<BigInteger> SpentByOrdersAsync(Address rollup, byte[] batch) =>
        Escrow.SpentByOrdersAsync(rollup, _account, new BatchId(MeedaClient.Compute(batch).Hash), default);

    /// <summary>An operator whose account another key owns.</summary>
    private async Task StartOperatorAsync(params (string Name, string Value)[] settings)
    {
        using TransactionSender owner = await _arena.AccountAsync();
        (Address key, string keyFile) = await _arena.AccountKeyAsync();
        _account = owner.Address;
        var domain = new ContractDomain(await _arena.Client.GetChainIdAsync(default), _arena.System.Anchors.Address);
        (Bytes32 r, Bytes32 vs) = PrivateKeySigner
            .FromFile(keyFile)
            .Sign(new OperatorKeyConsent(_account, key, 0).Digest(domain))
            .ToCompact();
        await owner.SendAsync(_arena.System.Anchors.Register(LocalParameters.OperatorStake), default);
        await owner.SendAsync(_arena.System.Anchors.SetOperatorKey(_account, key, r, vs), default);
        await owner.SendAsync(Escrow.SetPrice(_account, Price), default);
        _node = await OperatorNode.StartAsync(
            _account,
            keyFile,
            Path.Combine(_arena.Folder, "paid"),
            _arena.L1,
            _arena.System.Address,
            new Dictionary<string, string?>(
                settings.Select(each => KeyValuePair.Create(each.Name, (string?)each.Value))
            )
            {
                ["Meeda:L1:Account"] = $"{_account}",
                ["Meeda:Payments:Interval"] = "300ms",
                ["Meeda:Payments:CollectAbove"] = "0.000000000000000001",
            }
        );

        // Its folder is bound to the account, and another start with the same settings is the same operator.
        await _node.StopAsync();
        await _node.StartAsync();
    }

    private async Task<TransactionSender> RollupAsync(BigInteger prepaid)
    {
        TransactionSender rollup = await _arena.AccountAsync();
        await rollup.SendAsync(
            Escrow.Deposit(_account, new EscrowLimits(Price, 100 * Ether), prepaid),
            CancellationToken.None
        );
        return rollup;
    }

    private async Task<string> TenantAsync(string name, Address? rollup)
    {
        string[] payer = rollup is null ? [] : ["--rollup", $"{rollup}"];
        (int exitCode, string key, string error) = await CommandLine.RunAsync(
            _arena.Folder,
            ["keys", "create", name, "--folder", _node.Folder, .. payer]
        );
        Assert.Equal((0, ""), (exitCode, error));
        return key.Trim();
    }

    private async Task<HttpResponseMessage> PutAsync(string key)
    {
        using var body = new ByteArrayContent(RandomNumberGenerator.GetBytes(PayloadLength));
        return await _node.Http.PostAsync(new Uri($"t/{key}/put", UriKind.Relative), body);
    }

    private async Task StoredAsync(string key)
    {
        using HttpResponseMessage answer = await PutAsync(key);
        Assert.True(answer.IsSuccessStatusCode, await answer.Content.ReadAsStringAsync());
    }

    private async Task RefusedAsync(string key)
    {
        using HttpResponseMessage answer = await PutAsync(key);
        Assert.Equal(HttpStatusCode.PaymentRequired, answer.StatusCode);
        Assert.Contains(
            $"costs {BatchCost} wei, and ",
            await answer.Content.ReadAsStringAsync(),
            StringComparison.Ordinal
        );
    }

    private async Task<JsonElement> StatusAsync(string key) =>
        JsonDocument.Parse(await _node.Http.GetStringAsync(new Uri($"t/{key}/status", UriKind.Relative))).RootElement;

    private async Task<IReadOnlyList<ChargeEvent>> ChargesAsync(params TransactionSender[] rollups)
    {
        ulong head = await _arena.Client.GetBlockNumberAsync(default);
        var charges = new List<ChargeEvent>();
        foreach (TransactionSender rollup in rollups)
        {
            charges.AddRange(await Escrow.ReadChargesAsync(rollup.Address, _account, 0, head, default));
        }

        return charges;
    }

    private async Task<BigInteger> SumAsync(TransactionSender rollup) =>
        (await ChargesAsync(rollup)).Aggregate(BigInteger.Zero, (sum, charge) => sum + charge.Amount);

    /// <summary>A charge is the price of its bytes and blocks, in equal whole parts, one for each epoch.</summary>
    private async Task AssertChargedAsync(TransactionSender rollup, BigInteger prepaid, int batches)
    {
        IReadOnlyList<ChargeEvent> charges = await ChargesAsync(rollup);
        Assert.Equal(batches, charges.Count);
        foreach (ChargeEvent charge in charges)
        {
            ulong epochs =
                ((charge.Block + Parameters.Retention - 1) / Parameters.EpochBlocks)
                - (charge.Block / Parameters.EpochBlocks);
            Assert.Equal(BatchCost / epochs * epochs, charge.Amount);
        }

        Assert.Equal(prepaid - await SumAsync(rollup), await Escrow.BalanceAsync(rollup.Address, _account, default));
    }

    private Task<BigInteger> EtherAsync(Address address) =>
        _arena.Client.GetBalanceAsync(address, BlockTag.Latest, CancellationToken.None);

    /// <summary>Lets every epoch of the charged anchors end: proven and settled, or missed and refunded.</summary>
    private async Task EndAsync(params Address[] rollups)
    {
        using TransactionSender anybody = await _arena.AccountAsync();
        var anchors = new List<Anchor>();
        ulong count = await _arena.System.Anchors.AnchorCountAsync(_account, default);
        for (uint i = 0; i < count; i++)
        {
            anchors.Add(await _arena.System.Anchors.GetAnchorAsync(_account, i, default));
        }

        EpochParameters epochs = Parameters.Epochs;
        ulong last = (anchors.Max(anchor => anchor.Expiry) - 1) / epochs.EpochBlocks;
        await _arena.MineToAsync(epochs.SeedBlockOf(last) + epochs.ProofWindow + Parameters.ChallengeWindow + 2);
        for (ulong epoch = 1; epoch <= last; epoch++)
        {
            if (
                await _arena.System.Verifier.EpochStatusAsync(_account, epoch, default) == EpochStatus.None
                && epochs.LiveRangeAt(epoch, anchors) is var (_, hints)
            )
            {
                await anybody.SendAsync(
                    _arena.System.Verifier.ReportMiss(
                        _account,
                        epoch,
                        hints,
                        await _arena.Client.GetBlockHeaderAsync(epochs.SeedBlockOf(epoch), default)
                    ),
                    default
                );
            }
        }

        var payments = new EpochPayments(_arena.System, _arena.Client, _account);
        foreach (TransactionRequest request in payments.Settle(await payments.SettleableAsync(0, default)))
        {
            await anybody.SendAsync(request, default);
        }

        foreach (Address rollup in rollups)
        {
            foreach (
                TransactionRequest request in payments.Refund(
                    rollup,
                    await payments.RefundableAsync(rollup, 0, default)
                )
            )
            {
                await anybody.SendAsync(request, default);
            }
        }

        if (!(await Escrow.CreditAsync(_account, default)).IsZero)
        {
            await anybody.SendAsync(Escrow.ClaimFor(_account), default);
        }
    }
}
