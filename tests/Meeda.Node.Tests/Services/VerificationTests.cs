using Meeda.Chain.Index;
using Meeda.Chain.Verification;
using Meeda.Ethereum;
using Meeda.Kzg.Commitments;
using Meeda.L1.Rpc;
using Meeda.Operator.Persistence;
using Meeda.Operator.Proofs;
using Meeda.Protocol.Batches;
using Xunit;

namespace Meeda.Node.Tests.Services;

/// <summary>
/// What any party can verify from L1 alone: epochs, a batch's history, and a batch from an external source.
/// </summary>
public sealed class VerificationTests : IAsyncLifetime
{
    private static readonly VerificationKey Verification = new(TrustedSetup.Ethereum);
    private static readonly byte[] Payload = [1, 2, 3];

    private ServiceWorld _world = null!;
    private StoredBatch _batch = null!;
    private LogRecord _record = null!;
    private BatchAnchoring _anchoring = null!;

    /// <summary>A batch that is anchored, and some epochs that are proven.</summary>
    public async Task InitializeAsync()
    {
        _world = await ServiceWorld.OpenAsync(proofWindow: 4_096);
        _batch = await _world.PutAndPlaceAsync(Payload);
        await _world.AnchorAsync(_batch);
        using var prover = new Prover(
            _world.L1Options,
            _world.Client,
            new EpochVerification(_world.Client, _world.Contract, _world.Ledger.Index, Verification, _world.Clock),
            _world.Contract,
            _world.Account,
            _world.Follower,
            _world.Ledger,
            new ProofBuilder(_world.Ledger, _world.Rows, ServiceWorld.Key, _world.Log<ProofBuilder>()),
            Verification,
            _world.Sender,
            _world.Election,
            _world.Clock,
            _world.Log<Prover>()
        );
        await _world.MineAsync(8);
        await prover.StartAsync(default);
        await _world.UntilAsync(() => _world.OnL1.Epochs.Count >= 2);
        await prover.StopAsync(default);
        await ReadAsync();
    }

    public async Task DisposeAsync() => await _world.DisposeAsync();

    [Fact]
    public async Task Epoch_ThatIsProven_HoldsInEveryPart()
    {
        EpochVerdict verdict = await NewVerification().VerifyAsync(_world.Account.Address, await ProofAsync(), default);
        Assert.All(verdict.Checks, check => Assert.True(check.Holds, check.What));
        Assert.True(verdict.Holds);
        Assert.Equal(4, verdict.Checks.Count);
    }

    [Fact]
    public async Task Epoch_ARecordedSeedOrProofIsAnother_DoesNotHold()
    {
        ProofEvent proof = await ProofAsync();
        _world.L1.Answer = (method, parameters) =>
            method == "eth_getBlockByNumber"
            && parameters[0] is string number
            && number.StartsWith("0x", StringComparison.Ordinal)
                ? new
                {
                    number,
                    hash = Keccak256.Hash([7]).ToString(),
                    parentHash = Keccak256.Hash([6]).ToString(),
                    mixHash = Keccak256.Hash([8]).ToString(),
                    timestamp = "0x1",
                }
                : null;
        EpochVerdict verdict = await NewVerification().VerifyAsync(_world.Account.Address, proof, default);
        Assert.False(verdict.Holds);
        Assert.Contains(verdict.Checks, check => !check.Holds && check.What.Contains("seed", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Epoch_L1HoldsTheProofNoMore_IsSaid()
    {
        ProofEvent proof = await ProofAsync();
        InvalidDataException gone = await Assert.ThrowsAsync<InvalidDataException>(() =>
            NewVerification().VerifyAsync(_world.Account.Address, proof with { Epoch = proof.Epoch + 500 }, default)
        );
        Assert.Contains("does not hold the proof", gone.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Epoch_L1IsAway_SaysSo_AndACancelledOneEnds()
    {
        ProofEvent proof = await ProofAsync();
        _world.L1.GoAway();
        await Assert.ThrowsAsync<L1UnreachableException>(() =>
            NewVerification().VerifyAsync(_world.Account.Address, proof, default)
        );
        _world.L1.ComeBack();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() =>
            NewVerification().VerifyAsync(_world.Account.Address, proof, new CancellationToken(canceled: true))
        );
    }

    /// <summary>An open route: its calls to L1 must not grow with the number of requests.</summary>
    [Fact]
    public async Task History_OfABatch_CountsItsEpochs_AndAsksForFinalBlocksOnce()
    {
        await _world.MineAsync(200);
        await ReadAsync();
        EpochVerification verification = NewVerification();
        var history = new SamplingHistory(_record, verification);
        IReadOnlyList<SampledEpoch> epochs = await history.OfAsync(_anchoring, default);
        Assert.Equal(epochs.Select(epoch => epoch.Epoch).Order(), epochs.Select(epoch => epoch.Epoch));
        Assert.All(epochs, epoch => Assert.Equal(1, epoch.Sampled)); // the only blob is in every sample
        Assert.Equal(_world.OnL1.Epochs.Keys.Order(), Of(EpochOutcome.Proven));
        Assert.NotEmpty(Of(EpochOutcome.Pending));
        Assert.Empty(Of(EpochOutcome.Missed));

        int before = _world.L1.Calls.Count();
        await history.OfAsync(_anchoring, default);
        int pending = epochs.Count(epoch => epoch.Outcome == EpochOutcome.Pending);
        Assert.InRange(_world.L1.Calls.Count() - before, 0, (pending / 2) + 40); // blocks that are not final yet

        IEnumerable<ulong> Of(EpochOutcome outcome) =>
            epochs.Where(epoch => epoch.Outcome == outcome).Select(epoch => epoch.Epoch);
    }

    [Fact]
    public async Task Inspection_OfABatch_HoldsWithItsPayload_AndNotWithAnother()
    {
        AltDaCommitment commitment = AltDaCommitment.Of(_batch.Id);
        BatchInspection inspection = new(_world.Client, _world.Contract, ServiceWorld.Key, Verification, 0);
        BatchReport report = await inspection.ReportAsync(commitment, null, [("the test", Payload)], default);
        Assert.All(report.Checks, check => Assert.True(check.Holds, check.What));
        Assert.True(report.Holds);
        Assert.Equal(_world.Account.Address, report.Operator);

        report = await inspection.ReportAsync(commitment, null, [("a liar", [1, 2, 4])], default);
        Assert.False(report.Holds);
        Assert.Contains(report.Unproven, what => what.Contains("no source gave it", StringComparison.Ordinal));

        report = await inspection.ReportAsync(commitment, Address.Zero, [], default);
        Assert.False(report.Holds);
        Assert.Contains("that any operator promised to keep this batch", report.Unproven);
    }

    private EpochVerification NewVerification() =>
        new(_world.Client, _world.Contract, _record, Verification, _world.Clock);

    private async Task<ProofEvent> ProofAsync() =>
        (await _record.ProofsAsync(_world.Account.Address, 0, 1_000, default))[^1];

    private async Task ReadAsync()
    {
        _record = await LogRecord.ReadAsync(_world.Client, _world.Contract, _world.Account.Address, 0, default);
        _anchoring = (await _record.AnchoringsAsync(_batch.Id, default))[^1];
    }
}
