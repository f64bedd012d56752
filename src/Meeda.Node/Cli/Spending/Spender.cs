using System.Globalization;
using System.Numerics;
using System.Text.Json;
using Meeda.Chain.Contract;
using Meeda.Chain.Payments;
using Meeda.Ethereum;
using Meeda.Hosting;
using Meeda.L1.Rpc;
using Meeda.L1.Transactions;

namespace Meeda.Node.Cli.Spending;

/// <summary>
/// Shows what a command would send, with costs and effects, asks for confirmation, and sends. Standard output gets the
/// plan and the result, or one line of JSON.
/// </summary>
/// <param name="l1">L1.</param>
/// <param name="from">The sender.</param>
/// <param name="choices">The command's options.</param>
internal sealed class Spender(L1Session l1, Address from, SpendingChoices choices)
{
    /// <summary>Shows a plan, asks unless it is confirmed already, and has it sent.</summary>
    /// <param name="plan">The transactions.</param>
    /// <param name="nothing">The message if there are none.</param>
    /// <param name="sendAsync">Sends all of them and returns their receipts in the same order.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>The process's exit code.</returns>
    /// <exception cref="SetupException">It would revert, is not covered by the balance, or failed.</exception>
    public async Task<int> RunAsync(
        IReadOnlyList<PlannedTransaction> plan,
        string nothing,
        Func<IReadOnlyList<PlannedTransaction>, CancellationToken, Task<IReadOnlyList<TransactionReceipt>>> sendAsync,
        CancellationToken cancellationToken
    )
    {
        Estimate estimate = await EstimateAsync(plan, cancellationToken);
        if (!choices.IsJson)
        {
            Show(plan, estimate, nothing);
        }

        if (plan.Count == 0 || choices.IsDryRun)
        {
            Print(plan, estimate, []);
            return ExitCode.Success;
        }

        EnsureCovered(estimate.Balance, estimate.Value + estimate.GasCost);
        if (!choices.IsConfirmed && !Confirm(plan.Count))
        {
            Console.WriteLine("Nothing was sent");
            return ExitCode.Failure;
        }

        IReadOnlyList<TransactionReceipt> receipts = await sendAsync(plan, cancellationToken);
        Print(plan, estimate, receipts);
        if (!choices.IsJson)
        {
            ShowReceipts(receipts);
        }

        return ExitCode.Success;
    }

    private static bool Confirm(int count)
    {
        if (Console.IsInputRedirected)
        {
            throw new SetupException("--yes: there is no terminal to ask; add --yes to send, or --dry-run to preview");
        }

        Console.Write(
            string.Create(CultureInfo.InvariantCulture, $"Send {count} transaction{(count == 1 ? "" : "s")}? [y/N] ")
        );
        return Console.ReadLine()?.Trim().ToLowerInvariant() is "y" or "yes";
    }

    private async Task<Estimate> EstimateAsync(
        IReadOnlyList<PlannedTransaction> plan,
        CancellationToken cancellationToken
    )
    {
        try
        {
            // Nodes reject an estimate for an account that does not have the value.
            BigInteger value = plan.Aggregate(BigInteger.Zero, (sum, planned) => sum + planned.Request.Value);
            BigInteger balance = await l1.Client.GetBalanceAsync(from, BlockTag.Latest, cancellationToken);
            EnsureCovered(balance, value);
            var gas = new List<ulong>();
            foreach (PlannedTransaction planned in plan)
            {
                gas.Add(planned.AssumedGas ?? await EstimateAsync(planned, cancellationToken));
            }

            Block head =
                await l1.Client.GetBlockAsync(BlockTag.Latest, cancellationToken)
                ?? throw new L1UnreachableException("the node has no newest block");
            BigInteger tip = await l1.Client.GetMaxPriorityFeePerGasAsync(cancellationToken) ?? 1_000_000_000;
            return new Estimate(gas, head.BaseFeePerGas + tip, value, balance);
        }
        catch (L1UnreachableException failure)
        {
            throw L1Session.Unreachable(failure);
        }
    }

    private async Task<ulong> EstimateAsync(PlannedTransaction planned, CancellationToken cancellationToken)
    {
        try
        {
            return await l1.Client.EstimateGasAsync(from, planned.Request, cancellationToken);
        }
        catch (JsonRpcException refusal)
        {
            throw new SetupException($"{planned.What}: {RevertReason.Of(refusal).TrimEnd('.')}");
        }
    }

    private void EnsureCovered(BigInteger balance, BigInteger needed)
    {
        if (balance < needed)
        {
            throw new SetupException(
                $"balance: {from} has {EtherAmount.Show(balance)}, and {EtherAmount.Show(needed)} are needed"
            );
        }
    }

    private void Show(IReadOnlyList<PlannedTransaction> plan, Estimate estimate, string nothing)
    {
        if (plan.Count == 0)
        {
            Console.WriteLine(nothing);
            return;
        }

        Console.WriteLine(
            string.Create(
                CultureInfo.InvariantCulture,
                $"Chain {l1.ChainId}, sent by {from}, which has {EtherAmount.About(estimate.Balance)}"
            )
        );
        for (int i = 0; i < plan.Count; i++)
        {
            PlannedTransaction planned = plan[i];
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"  {i + 1}. {planned.What}"));
            string value = planned.Request.Value.IsZero ? "" : $", with {EtherAmount.Show(planned.Request.Value)}";
            Console.WriteLine(
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"     {(planned.Request.To is { } to ? $"to {to}" : "creates a contract")}{value}; "
                        + $"about {estimate.Gas[i]:N0} gas, {EtherAmount.About(estimate.Gas[i] * estimate.GasPrice)}"
                )
            );
        }

        Console.WriteLine(
            $"Total: {EtherAmount.Show(estimate.Value)} and about {EtherAmount.About(estimate.GasCost)} for gas"
        );
    }

    private static void ShowReceipts(IReadOnlyList<TransactionReceipt> receipts)
    {
        for (int i = 0; i < receipts.Count; i++)
        {
            TransactionReceipt receipt = receipts[i];
            Console.WriteLine(
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"  {i + 1}. {receipt.TransactionHash} in block {receipt.BlockNumber}, "
                        + $"{receipt.GasUsed:N0} gas, {EtherAmount.About(receipt.GasUsed * receipt.EffectiveGasPrice)}"
                )
            );
        }

        Console.WriteLine("Done");
    }

    private void Print(
        IReadOnlyList<PlannedTransaction> plan,
        Estimate estimate,
        IReadOnlyList<TransactionReceipt> receipts
    )
    {
        if (!choices.IsJson)
        {
            return;
        }

        var output = new SpendingOutput(
            l1.ChainId,
            $"{from}",
            $"{estimate.Balance}",
            [
                .. plan.Select(
                    (planned, i) =>
                        new TransactionOutput(
                            planned.What,
                            planned.Request.To?.ToString(),
                            $"{planned.Request.Value}",
                            "0x" + Convert.ToHexStringLower(planned.Request.Data),
                            estimate.Gas[i],
                            receipts.ElementAtOrDefault(i)?.TransactionHash.ToString(),
                            receipts.ElementAtOrDefault(i)?.BlockNumber,
                            receipts.ElementAtOrDefault(i)?.GasUsed
                        )
                ),
            ],
            $"{estimate.Value}",
            $"{estimate.GasCost}",
            choices.IsDryRun
        );
        Console.WriteLine(JsonSerializer.Serialize(output, CliJson.Default.SpendingOutput));
    }

    private sealed record Estimate(IReadOnlyList<ulong> Gas, BigInteger GasPrice, BigInteger Value, BigInteger Balance)
    {
        public BigInteger GasCost => Gas.Aggregate(BigInteger.Zero, (sum, gas) => sum + gas) * GasPrice;
    }
}
