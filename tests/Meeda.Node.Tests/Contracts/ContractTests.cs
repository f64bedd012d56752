using System.Numerics;
using System.Text.RegularExpressions;
using Meeda.Chain.Contract;
using Meeda.Ethereum;
using Meeda.L1.Rpc;
using Meeda.L1.Signing;
using Meeda.L1.Transactions;
using Meeda.Node.Cli.Deployment;
using Meeda.Protocol.Proofs;
using Meeda.Protocol.Signatures;
using Meeda.Testing;
using Xunit;

namespace Meeda.Node.Tests.Contracts;

/// <summary>The C# side against the compiled contracts on anvil.</summary>
public sealed class ContractTests
{
    private static readonly BigInteger Stake = BigInteger.Pow(10, 18) * 17;

    [SkippableFact]
    public async Task Parameters_OfADeployment_AreWhatItWasMadeWith()
    {
        await using Deployment deployment = await Deployment.StartAsync();
        Assert.Equal(Deployment.Parameters, await deployment.System.ParametersAsync(default));
    }

    /// <summary>
    /// anvil, unlike geth, executes calls at the block's own base fee, so there the contract returns what is computed
    /// here.
    /// </summary>
    [SkippableFact]
    public async Task DemandBond_ComputedFromTheFees_IsTheContracts()
    {
        await using Deployment deployment = await Deployment.StartAsync();
        PublicationContract publication = deployment.System.Publication;
        var view = new DemandBondFunction();
        byte[] said = await deployment.Client.CallAsync(
            publication.Address,
            ContractArtifact.Publication.Contract.Encode(view),
            BlockTag.Latest,
            default
        );
        Assert.Equal(
            ContractArtifact.Publication.Contract.Decode(view, said).Value1,
            await publication.DemandBondAsync(Deployment.Parameters.DemandBond, default)
        );
    }

    /// <summary>The default parameters of <c>meeda deploy</c> are those that the forge script deploys.</summary>
    [Fact]
    public void DefaultParameters_AreThoseOfTheScript()
    {
        string script = File.ReadAllText(Path.Combine(Repository.Root, "contracts", "script", "Deploy.s.sol"));
        IEnumerable<(string Name, string Value)> theirs = Regex
            .Matches(script, @"^ {12}(\w+): ([0-9._]+(?: ether)?)", RegexOptions.Multiline)
            .Select(match => (match.Groups[1].Value, match.Groups[2].Value.Replace("_", "", StringComparison.Ordinal)));
        Assert.Equal(theirs, ParametersFile.Describe(SystemParameters.Default));
    }

    [SkippableFact]
    public async Task Deploy_UnsoundParameters_AreRefusedByName()
    {
        await using Deployment deployment = await Deployment.StartAsync();
        SystemParameters unsound = Deployment.Parameters with { FraudRewardBps = 1_001 };
        JsonRpcException refused = await Assert.ThrowsAsync<JsonRpcException>(() =>
            deployment.SendAsync(SystemContract.Deploy(unsound))
        );
        Assert.True(ContractArtifact.System.Contract.TryDescribeRevert(refused.RevertData, out string? why));
        Assert.Contains("fraudRewardBps", why);
    }

    [SkippableFact]
    public async Task SetOperatorKey_WithAKeysConsent_NamesIt()
    {
        await using Deployment deployment = await Deployment.StartAsync();
        AnchorsContract anchors = deployment.System.Anchors;
        await deployment.SendAsync(anchors.Register(Stake));
        var key = PrivateKeySigner.FromBytes(Keccak256.Hash("an operator key"u8).ToArray());
        var domain = new ContractDomain(await deployment.Client.GetChainIdAsync(default), anchors.Address);
        (Bytes32 r, Bytes32 vs) = key.Sign(new OperatorKeyConsent(deployment.Sender, key.Address, 0).Digest(domain))
            .ToCompact();

        await deployment.SendAsync(anchors.SetOperatorKey(deployment.Sender, key.Address, r, vs));

        Assert.Equal(
            new AccountState(deployment.Sender, key.Address, 1, Stake, IsSlashed: false, ExitRequestedAt: 0),
            await anchors.AccountAsync(deployment.Sender, default)
        );
    }

    [SkippableFact]
    public async Task SubmitProof_OfAnHonestOperator_IsRecordedWithTheSeedOfTheHeader()
    {
        await using Deployment deployment = await Deployment.StartAsync();
        (LyingProver prover, ulong epoch, BlockHeader header) = await AnchoredAsync(deployment);
        VerifierContract verifier = deployment.System.Verifier;
        await deployment.SendAsync(verifier.RecordSeed(epoch, header));
        Bytes32 mix = await verifier.MixAsync(epoch, default);

        LyingProver.Draft draft = await prover.ProveAsync(epoch, mix, lie: false);
        Assert.Equal(draft.Seed.Value, await verifier.EpochSeedAsync(deployment.Sender, epoch, default));
        Assert.Equal(3, draft.Proof.PartialSums.Count);
        await deployment.SendAsync(draft.Submit(verifier, header: null));

        Assert.Equal(EpochStatus.Proven, await verifier.EpochStatusAsync(deployment.Sender, epoch, default));

        // No valid partial sum can be slashed.
        ChunkProof leaves = ChunkProof.Build(draft.Chunk(2), prover.Anchors);
        await RefusedAsync(
            deployment,
            verifier.ProveFraud(deployment.Sender, epoch, draft.Recorded, 2, leaves),
            "PartialSumRight"
        );
    }

    [SkippableFact]
    public async Task ProveFraud_OfTheWrongPartialSum_SlashesInAnOrdinaryTransaction_AndOfARightOneIsRefused()
    {
        await using Deployment deployment = await Deployment.StartAsync();
        (LyingProver prover, ulong epoch, BlockHeader header) = await AnchoredAsync(deployment);
        VerifierContract verifier = deployment.System.Verifier;
        LyingProver.Draft draft = await prover.ProveAsync(
            epoch,
            await deployment.MixAsync(Deployment.Parameters.Epochs.SeedBlockOf(epoch)),
            lie: true
        );
        await deployment.SendAsync(draft.Submit(verifier, header));

        await RefusedAsync(deployment, ChallengeOf(chunk: 0), "PartialSumRight");
        TransactionRequest challenge = ChallengeOf(chunk: 2);
        Assert.InRange(challenge.Data.Length, 1, 120_000);
        await deployment.SendAsync(challenge);

        AccountState account = await deployment.System.Anchors.AccountAsync(deployment.Sender, default);
        Assert.True(account.IsSlashed);
        Assert.Equal(BigInteger.Zero, account.Stake);
        Assert.Equal(EpochStatus.Fraudulent, await verifier.EpochStatusAsync(deployment.Sender, epoch, default));

        TransactionRequest ChallengeOf(int chunk) =>
            verifier.ProveFraud(
                deployment.Sender,
                epoch,
                draft.Recorded,
                chunk,
                ChunkProof.Build(draft.Chunk(chunk), prover.Anchors)
            );
    }

    [SkippableFact]
    public async Task ReportMiss_OfAnUnprovenEpoch_CostsAPenalty()
    {
        await using Deployment deployment = await Deployment.StartAsync();
        (LyingProver prover, ulong epoch, BlockHeader header) = await AnchoredAsync(deployment);
        SystemParameters parameters = Deployment.Parameters;
        await deployment.MineToAsync(parameters.Epochs.SeedBlockOf(epoch) + parameters.ProofWindow);
        (_, RangeHints hints) = parameters
            .Epochs.LiveRangeAt(epoch, [.. prover.Anchors.Select(content => content.Anchor)])!
            .Value;

        await deployment.SendAsync(deployment.System.Verifier.ReportMiss(deployment.Sender, epoch, hints, header));

        AccountState account = await deployment.System.Anchors.AccountAsync(deployment.Sender, default);
        Assert.Equal(Stake - parameters.MissPenalty, account.Stake);
    }

    [SkippableFact]
    public async Task Anchor_BeyondTheCapacity_IsRefused()
    {
        await using Deployment deployment = await Deployment.StartAsync();
        AnchorsContract anchors = deployment.System.Anchors;
        await deployment.SendAsync(anchors.Register(Deployment.Parameters.MinimumStake));
        await deployment.SendAsync(anchors.SetOperatorKey(deployment.Sender, deployment.Sender));
        Assert.Equal((0, 0), await anchors.CapacityAsync(deployment.Sender, 0, default));
        await RefusedAsync(deployment, anchors.Anchor([(5, new byte[48])], 0), "StakeTooLow", ContractArtifact.Anchors);
    }

    /// <summary>An operator with three older blobs and one recent one, at an epoch whose seed block is mined.</summary>
    private static async Task<(LyingProver Prover, ulong Epoch, BlockHeader Header)> AnchoredAsync(
        Deployment deployment
    )
    {
        SystemParameters parameters = Deployment.Parameters;
        AnchorsContract anchors = deployment.System.Anchors;
        await deployment.SendAsync(anchors.Register(Stake));
        await deployment.SendAsync(anchors.SetOperatorKey(deployment.Sender, deployment.Sender));
        var prover = new LyingProver(deployment);
        await prover.AnchorAsync(130_000, 5);
        ulong epoch = 1 + (prover.Anchors[0].Anchor.BlockNumber / parameters.EpochBlocks) + 1;
        await deployment.MineToAsync((epoch * parameters.EpochBlocks) - 3);
        await prover.AnchorAsync(7);
        await deployment.MineToAsync(parameters.Epochs.SeedBlockOf(epoch) + 1);
        Assert.Equal((1000, 4), await CapacityAsync(deployment));
        BlockHeader? header = await deployment.Client.GetBlockHeaderAsync(
            parameters.Epochs.SeedBlockOf(epoch),
            default
        );
        return (prover, epoch, header!);
    }

    private static async Task<(int Most, int Live)> CapacityAsync(Deployment deployment)
    {
        (BigInteger most, BigInteger live) = await deployment.System.Anchors.CapacityAsync(
            deployment.Sender,
            0,
            default
        );
        return ((int)most, (int)live);
    }

    private static async Task RefusedAsync(
        Deployment deployment,
        TransactionRequest request,
        string error,
        ContractArtifact? artifact = null
    )
    {
        JsonRpcException refused = await Assert.ThrowsAsync<JsonRpcException>(() => deployment.SendAsync(request));
        (artifact ?? ContractArtifact.Verifier).Contract.TryDescribeRevert(refused.RevertData, out string? why);
        Assert.StartsWith(error, why);
    }
}
