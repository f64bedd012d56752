using System.Diagnostics;
using System.Globalization;
using System.Net.Http.Headers;
using Meeda.Chain.Contract;
using Meeda.Chain.Index;
using Meeda.Chain.Verification;
using Meeda.Client;
using Meeda.Hosting;
using Meeda.Kzg.Commitments;
using Meeda.Protocol.Batches;
using static Meeda.DevNet.Transcript;

namespace Meeda.DevNet;

/// <summary>One batch's way from the put to a proof, each step shown and at the end checked against L1.</summary>
internal sealed class DemoRun : IDisposable
{
    private static readonly TimeSpan EventLimit = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan PollInterval = TimeSpan.FromMilliseconds(100);

    private readonly LocalNetwork _network;
    private readonly byte[] _payload;
    private readonly ProviderLoss? _loss;
    private readonly HttpClient _http = OutgoingHttp.Client();
    private readonly CommitTimes _commitTimes = new();

    /// <summary>Prepares a run.</summary>
    /// <param name="network">The network, which runs.</param>
    /// <param name="payload">The batch.</param>
    /// <param name="loss">What deletes providers at the end; null for nothing.</param>
    public DemoRun(LocalNetwork network, byte[] payload, ProviderLoss? loss)
    {
        (_network, _payload, _loss) = (network, payload, loss);
        _http.BaseAddress = network.OperatorUrl;
    }

    /// <summary>Plays all of it.</summary>
    public async Task<DemoResult> PlayAsync(CancellationToken cancellationToken)
    {
        byte[] encoded = await PostAsync(cancellationToken);
        string commitment = "0x" + Convert.ToHexStringLower(encoded);
        BatchId id = IdOf(encoded);
        BatchBody batch = await AnchoredAsync(id, cancellationToken);
        ShowAnchor(batch);

        Say("Waiting for an epoch whose proof covers the batch");
        ProofEvent proof = await ProvenAsync(batch.Anchor!, cancellationToken);
        ulong anchorGas = await GasOfAsync(batch.Anchor!.Transaction, cancellationToken);
        ulong proofGas = await GasOfAsync(proof.TransactionHash.ToString(), cancellationToken);
        Detail("epoch", $"{proof.Epoch}, proven in block {proof.BlockNumber}");
        Detail("proof", $"{proof.TransactionHash}, {proofGas:N0} gas");

        byte[] readBack = await ReadBackAsync(commitment, cancellationToken);
        Say("Verifying against L1 alone, trusting neither the operator nor its store");
        Check[] checks =
        [
            .. await CheckAsync(id, batch, proof, readBack, cancellationToken),
            .. await LoseAsync(commitment, cancellationToken),
        ];
        foreach (Check check in checks)
        {
            Detail(check.Holds ? "holds" : "FAILS", check.What);
        }

        return new DemoResult(
            id.ToString(),
            _payload.Length,
            batch.Blobs,
            commitment,
            batch.Anchor!.Transaction,
            anchorGas,
            proof.Epoch,
            proof.TransactionHash.ToString(),
            proofGas,
            checks.All(check => check.Holds)
        );
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _commitTimes.Dispose();
        _http.Dispose();
    }

    private static BatchId IdOf(byte[] encoded) =>
        AltDaCommitment.TryDecode(
            encoded,
            AltDaCommitment.DefaultDaLayerByte,
            out AltDaCommitment commitment,
            out string? error
        )
            ? new BatchId(commitment.Hash)
            : throw new InvalidDataException($"the operator's answer is no commitment: {error}");

    private async Task<byte[]> PostAsync(CancellationToken cancellationToken)
    {
        Say($"Posting a batch of {_payload.Length:N0} bytes");
        using var body = new ByteArrayContent(_payload);
        body.Headers.ContentType = new MediaTypeHeaderValue("application/octet-stream");
        long started = Stopwatch.GetTimestamp();
        using HttpResponseMessage response = await _http.PostAsync(
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
        int blobs = BlobEncoding.BlobCount(_payload.Length);
        Detail(
            "answer",
            $"after {elapsed:0} ms ({elapsed / blobs:0.0} ms a blob, {blobs} blobs): encoded, committed and durable"
        );
        Detail("commitment", "0x" + Convert.ToHexStringLower(encoded));
        Detail(
            "KZG",
            string.Create(
                CultureInfo.InvariantCulture,
                $"{_commitTimes.LastPerBlob.TotalMilliseconds:0.0} ms to encode and commit, for each blob"
            )
        );
        return encoded;
    }

    private async Task<BatchBody> AnchoredAsync(BatchId id, CancellationToken cancellationToken)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(EventLimit);
        while (true)
        {
            BatchBody batch = (await _http.GetFromJsonAsync<BatchBody>($"batches/{id}", limit.Token))!;
            if (batch.Anchor is not null)
            {
                return batch;
            }

            await Task.Delay(PollInterval, TimeProvider.System, limit.Token);
        }
    }

    private async Task<ProofEvent> ProvenAsync(AnchorBody anchor, CancellationToken cancellationToken)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(EventLimit);
        uint epochBlocks = (await _network.System.EpochParametersAsync(limit.Token)).EpochBlocks;
        while (true)
        {
            ulong head = await _network.Client.GetBlockNumberAsync(limit.Token);
            OperatorEvents events = await _network.System.ReadEventsAsync(
                _network.OperatorAddress,
                _network.Deployment.BlockNumber,
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

            await Task.Delay(PollInterval, TimeProvider.System, limit.Token);
        }
    }

    private async Task<ulong> GasOfAsync(string transaction, CancellationToken cancellationToken) =>
        (
            await _network.Client.GetTransactionReceiptAsync(Ethereum.Bytes32.Parse(transaction), cancellationToken)
        )!.GasUsed;

    private async Task<byte[]> ReadBackAsync(string commitment, CancellationToken cancellationToken)
    {
        Say("Reading the batch back over HTTP");
        long started = Stopwatch.GetTimestamp();
        byte[] readBack = await _http.GetByteArrayAsync($"get/{commitment}", cancellationToken);
        Detail("read", $"{readBack.Length:N0} bytes in {Stopwatch.GetElapsedTime(started).TotalMilliseconds:0} ms");
        return readBack;
    }

    private async Task<Check[]> CheckAsync(
        BatchId id,
        BatchBody batch,
        ProofEvent proof,
        byte[] readBack,
        CancellationToken cancellationToken
    )
    {
        LogRecord record = await LogRecord.ReadAsync(
            _network.Client,
            _network.System,
            _network.OperatorAddress,
            _network.Deployment.BlockNumber,
            cancellationToken
        );
        using var key = new CommitmentKey(TrustedSetup.Ethereum);
        var batches = new BatchVerification(_network.System, record, key);
        var epochs = new EpochVerification(
            _network.Client,
            _network.System,
            record,
            new VerificationKey(TrustedSetup.Ethereum)
        );
        EpochVerdict verdict = await epochs.VerifyAsync(_network.OperatorAddress, proof, cancellationToken);
        IReadOnlyList<BatchAnchoring> anchorings = await record.AnchoringsAsync(id, cancellationToken);
        int covered = anchorings.Count == 0 ? 0 : SamplingHistory.Covered(verdict.Samples, anchorings[^1].Batch);
        return
        [
            new("the bytes read back are the bytes posted", readBack.AsSpan().SequenceEqual(_payload)),
            batches.CheckPayload(id, readBack),
            new("L1's log has an anchor of this batch id", anchorings.Count > 0),
            .. anchorings.Count == 0 ? [] : await batches.CheckAnchorAsync(anchorings[^1], cancellationToken),
            new($"epoch {proof.Epoch} challenged blobs of this batch ({covered} of {batch.Blobs})", covered > 0),
            .. verdict.Checks,
        ];
    }

    private async Task<IReadOnlyList<Check>> LoseAsync(string commitment, CancellationToken cancellationToken)
    {
        var checks = new List<Check>();
        if (_loss is null)
        {
            return checks;
        }

        Say("Losing two providers, twice");
        var read = new Uri($"get/{commitment}", UriKind.Relative);
        await foreach (
            Check check in _loss.PlayAsync(
                async () => (await _http.GetByteArrayAsync(read, cancellationToken)).AsSpan().SequenceEqual(_payload),
                cancellationToken
            )
        )
        {
            checks.Add(check);
        }

        return checks;
    }

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
}
