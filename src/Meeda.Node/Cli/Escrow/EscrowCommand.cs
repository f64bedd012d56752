using System.CommandLine;
using System.Globalization;
using System.Numerics;
using Meeda.Chain.Contract;
using Meeda.Chain.Payments;
using Meeda.Ethereum;
using Meeda.Hosting;
using Meeda.Hosting.Settings;
using Meeda.L1.Signing;
using Meeda.L1.Transactions;
using Meeda.Node.Cli.Configuration;
using Meeda.Node.Cli.Spending;

namespace Meeda.Node.Cli.Escrow;

/// <summary><c>escrow</c>: what a rollup prepays an operator, and takes back.</summary>
internal static class EscrowCommand
{
    private static readonly Option<string> Operator = new("--operator")
    {
        Description = "the operator's account",
        Required = true,
    };

    private static readonly Option<string?> KeyFile = new("--key-file")
    {
        Description = "file with the rollup's private key (Meeda__L1__KeyFile)",
    };

    private static readonly Option<string?> Config = ConfigOption.Build();

    /// <summary>The command with its parts.</summary>
    public static Command Build() =>
        new("escrow", "Prepay an operator for a rollup, and take back what is left")
        {
            BuildDeposit(),
            BuildShow(),
            BuildWithdraw(),
            BuildRefund(),
            BuildPoster(),
            EscrowOrderCommand.Build(),
        };

    private static Command BuildDeposit()
    {
        var amount = new Argument<string>("AMOUNT") { Description = $"the prepayment, may be 0: {EtherAmount.Form}" };
        var maxPrice = new Option<string?>("--max-price")
        {
            Description =
                "the highest price that the rollup accepts, wei for each byte and block [default: as before, or the "
                + "operator's price of now]",
        };
        var perEpoch = new Option<string?>("--max-per-epoch")
        {
            Description =
                "the most that the anchors of one epoch may charge without signed orders [default: as before, or "
                + "AMOUNT]",
        };
        var rollup = new Option<string?>("--for")
        {
            Description = "prepay for this rollup instead; its limits stay as they are",
        };
        return BuildSpending(
            "deposit",
            "Prepay an operator, and set the rollup's limits; a lower limit takes effect after the notice",
            [amount, maxPrice, perEpoch, rollup],
            "",
            (plans, parsed, stop) =>
                plans.DepositAsync(
                    ParseAmount("AMOUNT", parsed.GetValue(amount)!),
                    parsed.GetValue(maxPrice) is { } price ? ParseWhole("--max-price", price) : null,
                    parsed.GetValue(perEpoch) is { } most ? ParseAmount("--max-per-epoch", most) : null,
                    parsed.GetValue(rollup) is { } other ? SpendingOptions.ParseAddress("--for", other) : null,
                    stop
                )
        );
    }

    private static Command BuildWithdraw()
    {
        var amount = new Option<string?>("--amount")
        {
            Description = $"the most that is wanted back [default: all]: {EtherAmount.Form}",
        };
        return BuildSpending(
            "withdraw",
            "Ask for a prepayment back, and once the notice is over pay it out",
            [amount],
            "Nothing to withdraw: nothing is prepaid",
            (plans, parsed, stop) =>
                plans.WithdrawAsync(parsed.GetValue(amount) is { } text ? ParseAmount("--amount", text) : null, stop)
        );
    }

    private static Command BuildRefund() =>
        BuildSpending(
            "refund",
            "Pay back what was charged for epochs that the operator did not prove, or whose proof was refuted",
            [],
            "Nothing to refund: no charged epoch was missed or refuted, and nothing is owed",
            (plans, _, stop) => plans.RefundAsync(stop)
        );

    private static Command BuildPoster()
    {
        var poster = new Argument<string>("ADDRESS")
        {
            Description = "who signs the rollup's orders after the notice; 0x00…00 for nobody",
        };
        return BuildSpending(
            "poster",
            "Name who signs the rollup's orders",
            [poster],
            "",
            (plans, parsed, stop) =>
                plans.SetPosterAsync(SpendingOptions.ParseAddress("ADDRESS", parsed.GetValue(poster)!), stop),
            needsOperator: false
        );
    }

    private static Command BuildShow()
    {
        var rollup = new Option<string?>("--rollup")
        {
            Description = "the rollup [default: the address of the configured key]",
        };
        var json = new Option<bool>("--json") { Description = "print one line of JSON" };
        var command = new Command("show", "Say what a rollup prepaid an operator, and what it allows")
        {
            Operator,
            rollup,
            json,
            L1CommandOptions.Rpc,
            L1CommandOptions.Contract,
            KeyFile,
            Config,
        };
        command.SetAction(
            async (parsed, cancellationToken) =>
            {
                SpendingSettings settings = ReadSettings(parsed, needsKey: parsed.GetValue(rollup) is null);
                using L1Session l1 = await L1Session.OpenAsync(settings.L1, cancellationToken);
                SystemContract system = await l1.SystemAsync(Address.Parse(settings.L1.Contract), cancellationToken);
                Address who = parsed.GetValue(rollup) is { } named
                    ? SpendingOptions.ParseAddress("--rollup", named)
                    : settings.Signing.AccountOf(settings.L1);
                EscrowOutput output = await EscrowOutput.ReadAsync(
                    system,
                    who,
                    SpendingOptions.ParseAddress("--operator", parsed.GetValue(Operator)!),
                    cancellationToken
                );
                output.Print(parsed.GetValue(json));
                return ExitCode.Success;
            }
        );
        return command;
    }

    private static Command BuildSpending(
        string name,
        string description,
        IEnumerable<Symbol> symbols,
        string nothing,
        Func<EscrowPlans, ParseResult, CancellationToken, Task<IReadOnlyList<PlannedTransaction>>> planAsync,
        bool needsOperator = true
    )
    {
        var spending = new SpendingOptions();
        var command = new Command(name, description);
        command.AddAll(symbols);
        if (needsOperator)
        {
            command.Add(Operator);
        }

        command.Add(L1CommandOptions.Rpc);
        command.Add(L1CommandOptions.Contract);
        command.Add(KeyFile);
        command.Add(Config);
        spending.AddTo(command);
        command.SetAction(
            async (parsed, cancellationToken) =>
            {
                SpendingChoices choices = spending.Read(parsed);
                SpendingSettings settings = ReadSettings(parsed, needsKey: choices.From is null);
                using L1Session l1 = await L1Session.OpenAsync(settings.L1, cancellationToken);
                SystemContract system = await l1.SystemAsync(Address.Parse(settings.L1.Contract), cancellationToken);
                ITransactionSigner? signer = choices.From is null ? settings.Signing.Open(settings.L1) : null;
                Address rollup = choices.From ?? signer!.Address;
                Address account = needsOperator
                    ? SpendingOptions.ParseAddress("--operator", parsed.GetValue(Operator)!)
                    : Address.Zero;
                var plans = new EscrowPlans(l1.Client, system, rollup, account);
                return await new Spender(l1, rollup, choices).RunAsync(
                    await planAsync(plans, parsed, cancellationToken),
                    nothing,
                    (planned, stop) =>
                        TransactionRoute.SendAloneAsync(l1.Client, signer!, settings.SenderOptions, planned, stop),
                    cancellationToken
                );
            }
        );
        return command;
    }

    private static SpendingSettings ReadSettings(ParseResult parsed, bool needsKey) =>
        SpendingSettings.Read(
            new SettingsReader(
                new Dictionary<string, string?>(L1CommandOptions.SettingsOf(parsed))
                {
                    ["Meeda:L1:KeyFile"] = parsed.GetValue(KeyFile),
                },
                parsed.GetValue(Config)
            ),
            needsKey
        );

    private static BigInteger ParseAmount(string name, string text) =>
        EtherAmount.Parse(text) ?? throw new SetupException($"{name}: '{text}' is not {EtherAmount.Form}");

    private static BigInteger ParseWhole(string name, string text) =>
        text.Length is > 0 and <= 38 && text.All(char.IsAsciiDigit)
            ? BigInteger.Parse(text, CultureInfo.InvariantCulture)
            : throw new SetupException($"{name}: '{text}' is not a whole number of wei");
}
