using System.CommandLine;
using System.Globalization;
using System.Numerics;
using Meeda.Chain.Contract;
using Meeda.Chain.Payments;
using Meeda.Ethereum;
using Meeda.Hosting;
using Meeda.L1.Signing;
using Meeda.L1.Transactions;
using Meeda.Node.Cli.Spending;
using Meeda.Operator.Accounts;
using Meeda.Operator.L1;

namespace Meeda.Node.Cli.Accounts;

/// <summary>The subcommands of <c>operator</c> that send from its account: stake, price, payments.</summary>
internal static class AccountCommands
{
    /// <summary>Builds all of them.</summary>
    public static IEnumerable<Command> Build()
    {
        yield return InitCommand.Build();
        yield return AccountStatusCommand.Build();
        yield return BuildAmount(
            "stake",
            "Register the account, or add to its stake",
            "AMOUNT",
            $"what to stake: {EtherAmount.Form}",
            AccountOperationKind.Stake,
            EtherAmount.Parse
        );
        yield return BuildUnstake();
        yield return BuildPlain(
            "withdraw",
            "Pay the stake out to the owner, once it is unlocked",
            AccountOperationKind.Withdraw,
            "Nothing to withdraw: there is no stake, and no contract owes the owner anything"
        );
        yield return BuildAmount(
            "price",
            "Set the price of new anchors",
            "PRICE",
            "wei for each byte of payload and L1 block of retention, a whole number",
            AccountOperationKind.Price,
            text =>
                text.All(char.IsAsciiDigit) && text.Length is > 0 and <= 38
                    ? BigInteger.Parse(text, CultureInfo.InvariantCulture)
                    : null
        );
        yield return BuildPlain(
            "settle",
            "Credit what rollups were charged to the owner, for proven epochs past their challenge window",
            AccountOperationKind.Settle,
            "Nothing to settle: no epoch with charges is proven and past its challenge window"
        );
        yield return BuildPlain(
            "claim",
            "Pay out what the contracts owe the owner",
            AccountOperationKind.Claim,
            "Nothing to claim: no contract owes the owner anything"
        );
        yield return BuildPlain(
            "key",
            "Set the configured key as the account's operator key, replacing an earlier one",
            AccountOperationKind.SetKey,
            "Nothing to do: it is already the account's operator key"
        );
    }

    private static Command BuildPlain(string name, string description, AccountOperationKind kind, string nothing) =>
        Build(name, description, [], _ => new AccountOperation(kind), nothing);

    private static Command BuildUnstake()
    {
        var cancel = new Option<bool>("--cancel") { Description = "withdraw the request, and anchor again" };
        return Build(
            "unstake",
            "Request the stake back: the operator stops anchoring, but keeps proving until its last batch has expired",
            [cancel],
            parsed => new AccountOperation(
                parsed.GetValue(cancel) ? AccountOperationKind.CancelUnstake : AccountOperationKind.Unstake
            ),
            ""
        );
    }

    private static Command BuildAmount(
        string name,
        string description,
        string argumentName,
        string argumentDescription,
        AccountOperationKind kind,
        Func<string, BigInteger?> parse
    )
    {
        var amount = new Argument<string>(argumentName) { Description = argumentDescription };
        return Build(
            name,
            description,
            [amount],
            parsed => new AccountOperation(
                kind,
                parse(parsed.GetValue(amount)!)
                    ?? throw new SetupException(
                        $"{argumentName}: '{parsed.GetValue(amount)}' is not {argumentDescription}"
                    )
            ),
            ""
        );
    }

    private static Command Build(
        string name,
        string description,
        IEnumerable<Symbol> symbols,
        Func<ParseResult, AccountOperation> read,
        string nothing
    )
    {
        var options = new AccountOptions();
        var spending = new SpendingOptions();
        var command = new Command(name, description);
        command.AddAll(symbols);
        options.AddTo(command);
        spending.AddTo(command);
        command.SetAction(
            (parsed, cancellationToken) =>
                RunAsync(
                    SpendingSettings.Read(options.Read(parsed), needsKey: true),
                    options.Owner(parsed),
                    read(parsed),
                    spending.Read(parsed),
                    nothing,
                    cancellationToken
                )
        );
        return command;
    }

    private static async Task<int> RunAsync(
        SpendingSettings settings,
        PrivateKeySigner? owner,
        AccountOperation operation,
        SpendingChoices choices,
        string nothing,
        CancellationToken cancellationToken
    )
    {
        using L1Session l1 = await L1Session.OpenAsync(settings.L1, cancellationToken);
        SystemContract system = await l1.SystemAsync(Address.Parse(settings.L1.Contract), cancellationToken);
        ITransactionSigner key = settings.Signing.Open(settings.L1);
        Address account = await settings.AccountAsync(
            system,
            key.Address,
            owner?.Address ?? choices.From ?? key.Address,
            cancellationToken
        );
        Address sender = choices.From ?? owner?.Address ?? key.Address;
        var plans = new AccountPlans(
            system,
            l1.Client,
            new OperatorAccount(account, key.Address),
            sender,
            key as PrivateKeySigner
        );
        IReadOnlyList<PlannedTransaction> plan = await plans.PlanAsync(operation, cancellationToken);
        return await new Spender(l1, sender, choices).RunAsync(
            plan,
            nothing,
            (planned, stop) =>
                owner is null || owner.Address == key.Address
                    ? new OperatorRoute(settings, l1.Client).SendAsync(operation, planned, stop)
                    : TransactionRoute.SendAloneAsync(l1.Client, owner, settings.SenderOptions, planned, stop),
            cancellationToken
        );
    }
}
