using Meeda.Chain.Contract;
using Meeda.Chain.Verification;
using Meeda.Kzg.Commitments;
using Meeda.Node.Tests.Model;
using Meeda.Operator.Persistence;
using Meeda.Operator.Proofs;
using Meeda.Protocol.Proofs;
using Xunit;

namespace Meeda.Node.Tests.Services;

/// <summary>The service that proves epochs, and what builds its proofs.</summary>
public sealed class ProverTests : IAsyncLifetime
{
    private static readonly VerificationKey Verification = new(TrustedSetup.Ethereum);

    private ServiceWorld _world = null!;
    private ProofBuilder _builder = null!;
    private Prover _prover = null!;
    private StoredBatch _batch = null!;

    public Task InitializeAsync() => OpenAsync(proofWindow: 4_096); // no window closes before its time

    private async Task OpenAsync(uint proofWindow)
    {
        _world = await ServiceWorld.OpenAsync(proofWindow);
        _builder = new ProofBuilder(_world.Ledger, _world.Rows, ServiceWorld.Key, _world.Log<ProofBuilder>());
        _prover = _world.Own(
            new Prover(
                _world.L1Options,
                _world.Client,
                new EpochVerification(_world.Client, _world.Contract, _world.Ledger.Index, Verification, _world.Clock),
                _world.Contract,
                _world.Account,
                _world.Follower,
                _world.Ledger,
                _builder,
                Verification,
                _world.Sender,
                _world.Election,
                _world.Clock,
                _world.Log<Prover>()
            )
        );
        _batch = await _world.PutAndPlaceAsync(1, 2, 3);
        await _world.AnchorAsync(_batch);
    }

    public async Task DisposeAsync() => await _world.DisposeAsync();

    [Fact]
    public async Task Run_EpochsHaveLiveBlobs_AreProvenOnceEach()
    {
        ulong epoch = await NextEpochAsync();
        await _prover.StartAsync(default);
        await _world.UntilAsync(() => IsProven(epoch) && IsProven(epoch + 1));
        await _prover.StopAsync(default);
        Assert.InRange(Sent(), _world.OnL1.Epochs.Count, _world.OnL1.Epochs.Count + 1); // one may be on its way
    }

    [Fact]
    public async Task Run_L1IsAway_ProvesWhenItIsBack()
    {
        await _prover.StartAsync(default);
        await _world.PassAsync(ServiceWorld.Poll);
        ulong epoch = await NextEpochAsync();
        _world.L1.GoAway();
        await _world.PassAsync(ServiceWorld.Poll * 5);
        _world.L1.ComeBack();
        await _world.UntilAsync(() => IsProven(epoch));
        Assert.False(_prover.ExecuteTask!.IsCompleted);
    }

    [Fact]
    public async Task Run_ACallTimesOut_IsTriedAgainInTheSameWindow()
    {
        ulong epoch = await NextEpochAsync();
        int lost = 0;
        _world.L1.Failure = method =>
            method == "eth_getBlockByNumber" && lost++ % 3 == 0 ? new TaskCanceledException("timed out") : null;
        await _prover.StartAsync(default);
        await _world.UntilAsync(() => lost > 20);
        _world.L1.ComeBack();
        await _world.UntilAsync(() => IsProven(epoch));
    }

    [Fact]
    public async Task Run_TheWindowIsOver_SendsNothingForThatEpoch()
    {
        await _world.DisposeAsync();
        await OpenAsync(proofWindow: 64);
        ulong late = await NextEpochAsync();
        await _world.MineAsync(200);
        await _prover.StartAsync(default);
        await _world.UntilAsync(() => _world.OnL1.Epochs.Count > 0);
        await _world.PassAsync(ServiceWorld.Poll * 5);
        Assert.False(IsProven(late));
        Assert.False(_world.HasLogged($"Epoch {late} cannot be proven"));
    }

    /// <summary>With a corrupt row the proof does not verify: it is not sent, and the row is repaired.</summary>
    [Fact]
    public async Task Run_ARowIsWrong_SendsNoWrongProof_RepairsIt_AndProves()
    {
        foreach (MemoryProvider provider in _world.Providers)
        {
            provider.Spoil(_batch.Id, 0);
        }

        // A read may use the intact parity row instead of the corrupt one: then a later epoch finds it.
        await NextEpochAsync();
        await _prover.StartAsync(default);
        await _world.UntilAsync(() => _world.HasLogged("the proof that was built does not verify"));
        ulong epoch = await NextEpochAsync();
        await _world.UntilAsync(() => IsProven(epoch));
        Assert.InRange(Sent(), 1, _world.OnL1.Epochs.Count + 1); // none of them was refused
    }

    [Fact]
    public async Task Run_EveryRowIsLost_SaysSoEachTime_AndSendsNothing()
    {
        foreach (MemoryProvider provider in _world.Providers)
        {
            provider.Lose();
        }

        ulong epoch = await NextEpochAsync();
        await _prover.StartAsync(default);
        await _world.UntilAsync(() => _world.Lines.Lines.Count(line => IsFailureOf(line, epoch)) > 2);
        Assert.Equal(0, Sent());
    }

    [Fact]
    public async Task Run_AProviderIsDown_ProvesFromTheOthers()
    {
        _world.Providers[1].Fault = ProviderFault.Down;
        ulong epoch = await NextEpochAsync();
        await _prover.StartAsync(default);
        await _world.UntilAsync(() => IsProven(epoch));
    }

    /// <summary>Another operator leads before the proof is sent: this one must not send it.</summary>
    [Fact]
    public async Task Run_TheLeaseIsLostInTheMiddle_SendsNothing_UntilItLeadsAgain()
    {
        ulong epoch = await NextEpochAsync();
        _world.L1.Failure = method =>
        {
            _world.Lease.IsFree &= method != "eth_estimateGas";
            return null;
        };
        await _prover.StartAsync(default);
        await _world.UntilAsync(() => !_world.Lease.IsFree && !_world.Election.IsLeading);
        await _world.PassAsync(ServiceWorld.Poll * 5);
        Assert.Equal(0, Sent());
        _world.L1.ComeBack();
        _world.Lease.IsFree = true;
        await _world.UntilAsync(() => IsProven(epoch));
    }

    [Fact]
    public async Task Run_AReorganisationUndidTheProof_ProvesAgain()
    {
        ulong epoch = await NextEpochAsync();
        await _prover.StartAsync(default);
        await _world.UntilAsync(() => IsProven(epoch));
        ulong provenAt = _world.OnL1.Epochs[epoch].ProvenAt;
        _world.Chain.Reorganise((int)(_world.Chain.Head - provenAt) + 1, forget: true);
        Assert.False(IsProven(epoch));
        await _world.UntilAsync(() => IsProven(epoch));
    }

    [Fact]
    public async Task Stop_WhileTheProofWaits_EndsAtOnce()
    {
        await NextEpochAsync();
        _world.Chain.TakesTransactions = false;
        await _prover.StartAsync(default);
        await _world.UntilAsync(() => _world.Chain.PendingCount == 1);
        await _prover.StopAsync(default);
        Assert.True(_prover.ExecuteTask!.IsCompleted);
    }

    [Fact]
    public async Task Build_OfWholeRows_Verifies_AndOfOthersFails()
    {
        Sample[] samples = [new Sample(0, 7), new Sample(0, 9)];
        var seed = new EpochSeed(Meeda.Ethereum.Keccak256.Hash([1]));
        AvailabilityProof proof = await _builder.BuildAsync(samples, seed.Challenge(), default);
        Assert.True(proof.Verify(Verification, seed.Challenge()));
        Assert.False(proof.Verify(Verification, new EpochSeed(Meeda.Ethereum.Keccak256.Hash([2])).Challenge()));
        await Assert.ThrowsAsync<InvalidDataException>(() =>
            _builder.BuildAsync([new Sample(5, 7)], seed.Challenge(), default)
        );
        using var stop = new CancellationTokenSource();
        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() =>
            _builder.BuildAsync(samples, seed.Challenge(), stop.Token)
        );
        foreach (MemoryProvider provider in _world.Providers)
        {
            provider.Lose();
        }

        await Assert.ThrowsAsync<InvalidDataException>(() => _builder.BuildAsync(samples, seed.Challenge(), default));
        Assert.True(_world.HasLogged("cannot be read: too few rows are available"));
    }

    private EpochParameters Parameters =>
        new(
            _world.Parameters.EpochBlocks,
            _world.Parameters.HotEpochs,
            _world.Parameters.HotSamples,
            _world.Parameters.ColdSamples,
            _world.Parameters.SeedDelay,
            _world.Parameters.ProofWindow
        );

    private bool IsProven(ulong epoch) =>
        _world.OnL1.Epochs.TryGetValue(epoch, out FakeContracts.Epoch? known) && known.Status == EpochStatus.Proven;

    private int Sent() => _world.L1.Calls.Count(method => method == "eth_sendRawTransaction") - 1; // the anchor

    private static bool IsFailureOf(string line, ulong epoch) =>
        line.StartsWith($"Epoch {epoch} cannot be proven", StringComparison.Ordinal);

    /// <summary>Lets L1 grow into the next epoch.</summary>
    /// <returns>Its number.</returns>
    private async Task<ulong> NextEpochAsync()
    {
        ulong epoch = Parameters.EpochAt(_world.Chain.Head) + 1;
        await _world.MineAsync((int)(Parameters.BlockOf(epoch) - _world.Chain.Head) + 1);
        return epoch;
    }
}
