using Meeda.Chain.Payments;
using Meeda.Ethereum;
using Meeda.L1.Rpc;

namespace Meeda.Chain.Contract;

/// <summary>
/// A deployment of the contracts by CREATE2 (EIP-1014) through the deterministic deployment proxy, which stands at the
/// same address on most chains: what is deployed with equal parameters and salt has one address, whoever deploys it,
/// and a deployment that was interrupted is continued.
/// </summary>
/// <param name="client">L1.</param>
/// <param name="parameters">The parameters.</param>
/// <param name="salt">The salt.</param>
internal sealed class SystemDeployment(EthereumClient client, SystemParameters parameters, Bytes32 salt)
{
    // Measured, and rounded up; each is below the maximum gas of a transaction (EIP-7825).
    private static readonly (string Name, ulong Gas)[] Parts =
    [
        ("MeedaAnchors", 4_600_000),
        ("MeedaVerifier", 5_100_000),
        ("MeedaPublication", 1_900_000),
        ("MeedaEscrow", 2_900_000),
    ];

    /// <summary>The system with its parts, there or not.</summary>
    public SystemContract System { get; } =
        new(client, DeploymentProxy.AddressOf(SystemContract.CreationCode(parameters), salt));

    /// <summary>The bounties, there or not. They are of no system, and under no salt of the user's.</summary>
    public BountyContract Bounties { get; } = new(client, BountyContract.UsualAddress);

    /// <summary>Whether the proxy stands on this chain.</summary>
    public async Task<bool> HasProxyAsync(CancellationToken cancellationToken) =>
        (await client.GetCodeAsync(DeploymentProxy.Address, BlockTag.Latest, cancellationToken)).Length > 0;

    /// <summary>The transactions that are missing; none where all of it stands.</summary>
    public async Task<IReadOnlyList<PlannedTransaction>> PlanAsync(CancellationToken cancellationToken)
    {
        bool stands = (await client.GetCodeAsync(System.Address, BlockTag.Latest, cancellationToken)).Length > 0;
        int created = stands ? await System.CreatedAsync(cancellationToken) : 0;
        var plan = new List<PlannedTransaction>();
        if (!stands)
        {
            plan.Add(
                new(
                    $"deploy MeedaSystem at {System.Address}",
                    DeploymentProxy.Create(SystemContract.CreationCode(parameters), salt)
                )
            );
        }

        plan.AddRange(
            System
                .CreateParts()
                .Select(
                    (request, part) =>
                        new PlannedTransaction(
                            $"deploy {Parts[part].Name} at {PartAddress(part)}",
                            request,
                            Parts[part].Gas
                        )
                )
                .Skip(created)
        );
        if (!await Bounties.StandsAsync(cancellationToken))
        {
            plan.Add(new($"deploy BlobBounty at {Bounties.Address}", BountyContract.Deploy()));
        }

        return plan;
    }

    /// <summary>What is wrong with the deployment, as the contracts answer; null where nothing is.</summary>
    public async Task<string?> FaultAsync(CancellationToken cancellationToken)
    {
        if (await System.CreatedAsync(cancellationToken) != ContractArtifact.Parts.Count)
        {
            return "not all parts are deployed";
        }

        if (await System.ParametersAsync(cancellationToken) != parameters)
        {
            return "the parameters are others";
        }

        for (int part = 0; part < ContractArtifact.Parts.Count; part++)
        {
            if ((await client.GetCodeAsync(PartAddress(part), BlockTag.Latest, cancellationToken)).Length == 0)
            {
                return $"there is no code at {PartAddress(part)}";
            }
        }

        // Each part answers for itself, and by what another part told it.
        (_, ulong seedBlock) = await System.Verifier.BlocksAsync(1, cancellationToken);
        return seedBlock != parameters.EpochBlocks + parameters.SeedDelay ? "the verifier counts epochs otherwise"
            : await System.Publication.OpenDemandsAsync(System.Address, cancellationToken) != 0
                ? "the publication contract knows demands of nobody"
            : await System.Anchors.AnchorCountAsync(System.Address, cancellationToken) != 0
                ? "the anchors contract knows anchors of nobody"
            : await System.Escrow.PosterAsync(System.Address, cancellationToken) != System.Address
                ? "the escrow names another poster"
            : !await Bounties.StandsAsync(cancellationToken) ? $"there is no code at {Bounties.Address}"
            : null;
    }

    private Address PartAddress(int part) =>
        part switch
        {
            0 => System.Anchors.Address,
            1 => System.Verifier.Address,
            2 => System.Publication.Address,
            _ => System.Escrow.Address,
        };
}
