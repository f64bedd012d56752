using System.Numerics;
using System.Text.Json;
using Meeda.Attack;
using Meeda.Ethereum;
using Meeda.L1.Rpc;
using Meeda.L1.Transactions;
using Meeda.Testing;
using Xunit;

namespace Meeda.EndToEnd.Tests;

/// <summary>The commands about an operator's account, beside an operator that runs, has run, or never did.</summary>
public sealed class AccountCommandTests : IAsyncLifetime
{
    private Arena _arena = null!;

    public async Task InitializeAsync()
    {
        if (Anvil.Binary is not null && !FastRun.IsFast)
        {
            _arena = await Arena.StartAsync();
        }
    }

    public async Task DisposeAsync()
    {
        if (_arena is not null)
        {
            await _arena.DisposeAsync();
        }
    }

    [SkippableFact]
    public async Task Price_WhileTheOperatorRuns_IsSentByIt_AndOtherwiseWithItsJournal()
    {
        Skip.If(_arena is null, "anvil is not installed: run ./meeda test, which installs it, or set MEEDA_ANVIL");
        await using OperatorNode node = await _arena.OperatorNodeAsync();
        string keyFile = Path.Combine(_arena.Folder, $"{node.Address}.key");

        (int exitCode, string output, string error) = await OperatorAsync(
            node,
            keyFile,
            "price",
            "7",
            "--yes",
            "--json"
        );
        Assert.True(exitCode == 0, error);
        Assert.Contains("asking it to send", error, StringComparison.Ordinal);
        Assert.Equal(7, await PriceAsync(node));
        JsonElement sent = Assert.Single(Parse(output).GetProperty("transactions").EnumerateArray());
        TransactionReceipt receipt = (
            await _arena.Client.GetTransactionReceiptAsync(
                Bytes32.Parse(sent.GetProperty("hash").GetString()!),
                default
            )
        )!;
        Assert.Equal(receipt.BlockNumber, sent.GetProperty("block").GetUInt64());

        // After the operator stops, the command uses its ledger: it sends with the next nonce, without a gap.
        await node.StopAsync();
        ulong before = await _arena.Client.GetTransactionCountAsync(node.Address, BlockTag.Latest, default);
        (exitCode, _, error) = await OperatorAsync(node, keyFile, "price", "8", "--yes", "--json");
        Assert.True(exitCode == 0, error);
        Assert.Equal("", error);
        Assert.Equal(8, await PriceAsync(node));
        Assert.Equal(before + 1, await _arena.Client.GetTransactionCountAsync(node.Address, BlockTag.Latest, default));

        // The operator starts again and continues.
        await node.StartAsync();
        (exitCode, _, error) = await OperatorAsync(node, keyFile, "price", "9", "--yes", "--json");
        Assert.True(exitCode == 0, error);
        Assert.Equal(9, await PriceAsync(node));
    }

    [SkippableFact]
    public async Task Commands_WhatCannotBe_IsSaidBeforeAnythingIsSent()
    {
        Skip.If(_arena is null, "anvil is not installed: run ./meeda test, which installs it, or set MEEDA_ANVIL");
        (Address address, string keyFile) = await _arena.AccountKeyAsync();
        (_, string othersFile) = await _arena.AccountKeyAsync();
        await RefusedAsync(keyFile, "no account", "unstake", "--yes");
        await RefusedAsync(keyFile, "the minimum is 16 ether", "stake", "15.9", "--yes");
        await RefusedAsync(keyFile, "AMOUNT: 'much'", "stake", "much", "--yes");
        await RefusedAsync(keyFile, "--yes: there is no terminal to ask", "stake", "16");
        await RefusedAsync(keyFile, "--json: cannot ask for confirmation", "stake", "16", "--json");
        await RefusedAsync(keyFile, "--from: only with --dry-run", "stake", "16", "--from", $"{address}", "--yes");
        await RefusedAsync(keyFile, "balance: ", "stake", "1000000", "--yes");
        Assert.Equal(0UL, await _arena.Client.GetTransactionCountAsync(address, BlockTag.Latest, default));

        await _arena.StakeAsync(keyFile);
        await RefusedAsync(keyFile, $"is owned by {address}", "price", "1", "--owner-key-file", othersFile, "--yes");
        await RefusedAsync(keyFile, "its stake was not asked for", "withdraw", "--yes");

        // A dry run for a wallet whose key is elsewhere prints what it is to send.
        (int exitCode, string output, string error) = await RunAsync(
            keyFile,
            "unstake",
            "--dry-run",
            "--json",
            "--from",
            $"{address}"
        );
        Assert.True(exitCode == 0, error);
        JsonElement plan = Parse(output);
        Assert.True(plan.GetProperty("dryRun").GetBoolean());
        JsonElement planned = Assert.Single(plan.GetProperty("transactions").EnumerateArray());
        Assert.Equal($"{_arena.System.Anchors.Address}", planned.GetProperty("to").GetString());
        Assert.Equal(
            Convert.ToHexStringLower(_arena.System.Anchors.RequestWithdrawal(address).Data),
            planned.GetProperty("data").GetString()![2..]
        );
        Assert.Equal(0UL, (await _arena.System.Anchors.AccountAsync(address, default)).ExitRequestedAt);
    }

    private Task<(int ExitCode, string Output, string Error)> OperatorAsync(
        OperatorNode node,
        string keyFile,
        params string[] arguments
    ) => RunAsync(keyFile, [.. arguments, "--folder", node.Folder]);

    private Task<(int ExitCode, string Output, string Error)> RunAsync(string keyFile, params string[] arguments) =>
        CommandLine.RunAsync(
            _arena.Folder,
            [
                "operator",
                .. arguments,
                "--rpc",
                $"{_arena.L1}",
                "--contract",
                $"{_arena.System.Address}",
                "--key-file",
                keyFile,
            ]
        );

    private async Task RefusedAsync(string keyFile, string sentence, params string[] arguments)
    {
        (int exitCode, _, string error) = await RunAsync(keyFile, arguments);
        Assert.Equal(1, exitCode);
        Assert.Contains(sentence, error, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", error, StringComparison.Ordinal);
    }

    private async Task<BigInteger> PriceAsync(OperatorNode node) =>
        await _arena.System.Escrow.PriceAsync(node.Address, CancellationToken.None);

    private static JsonElement Parse(string output) => JsonDocument.Parse(output).RootElement;
}
