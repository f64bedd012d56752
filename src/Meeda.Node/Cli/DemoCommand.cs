using System.CommandLine;
using System.Diagnostics;
using System.Globalization;
using System.Net.Http.Headers;
using System.Security.Cryptography;
using System.Text.Json;
using Meeda.Chain.Contract;
using Meeda.Chain.Index;
using Meeda.Chain.Verification;
using Meeda.Client;
using Meeda.Hosting;
using Meeda.Kzg.Commitments;
using Meeda.Protocol.Batches;

namespace Meeda.Node.Cli;

/// <summary>
/// <c>demo [FILE]</c>: the main job end to end on a local network, checked independently of the operator.
/// </summary>
internal static class DemoCommand
{
    private const int SampleBatchBytes = 500_000;
    private static readonly TimeSpan EventLimit = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan Look = TimeSpan.FromMilliseconds(100);
    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web);

    /// <summary>The command with its arguments.</summary>
    public static Command Build()
    {
        var file = new Argument<FileInfo?>("FILE")
        {
            Description = "the batch: raw bytes, or hex that starts with 0x; without it a batch of four blobs is made",
            Arity = ArgumentArity.ZeroOrOne,
        };
        var lose = new Option<bool>("--lose")
        {
            Description =
                "then delete two of the six providers' folders at random, read back, let the scrub restore them, "
                + "and do it again with two others",
        };
        var command = new Command("demo", "Run the main job end to end on a local L1 and show each step")
        {
            file,
            lose,
        };
        command.SetAction(
            (parsed, cancellationToken) => RunAsync(parsed.GetValue(file), parsed.GetValue(lose), cancellationToken)
        );
        return command;
    }

    private static async Task<int> RunAsync(FileInfo? file, bool lose, CancellationToken cancellationToken)
    {
        OwnerOnly.Apply();
        byte[] payload = await ReadPayloadAsync(file, cancellationToken);
        string folder = Directory.CreateTempSubdirectory("meeda-demo-").FullName;
        try
        {
            var total = Stopwatch.StartNew();
            Say("Starting a local L1 (anvil, Osaka rules), the verifier contract and an operator");
            await using LocalNetwork network = await LocalNetwork.StartAsync(
                new LocalNetworkSettings(folder, L1Port: 0, OperatorPort: 0, Quiet: true),
                cancellationToken
            );
            Detail("L1", network.L1.ToString());
            Detail("contract", $"{network.Contract.Address} deployed with {network.Deployment.GasUsed:N0} gas");
            Detail("operator", $"{network.OperatorAddress} staked in {network.Stake.TransactionHash}");
            Detail("API", network.OperatorUrl.ToString());
            DemoResult result = await PlayAsync(
                network,
                payload,
                lose ? new ProviderLoss(folder) : null,
                cancellationToken
            );
            Say(
                $"Done in {total.Elapsed.TotalSeconds:0.0} s: "
                    + $"{(result.Verified ? "everything was checked and holds" : "NOT verified")}"
            );
            Console.WriteLine(JsonSerializer.Serialize(result, Json));
            return result.Verified ? ExitCode.Success : ExitCode.Failure;
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static async Task<DemoResult> PlayAsync(
        LocalNetwork network,
        byte[] payload,
        ProviderLoss? loss,
        CancellationToken cancellationToken
    )
    {
        using HttpClient http = OutgoingHttp.Client();
        http.BaseAddress = network.OperatorUrl;
        byte[] encoded = await PostAsync(http, payload, cancellationToken);
        Detail(
            "KZG",
            string.Create(
                CultureInfo.InvariantCulture,
                $"{network.CommitTimePerBlob.TotalMilliseconds:0.0} ms to encode and commit, for each blob"
            )
        );
        if (
            !AltDaCommitment.TryDecode(
                encoded,
                AltDaCommitment.DefaultDaLayerByte,
                out AltDaCommitment commitment,
                out string? error
            )
        )
        {
            throw new InvalidDataException($"the operator's answer is no commitment: {error}");
        }

        var id = new BatchId(commitment.Hash);
        BatchBody batch = await AnchoredAsync(http, id, cancellationToken);
        ShowAnchor(batch);

        Say("Waiting for an epoch whose proof covers the batch");
        ProofEvent proof = await ProvenAsync(network, batch.Anchor!, cancellationToken);
        ulong anchorGas = await GasOfAsync(network, batch.Anchor!.Transaction, cancellationToken);
        ulong proofGas = await GasOfAsync(network, proof.TransactionHash.ToString(), cancellationToken);
        Detail("epoch", $"{proof.Epoch}, proven in block {proof.BlockNumber}");
        Detail("proof", $"{proof.TransactionHash}, {proofGas:N0} gas");

        Say("Reading the batch back over HTTP");
        long started = Stopwatch.GetTimestamp();
        byte[] readBack = await http.GetByteArrayAsync($"get/0x{Convert.ToHexStringLower(encoded)}", cancellationToken);
        Detail("read", $"{readBack.Length:N0} bytes in {Stopwatch.GetElapsedTime(started).TotalMilliseconds:0} ms");

        Say("Verifying against L1 alone, trusting neither the operator nor its store");
        LogRecord record = await LogRecord.ReadAsync(
            network.Client,
            network.Contract,
            network.OperatorAddress,
            network.Deployment.BlockNumber,
            cancellationToken
        );
        var batches = new BatchVerification(network.Contract, record, new CommitmentKey(TrustedSetup.Ethereum));
        var epochs = new EpochVerification(
            network.Client,
            network.Contract,
            record,
            new VerificationKey(TrustedSetup.Ethereum)
        );
        EpochVerdict verdict = await epochs.VerifyAsync(network.OperatorAddress, proof, cancellationToken);
        IReadOnlyList<BatchAnchoring> anchorings = await record.AnchoringsAsync(id, cancellationToken);
        int covered = anchorings.Count == 0 ? 0 : SamplingHistory.Covered(verdict.Samples, anchorings[^1].Batch);
        Check[] checks =
        [
            new("the bytes read back are the bytes posted", readBack.AsSpan().SequenceEqual(payload)),
            batches.CheckPayload(id, readBack),
            new("L1's log has an anchor of this batch id", anchorings.Count > 0),
            .. anchorings.Count == 0 ? [] : await batches.CheckAnchorAsync(anchorings[^1], cancellationToken),
            new($"epoch {proof.Epoch} challenged blobs of this batch ({covered} of {batch.Blobs})", covered > 0),
            .. verdict.Checks,
        ];
        if (loss is not null)
        {
            Say("Losing two providers, twice");
            var read = new Uri($"get/0x{Convert.ToHexStringLower(encoded)}", UriKind.Relative);
            await foreach (
                Check check in loss.PlayAsync(
                    async () => (await http.GetByteArrayAsync(read, cancellationToken)).AsSpan().SequenceEqual(payload),
                    cancellationToken
                )
            )
            {
                checks = [.. checks, check];
            }
        }

        foreach (Check check in checks)
        {
            Detail(check.Holds ? "holds" : "FAILS", check.What);
        }

        return new DemoResult(
            id.ToString(),
            payload.Length,
            batch.Blobs,
            "0x" + Convert.ToHexStringLower(encoded),
            batch.Anchor!.Transaction,
            anchorGas,
            proof.Epoch,
            proof.TransactionHash.ToString(),
            proofGas,
            checks.All(check => check.Holds)
        );
    }

    private static async Task<byte[]> PostAsync(HttpClient http, byte[] payload, CancellationToken cancellationToken)
    {
        Say($"Posting a batch of {payload.Length:N0} bytes");
        using var body = new ByteArrayContent(payload);
        body.Headers.ContentType = new MediaTypeHeaderValue("application/octet-stream");
        long started = Stopwatch.GetTimestamp();
        using HttpResponseMessage response = await http.PostAsync(
            new Uri("put", UriKind.Relative),
            body,
            cancellationToken
        );
        if (!response.IsSuccessStatusCode)
        {
            ErrorBody? error = await response.Content.ReadFromJsonAsync<ErrorBody>(cancellationToken);
            throw new SetupException(
                $"the operator refused the batch with status {(int)response.StatusCode}: {error?.Error}"
            );
        }

        byte[] encoded = await response.Content.ReadAsByteArrayAsync(cancellationToken);
        double elapsed = Stopwatch.GetElapsedTime(started).TotalMilliseconds;
        int blobs = BlobEncoding.BlobCount(payload.Length);
        Detail(
            "answer",
            $"after {elapsed:0} ms ({elapsed / blobs:0.0} ms a blob, {blobs} blobs): encoded, committed and durable"
        );
        Detail("commitment", "0x" + Convert.ToHexStringLower(encoded));
        return encoded;
    }

    private static async Task<BatchBody> AnchoredAsync(HttpClient http, BatchId id, CancellationToken cancellationToken)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(EventLimit);
        while (true)
        {
            BatchBody batch = (await http.GetFromJsonAsync<BatchBody>($"batches/{id}", limit.Token))!;
            if (batch.Anchor is not null)
            {
                return batch;
            }

            await Task.Delay(Look, TimeProvider.System, limit.Token);
        }
    }

    private static async Task<ProofEvent> ProvenAsync(
        LocalNetwork network,
        AnchorBody anchor,
        CancellationToken cancellationToken
    )
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(EventLimit);
        uint epochBlocks = (await network.Contract.EpochParametersAsync(limit.Token)).EpochBlocks;
        while (true)
        {
            ulong head = await network.Client.GetBlockNumberAsync(limit.Token);
            OperatorEvents events = await network.Contract.ReadEventsAsync(
                network.OperatorAddress,
                network.Deployment.BlockNumber,
                head,
                limit.Token
            );
            if (
                events
                    .Proofs.Select(submitted => submitted.Seen)
                    .FirstOrDefault(seen => seen.Epoch * epochBlocks > anchor.BlockNumber) is
                { } proof
            )
            {
                return proof;
            }

            await Task.Delay(Look, TimeProvider.System, limit.Token);
        }
    }

    private static async Task<ulong> GasOfAsync(
        LocalNetwork network,
        string transaction,
        CancellationToken cancellationToken
    ) =>
        (
            await network.Client.GetTransactionReceiptAsync(Ethereum.Bytes32.Parse(transaction), cancellationToken)
        )!.GasUsed;

    private static void ShowAnchor(BatchBody batch)
    {
        Say("Anchored on L1");
        Detail("batch id", batch.BatchId);
        for (int i = 0; i < batch.Commitments.Count; i++)
        {
            Detail(string.Create(CultureInfo.InvariantCulture, $"blob {i}"), batch.Commitments[i]);
        }

        Detail(
            "anchor",
            $"number {batch.Anchor!.Index}, blobs from position {batch.Anchor.FirstBlob}, block "
                + $"{batch.Anchor.BlockNumber}, expires at block {batch.Anchor.Expiry}"
        );
        Detail("transaction", batch.Anchor.Transaction);
    }

    private static async Task<byte[]> ReadPayloadAsync(FileInfo? file, CancellationToken cancellationToken)
    {
        if (file is null)
        {
            return RandomNumberGenerator.GetBytes(SampleBatchBytes);
        }

        byte[] content;
        try
        {
            content = await File.ReadAllBytesAsync(file.FullName, cancellationToken);
        }
        catch (Exception unreadable) when (unreadable is IOException or UnauthorizedAccessException)
        {
            throw new SetupException($"FILE: {file.FullName} cannot be read: {unreadable.Message.TrimEnd('.')}");
        }

        if (!content.AsSpan().StartsWith("0x"u8))
        {
            return content;
        }

        try
        {
            return Convert.FromHexString(System.Text.Encoding.ASCII.GetString(content).Trim()[2..]);
        }
        catch (FormatException)
        {
            throw new SetupException($"FILE: {file.FullName} starts with 0x but is not hexadecimal behind it");
        }
    }

    private static void Say(string line) => Console.WriteLine(line);

    private static void Detail(string name, string value) => Console.WriteLine($"  {name, -12} {value}");

    private sealed record DemoResult(
        string BatchId,
        int Bytes,
        int Blobs,
        string Commitment,
        string AnchorTx,
        ulong AnchorGas,
        ulong Epoch,
        string ProofTx,
        ulong ProofGas,
        bool Verified
    );
}
