using System.CommandLine;
using System.Globalization;
using System.Numerics;
using System.Text.Json;
using Meeda.Chain.Contract;
using Meeda.Chain.L1;
using Meeda.Client;
using Meeda.Ethereum;
using Meeda.Hosting;
using Meeda.Hosting.Settings;
using Meeda.L1.Signing;
using Meeda.L1.Transactions;
using Meeda.Node.Cli.Configuration;
using Meeda.Node.Cli.Spending;
using Meeda.Protocol.Batches;
using Meeda.Protocol.Signatures;

namespace Meeda.Node.Cli.Escrow;

/// <summary>What <c>escrow order --json</c> prints.</summary>
/// <param name="Rollup">The rollup that pays.</param>
/// <param name="BatchId">The batch.</param>
/// <param name="Operator">The operator's account.</param>
/// <param name="MaxWei">The maximum that the batch may cost, wei, decimal.</param>
/// <param name="Deadline">The last L1 block in which it may be charged.</param>
/// <param name="Order">The value of the header <c>Meeda-Order</c>.</param>
internal sealed record OrderOutput(
    string Rollup,
    string BatchId,
    string Operator,
    string MaxWei,
    ulong Deadline,
    string Order
);

/// <summary><c>escrow order FILE</c>: signs an order for a batch, which goes with its put.</summary>
internal sealed class EscrowOrderCommand
{
    // Half a day: an operator that L1 does not answer for hours still charges.
    private const uint DefaultBlocks = 3_600;

    private readonly Argument<string> _file = new("FILE") { Description = "the batch's bytes; - for standard input" };

    private readonly Option<string> _operator = new("--operator")
    {
        Description = "the operator's account",
        Required = true,
    };

    private readonly Option<string?> _rollup = new("--rollup")
    {
        Description = "the rollup that pays [default: the address of the key]",
    };

    private readonly Option<string?> _maxCost = new("--max-cost")
    {
        Description =
            $"the maximum that the batch may cost, all renewals together [default: one term]: " + EtherAmount.Form,
    };

    private readonly Option<uint> _blocks = new("--blocks")
    {
        Description = $"the L1 blocks for which the order holds [default: {DefaultBlocks}]",
        DefaultValueFactory = _ => DefaultBlocks,
    };

    private readonly Option<string> _keyFile = new("--key-file")
    {
        Description = "file with the private key of the rollup's poster, or a keystore",
        Required = true,
    };

    private readonly Option<bool> _json = new("--json") { Description = "print one line of JSON" };

    private readonly Option<string?> _config = ConfigOption.Build();

    /// <summary>The command with its options.</summary>
    public static Command Build()
    {
        var options = new EscrowOrderCommand();
        var command = new Command("order", "Sign an order to charge the rollup for a batch; goes with put --order")
        {
            options._file,
            options._operator,
            options._rollup,
            options._maxCost,
            options._blocks,
            options._keyFile,
            options._json,
            L1CommandOptions.Rpc,
            L1CommandOptions.Contract,
            options._config,
        };
        command.SetAction(options.RunAsync);
        return command;
    }

    private async Task<int> RunAsync(ParseResult parsed, CancellationToken cancellationToken)
    {
        byte[] payload = await PutCommand.ReadAsync(parsed.GetValue(_file)!, cancellationToken);
        var reader = new SettingsReader(
            new Dictionary<string, string?>(L1CommandOptions.SettingsOf(parsed)),
            parsed.GetValue(_config)
        );
        SpendingSettings settings = SpendingSettings.Read(reader, needsKey: false);
        PrivateKeySigner poster = SignerOptions.ReadKeyFile(
            parsed.GetValue(_keyFile)!,
            settings.Signing.Password,
            settings.Signing.PasswordFile
        );
        Address account = SpendingOptions.ParseAddress("--operator", parsed.GetValue(_operator)!);
        Address rollup = parsed.GetValue(_rollup) is { } named
            ? SpendingOptions.ParseAddress("--rollup", named)
            : poster.Address;
        using L1Session l1 = await L1Session.OpenAsync(settings.L1, cancellationToken);
        SystemContract system = await l1.SystemAsync(Address.Parse(settings.L1.Contract), cancellationToken);
        Address expected = await system.Escrow.PosterAsync(rollup, cancellationToken);
        if (expected != poster.Address)
        {
            throw new SetupException(
                $"--key-file: it is the key of {poster.Address}, and {expected} signs the orders of {rollup} (meeda "
                    + "escrow poster)"
            );
        }

        BigInteger maxWei = parsed.GetValue(_maxCost) is { } amount
            ? EtherAmount.Parse(amount) ?? throw new SetupException($"--max-cost: '{amount}' is not {EtherAmount.Form}")
            : await CostOfATermAsync(system, account, payload.Length, cancellationToken);
        if (maxWei >= BigInteger.One << 128)
        {
            throw new SetupException($"--max-cost: {maxWei} wei are more than an order can allow, 2^128 - 1");
        }

        var order = new Order(
            rollup,
            new BatchId(MeedaClient.Compute(payload).Hash),
            account,
            (UInt128)maxWei,
            await l1.Client.GetBlockNumberAsync(cancellationToken) + parsed.GetValue(_blocks)
        );
        Bytes32 digest = order.Digest(await system.Escrow.DomainAsync(cancellationToken));
        Print(
            order,
            SignedOrder.Of(order.MaxWei, order.Deadline, poster.Sign(digest).ToArray()),
            parsed.GetValue(_json)
        );
        return ExitCode.Success;
    }

    private static async Task<BigInteger> CostOfATermAsync(
        SystemContract system,
        Address account,
        int bytes,
        CancellationToken cancellationToken
    )
    {
        BigInteger price = await system.Escrow.PriceAsync(account, cancellationToken);
        return price > 0
            ? price * bytes * (await system.ParametersAsync(cancellationToken)).Retention
            : throw new SetupException(
                $"--operator: {account} has set no price, so it charges nothing; --max-cost signs an order nevertheless"
            );
    }

    private static void Print(Order order, SignedOrder signed, bool json)
    {
        if (json)
        {
            Console.WriteLine(
                JsonSerializer.Serialize(
                    new OrderOutput(
                        $"{order.Rollup}",
                        $"{order.Batch}",
                        $"{order.Operator}",
                        order.MaxWei.ToString(CultureInfo.InvariantCulture),
                        order.Deadline,
                        $"{signed}"
                    ),
                    CliJson.Default.OrderOutput
                )
            );
            return;
        }

        Console.Error.WriteLine(
            string.Create(
                CultureInfo.InvariantCulture,
                $"meeda: {order.Operator} may charge {order.Rollup} up to {order.MaxWei} wei for batch {order.Batch}, "
                    + $"until block {order.Deadline}"
            )
        );
        Console.WriteLine(signed);
    }
}
