using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using Meeda.Client;
using Meeda.Hosting;
using Meeda.Protocol.Batches;

namespace Meeda.Node.Cli;

/// <summary><c>status [ID]</c>: shows the status of an operator or of a batch.</summary>
internal static class StatusCommand
{
    /// <summary>The command with its arguments.</summary>
    public static Command Build()
    {
        var batch = new Argument<string?>("ID")
        {
            Description = "a batch id (64 hex digits) or a generic commitment [default: the operator as a whole]",
            Arity = ArgumentArity.ZeroOrOne,
        };
        var connection = new OperatorConnection();
        var json = new Option<bool>("--json") { Description = "print one line of JSON" };
        var command = new Command("status", "Show the status of an operator or of a batch")
        {
            batch,
            connection.Url,
            json,
        };
        command.SetAction(
            (parsed, cancellationToken) =>
                RunAsync(
                    parsed.GetValue(batch),
                    parsed.GetValue(connection.Url)!,
                    parsed.GetValue(json),
                    cancellationToken
                )
        );
        return command;
    }

    private static Task<int> RunAsync(string? batch, string url, bool json, CancellationToken cancellationToken)
    {
        AltDaCommitment? commitment = batch is null ? null : OperatorConnection.ParseCommitment(batch);
        if (commitment is { Kind: AltDaCommitmentKind.Keccak })
        {
            throw new SetupException(
                "ID: give a batch id or a generic commitment; a keccak commitment identifies only the bytes"
            );
        }

        return OperatorConnection.UseAsync(
            url,
            async client =>
            {
                if (commitment is { } wanted)
                {
                    Show(await client.DescribeAsync(new BatchId(wanted.Hash), cancellationToken), json);
                }
                else
                {
                    Show(await client.StatusAsync(cancellationToken), json);
                }
            }
        );
    }

    private static void Show(StatusBody status, bool json)
    {
        if (json)
        {
            Console.WriteLine(JsonSerializer.Serialize(status, CliJson.Default.StatusBody));
            return;
        }

        Line(
            "operator",
            $"{status.Operator}{(status.Leads ? "" : ", not leading: another process follows L1, anchors and proves")}"
        );
        Line("contract", status.Contract);
        Line(
            "L1",
            status.L1Block is { } block
                ? $"read up to block {block}, final up to "
                    + $"{status.FinalBlock}{(status.L1CaughtUp ? "" : ", and it does NOT answer")}"
                : "not read yet"
        );
        Line(
            "batches",
            string.Create(
                CultureInfo.InvariantCulture,
                $"{status.Batches.Stored} stored, {status.Batches.Placed} placed, {status.Batches.Anchored} "
                    + $"anchored, {status.Batches.Final} final, {status.Batches.Expired} expired"
            )
        );
        Line(
            "backlog",
            string.Create(
                CultureInfo.InvariantCulture,
                $"{status.Intake.BacklogBatches} batches, {status.Intake.BacklogBytes:N0} bytes not at their "
                    + $"providers yet"
            )
        );
        if (status.Intake.FailingSeconds > 0)
        {
            Line(
                "failing",
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"for {status.Intake.FailingSeconds:N0} "
                        + $"s{(status.Intake.FailingOver ? ", failing over: puts are answered 503" : "")}"
                )
            );
        }

        if (status.Intake.Failovers > 0)
        {
            Line(
                "failovers",
                string.Create(CultureInfo.InvariantCulture, $"{status.Intake.Failovers} puts were answered 503")
            );
        }
    }

    private static void Show(BatchBody batch, bool json)
    {
        if (json)
        {
            Console.WriteLine(JsonSerializer.Serialize(batch, CliJson.Default.BatchBody));
            return;
        }

        Line("batch id", batch.BatchId);
        Line("state", batch.State);
        Line("size", string.Create(CultureInfo.InvariantCulture, $"{batch.Bytes:N0} bytes in {batch.Blobs} blobs"));
        if (batch.Anchor is { } anchor)
        {
            Line(
                "anchor",
                $"number {anchor.Index} in block {anchor.BlockNumber}, {anchor.Depth} blocks deep, expires at "
                    + $"block {anchor.Expiry}"
            );
            Line("transaction", anchor.Transaction);
        }
    }

    private static void Line(string name, string value) => Console.WriteLine($"{name, -12} {value}");
}
