using System.CommandLine;
using System.Numerics;
using Meeda.Chain.Bounties;
using Meeda.Chain.Contract;
using Meeda.Chain.Payments;
using Meeda.Ethereum;
using Meeda.Hosting;
using Meeda.Hosting.Settings;
using Meeda.L1.Rpc;
using Meeda.L1.Signing;
using Meeda.L1.Transactions;
using Meeda.Node.Cli.Configuration;
using Meeda.Node.Cli.Spending;
using Meeda.Protocol.Batches;

namespace Meeda.Node.Cli.Bounties;

/// <summary><c>bounty</c>: offers ether for publishing a batch's blobs on L1 after its retention has ended.</summary>
internal static class BountyCommand
{
    private const int UsualMargin = 100;
    private const uint UsualBlocks = 50_400;

    private static readonly Option<string?> KeyFile = new("--key-file")
    {
        Description = "file with the funder's private key (Meeda__L1__KeyFile)",
    };

    private static readonly Option<string?> Config = ConfigOption.Build();

    /// <summary>Builds the command with its subcommands.</summary>
    public static Command Build()
    {
        Argument<string?> batch = BatchArgument(ArgumentArity.ZeroOrOne);
        var amount = new Option<string?>("--amount")
        {
            Description =
                $"the ether for each blob [default: the cost of publishing one, and --margin]: {EtherAmount.Form}",
        };
        var margin = new Option<int?>("--margin")
        {
            Description = $"percent above the current cost of publishing a blob [default: {UsualMargin}]",
        };
        var blocks = new Option<uint?>("--blocks")
        {
            Description =
                $"blocks until you can withdraw it, {BountyContract.LeastBlocks(chainId: 1)} to "
                + $"{BountyContract.MostBlocks} [default: {UsualBlocks}, a week]",
        };
        Command command = BuildSpending(
            "bounty",
            "Put a bounty on a batch's blobs, paid to the account that publishes them on L1",
            [batch, amount, margin, blocks, L1CommandOptions.Contract, L1CommandOptions.FromBlock],
            "Nothing to fund: each of its blobs already has at least that bounty (meeda bounty show)",
            needsContract: true,
            async (session, parsed, stop) =>
                await session.Plans.FundAsync(
                    await FindAsync(session.L1, session.Settings, ParseBatch(parsed.GetValue(batch)), stop),
                    parsed.GetValue(amount) is { } text ? ParseAmount(text) : null,
                    ParseMargin(parsed.GetValue(margin)),
                    ParseBlocks(parsed.GetValue(blocks), session.L1.ChainId),
                    stop
                )
        );
        command.Add(BuildShow());
        command.Add(BuildRefund());
        return command;
    }

    private static Command BuildShow()
    {
        Argument<string?> batch = BatchArgument(ArgumentArity.ExactlyOne);
        var json = new Option<bool>("--json") { Description = "print one line of JSON" };
        var command = new Command("show", "Show the open bounties on a batch's blobs")
        {
            batch,
            json,
            L1CommandOptions.Rpc,
            L1CommandOptions.Contract,
            L1CommandOptions.FromBlock,
            Config,
        };
        command.SetAction(
            async (parsed, stop) =>
            {
                SpendingSettings settings = ReadSettings(parsed, needsKey: false, needsContract: true);
                using L1Session l1 = await L1Session.OpenAsync(settings.L1, stop);
                BountyContract contract = await ContractAsync(l1, settings, stop);
                BatchBlobs blobs = await FindAsync(l1, settings, ParseBatch(parsed.GetValue(batch)), stop);
                (await BountyOutput.ReadAsync(l1.Client, contract, blobs, stop)).Print(parsed.GetValue(json));
                return ExitCode.Success;
            }
        );
        return command;
    }

    private static Command BuildRefund()
    {
        Argument<string?> batch = BatchArgument(ArgumentArity.ZeroOrOne);
        return BuildSpending(
            "refund",
            "Withdraw your unclaimed bounties, for one batch or all, once their blocks are over",
            [batch],
            "Nothing to withdraw: this account has no open bounty",
            needsContract: false,
            (session, parsed, stop) =>
                session.Plans.RefundAsync(parsed.GetValue(batch) is { } named ? ParseBatch(named) : null, stop)
        );
    }

    private static Command BuildSpending(
        string name,
        string description,
        IEnumerable<Symbol> symbols,
        string nothing,
        bool needsContract,
        Func<Session, ParseResult, CancellationToken, Task<IReadOnlyList<PlannedTransaction>>> planAsync
    )
    {
        var spending = new SpendingOptions();
        var command = new Command(name, description);
        command.AddAll(symbols);
        command.Add(L1CommandOptions.Rpc);
        command.Add(KeyFile);
        command.Add(Config);
        spending.AddTo(command);
        command.SetAction(
            async (parsed, stop) =>
            {
                SpendingChoices choices = spending.Read(parsed);
                SpendingSettings settings = ReadSettings(parsed, choices.From is null, needsContract);
                using L1Session l1 = await L1Session.OpenAsync(settings.L1, stop);
                BountyContract contract = await ContractAsync(l1, settings, stop);
                ITransactionSigner? signer = choices.From is null ? settings.Signing.Open(settings.L1) : null;
                Address funder = choices.From ?? signer!.Address;
                var plans = new BountyPlans(l1.Client, contract, funder);
                return await new Spender(l1, funder, choices).RunAsync(
                    await planAsync(new Session(l1, settings, plans), parsed, stop),
                    nothing,
                    (planned, token) =>
                        TransactionRoute.SendAloneAsync(l1.Client, signer!, settings.SenderOptions, planned, token),
                    stop
                );
            }
        );
        return command;
    }

    private static Argument<string?> BatchArgument(ArgumentArity arity) =>
        new("BATCH") { Description = "a batch id (64 hex digits), or a generic OP Stack commitment", Arity = arity };

    /// <summary>The bounty contract, which must be deployed: ether sent to an address without code is lost.</summary>
    private static async Task<BountyContract> ContractAsync(
        L1Session l1,
        SpendingSettings settings,
        CancellationToken cancellationToken
    )
    {
        var contract = new BountyContract(l1.Client, settings.Bounties.ContractAddress);
        return await contract.StandsAsync(cancellationToken)
            ? contract
            : throw new SetupException(
                $"bounties: there is no BlobBounty at {contract.Address} on this L1; meeda deploy puts it there "
                    + "(Meeda__Bounties__Contract names another)"
            );
    }

    private static async Task<BatchBlobs> FindAsync(
        L1Session l1,
        SpendingSettings settings,
        BatchId id,
        CancellationToken cancellationToken
    )
    {
        SystemContract system = await l1.SystemAsync(Address.Parse(settings.L1.Contract), cancellationToken);
        try
        {
            return await BatchBlobs.FindAsync(l1.Client, system, id, settings.L1.FromBlock, cancellationToken)
                ?? throw new SetupException($"BATCH: no operator of {system.Address} has anchored {id}");
        }
        catch (Exception failure) when (failure is LogsRefusedException or InvalidDataException)
        {
            throw L1Session.Unreachable(failure);
        }
    }

    private static SpendingSettings ReadSettings(ParseResult parsed, bool needsKey, bool needsContract)
    {
        var options = new Dictionary<string, string?>(L1CommandOptions.SettingsOf(parsed))
        {
            ["Meeda:L1:KeyFile"] = parsed.GetValue(KeyFile),
        };
        return SpendingSettings.Read(new SettingsReader(options, parsed.GetValue(Config)), needsKey, needsContract);
    }

    private static BatchId ParseBatch(string? text)
    {
        AltDaCommitment commitment = VerifyCommand.Parse(
            text ?? throw new SetupException("BATCH: a batch id is needed, or one of the commands show and refund")
        );
        return commitment.Kind == AltDaCommitmentKind.Generic
            ? new BatchId(commitment.Hash)
            : throw new SetupException("BATCH: a keccak commitment does not identify blobs; give the batch id");
    }

    private static BigInteger ParseAmount(string text) =>
        EtherAmount.Parse(text) is { IsZero: false } wei
            ? wei
            : throw new SetupException($"--amount: '{text}' is not {EtherAmount.Form}, above 0");

    private static int ParseMargin(int? percent) =>
        percent is null or (>= 0 and <= 100_000)
            ? percent ?? UsualMargin
            : throw new SetupException("--margin: between 0 and 100000 percent");

    private static uint ParseBlocks(uint? blocks, ulong chainId)
    {
        uint least = BountyContract.LeastBlocks(chainId);
        return blocks is null || (blocks >= least && blocks <= BountyContract.MostBlocks)
            ? blocks ?? UsualBlocks
            : throw new SetupException($"--blocks: between {least} and {BountyContract.MostBlocks}");
    }

    /// <summary>The inputs of a plan.</summary>
    private sealed record Session(L1Session L1, SpendingSettings Settings, BountyPlans Plans);
}
