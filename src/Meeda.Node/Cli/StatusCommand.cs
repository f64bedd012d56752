using System.CommandLine;
using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Text.Json;
using Meeda.Ethereum;
using Meeda.Node.Http;
using Meeda.Protocol.Batches;

namespace Meeda.Node.Cli;

/// <summary><c>status [ID]</c>: how an operator is doing, or where a batch stands.</summary>
internal static class StatusCommand
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(30);
    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web);

    /// <summary>The command with its arguments.</summary>
    public static Command Build()
    {
        var batch = new Argument<string?>("ID")
        {
            Description = "a batch id (64 hex digits) or a generic commitment; without it the operator as a whole",
            Arity = ArgumentArity.ZeroOrOne,
        };
        var url = new Option<string>("--url")
        {
            Description = "the operator's URL; a tenant's key belongs in the environment (MEEDA_KEY)",
            DefaultValueFactory = _ => Environment.GetEnvironmentVariable("MEEDA_URL") ?? "http://127.0.0.1:3100",
        };
        var json = new Option<bool>("--json") { Description = "print the operator's answer as it is" };
        var command = new Command("status", "Say how an operator is doing, or where a batch stands") { batch, url, json };
        command.SetAction((parsed, cancellationToken) => RunAsync(parsed.GetValue(batch), parsed.GetValue(url)!, parsed.GetValue(json), cancellationToken));
        return command;
    }

    private static async Task<int> RunAsync(string? batch, string url, bool json, CancellationToken cancellationToken)
    {
        if (!Uri.TryCreate(url.TrimEnd('/') + "/", UriKind.Absolute, out Uri? root) || root.Scheme is not ("http" or "https"))
        {
            throw new SetupException($"--url: {url} is no http or https URL");
        }

#pragma warning disable RS0030 // One connection for the life of the command: there is no host whose factory could make it.
        using var http = new HttpClient { BaseAddress = root, Timeout = Limit };
#pragma warning restore RS0030
        if (Environment.GetEnvironmentVariable("MEEDA_KEY") is { Length: > 0 } key)
        {
            http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", key);
        }

        string answer = await GetAsync(http, batch is null ? "status" : $"batches/{ParseId(batch)}", cancellationToken);
        if (json)
        {
            Console.WriteLine(answer);
        }
        else if (batch is null)
        {
            Show(JsonSerializer.Deserialize<StatusBody>(answer, Json)!);
        }
        else
        {
            Show(JsonSerializer.Deserialize<BatchBody>(answer, Json)!);
        }

        return ExitCode.Success;
    }

    private static BatchId ParseId(string text)
    {
        if (Bytes32.TryParse(text, out Bytes32 id))
        {
            return new BatchId(id);
        }

        try
        {
            string digits = text.StartsWith("0x", StringComparison.OrdinalIgnoreCase) ? text[2..] : text;
            byte[] encoded = Convert.FromHexString(digits);
            if (encoded.Length == AltDaCommitment.GenericLength
                && AltDaCommitment.TryDecode(encoded, encoded[1], out AltDaCommitment commitment, out _) && commitment.Kind == AltDaCommitmentKind.Generic)
            {
                return new BatchId(commitment.Hash);
            }
        }
        catch (FormatException)
        {
            // Said below.
        }

        throw new SetupException($"ID: {text} is neither a batch id of 64 hex digits nor a generic commitment of {2 * AltDaCommitment.GenericLength}");
    }

    private static async Task<string> GetAsync(HttpClient http, string path, CancellationToken cancellationToken)
    {
        try
        {
            using HttpResponseMessage answer = await http.GetAsync(new Uri(path, UriKind.Relative), cancellationToken);
            string body = await answer.Content.ReadAsStringAsync(cancellationToken);
            return answer.StatusCode == HttpStatusCode.OK ? body : throw new SetupException($"the operator answers {(int)answer.StatusCode}: {Sentence(body)}");
        }
        catch (HttpRequestException failure)
        {
            throw new SetupException($"--url: {http.BaseAddress!.GetLeftPart(UriPartial.Authority)} does not answer ({failure.HttpRequestError}); is the operator running?");
        }
        catch (TaskCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            throw new SetupException($"--url: {http.BaseAddress!.GetLeftPart(UriPartial.Authority)} does not answer within {Limit.TotalSeconds:0} s");
        }
    }

    private static string Sentence(string body)
    {
        try
        {
            return JsonSerializer.Deserialize<ErrorBody>(body, Json)?.Error ?? body;
        }
        catch (JsonException)
        {
            return body.Length > 200 ? body[..200] : body;
        }
    }

    private static void Show(StatusBody status)
    {
        Line("operator", $"{status.Operator}{(status.Leads ? "" : ", not leading: another process follows L1, anchors and proves")}");
        Line("contract", status.Contract);
        Line("L1", status.L1Block is { } block ? $"read up to block {block}, final up to {status.FinalBlock}{(status.L1CaughtUp ? "" : ", and it does NOT answer")}" : "not read yet");
        Line("batches", string.Create(
            CultureInfo.InvariantCulture,
            $"{status.Batches.Stored} stored, {status.Batches.Placed} placed, {status.Batches.Anchored} anchored, {status.Batches.Final} final, {status.Batches.Expired} expired"));
        Line("backlog", string.Create(CultureInfo.InvariantCulture, $"{status.Intake.BacklogBatches} batches, {status.Intake.BacklogBytes:N0} bytes not at their providers yet"));
        if (status.Intake.FailingSeconds > 0)
        {
            Line("failing", string.Create(CultureInfo.InvariantCulture, $"for {status.Intake.FailingSeconds:N0} s{(status.Intake.FailingOver ? ", FAILING OVER: puts are answered 503" : "")}"));
        }

        if (status.Intake.Failovers > 0)
        {
            Line("failovers", string.Create(CultureInfo.InvariantCulture, $"{status.Intake.Failovers} puts were answered 503"));
        }
    }

    private static void Show(BatchBody batch)
    {
        Line("batch id", batch.BatchId);
        Line("state", batch.State);
        Line("size", string.Create(CultureInfo.InvariantCulture, $"{batch.Bytes:N0} bytes in {batch.Blobs} blobs"));
        if (batch.Anchor is { } anchor)
        {
            Line("anchor", $"number {anchor.Index} in block {anchor.BlockNumber}, {anchor.Depth} blocks deep, expires at block {anchor.Expiry}");
            Line("transaction", anchor.Transaction);
        }
    }

    private static void Line(string name, string value) => Console.WriteLine($"{name,-12} {value}");
}
