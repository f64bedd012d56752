using System.CommandLine;
using System.Globalization;
using System.Numerics;
using System.Text.Json;
using Meeda.Chain.Contract;
using Meeda.Client;
using Meeda.Ethereum;
using Meeda.Hosting;
using Meeda.L1.Transactions;
using Meeda.Node.Cli.Spending;
using Meeda.Operator.L1;

namespace Meeda.Node.Cli.Accounts;

/// <summary><c>operator status</c>: shows the account on L1 and the running service.</summary>
internal static class AccountStatusCommand
{
    private static readonly TimeSpan ServiceLimit = TimeSpan.FromSeconds(5);

    /// <summary>The command with its options.</summary>
    public static Command Build()
    {
        var options = new AccountOptions();
        var connection = new OperatorConnection();
        var json = new Option<bool>("--json") { Description = "print one line of JSON" };
        var command = new Command(
            "status",
            "Show the operator's account: stake, capacity, earnings, epochs, demands, and the service"
        )
        {
            connection.Url,
            json,
        };
        options.AddTo(command);
        command.SetAction(
            async (parsed, cancellationToken) =>
            {
                SpendingSettings settings = SpendingSettings.Read(options.Read(parsed), needsKey: true);
                using L1Session l1 = await L1Session.OpenAsync(settings.L1, cancellationToken);
                SystemContract system = await l1.SystemAsync(Address.Parse(settings.L1.Contract), cancellationToken);
                Address key = settings.Signing.AccountOf(settings.L1);
                AccountStatus status = await AccountStatus.ReadAsync(
                    system,
                    l1.Client,
                    new OperatorAccount(await settings.AccountAsync(system, key, key, cancellationToken), key),
                    await ServiceAsync(parsed.GetValue(connection.Url)!, cancellationToken),
                    cancellationToken
                );
                if (parsed.GetValue(json))
                {
                    Console.WriteLine(JsonSerializer.Serialize(status, CliJson.Default.AccountStatus));
                }
                else
                {
                    Print(status, parsed.GetValue(connection.Url)!);
                }

                return ExitCode.Success;
            }
        );
        return command;
    }

    private static async Task<StatusBody?> ServiceAsync(string url, CancellationToken cancellationToken)
    {
        StatusBody? status = null;
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(ServiceLimit);
        try
        {
            await OperatorConnection.UseAsync(url, async client => status = await client.StatusAsync(limit.Token));
        }
        catch (Exception away)
            when (away is SetupException or OperationCanceledException && !cancellationToken.IsCancellationRequested)
        {
            // The account's status on L1 does not depend on the service.
        }

        return status;
    }

    private static void Print(AccountStatus status, string url)
    {
        Line(
            "account",
            status.Account
                + (
                    status.Owner == status.Account ? ""
                    : status.Owner is { } owner ? $", owned by {owner}"
                    : ", not registered"
                )
        );
        Line(
            "operator key",
            $"{status.OperatorKey ?? "none"}{(status.OperatorKey == status.ConfiguredKey ? "" : $", configured is {status.ConfiguredKey}")}"
                + $", has {Ether(status.KeyBalance)} for gas"
        );
        Line("anchors", status.Problem is { } problem ? $"NOT taken: {problem}" : "are taken");
        Line(
            "stake",
            string.Create(
                CultureInfo.InvariantCulture,
                $"{Ether(status.Stake)}, carries {status.CarriedBlobs:N0} live blobs, has {status.LiveBlobs:N0}"
            )
        );
        Line(
            "exit",
            status.ExitRequestedAt is { } at
                ? $"asked for in block {at}; the stake is locked until block {status.LockedUntil}"
                : $"not asked for; if it were now, the stake would be locked until block {status.LockedUntil}"
        );
        Line("price", $"{status.Price} wei for each byte and block");
        Line("earnings", $"{Ether(status.Claimable)} to claim, {Ether(status.Settleable)} to settle first");
        Line(
            "demands",
            status.OpenDemands == 0
                ? "none open"
                : $"{status.OpenDemands} OPEN: each is answered by a blob in time, or the stake is lost"
        );
        Line("L1", $"at block {status.Block}");
        foreach (EpochLine epoch in status.Epochs)
        {
            Line(
                $"epoch {epoch.Epoch}",
                $"{epoch.State}; begins at block {epoch.EpochBlock}, seed at {epoch.SeedBlock}, provable until "
                    + $"{epoch.ProvableUntil}"
            );
        }

        Line(
            "service",
            status.Service is { } service
                ? string.Create(
                    CultureInfo.InvariantCulture,
                    $"at {url}: {service.Batches.Stored + service.Batches.Placed} batches promised and not anchored yet"
                        + $"{(service.L1CaughtUp ? "" : ", L1 does NOT answer it")}"
                        + $"{(service.Intake.FailingSeconds > 0 ? ", storage FAILS" : "")}"
                )
                : $"does not answer at {url}"
        );
    }

    private static string Ether(string wei) => EtherAmount.Show(BigInteger.Parse(wei, CultureInfo.InvariantCulture));

    private static void Line(string name, string value) => Console.WriteLine($"{name, -12} {value}");
}
