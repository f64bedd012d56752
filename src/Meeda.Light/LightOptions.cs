using System.Numerics;
using Meeda.Ethereum;

namespace Meeda.Light;

/// <summary>What a light node needs: an L1 endpoint and the contract's address; the rest has defaults.</summary>
internal sealed record LightOptions
{
    /// <summary>The contract.</summary>
    public required Address Contract { get; init; }

    /// <summary>Where its ledger is kept.</summary>
    public string Folder { get; init; } = Path.Combine(".meeda", "light");

    /// <summary>The block of the contract's deployment.</summary>
    public ulong FromBlock { get; init; }

    /// <summary>How often L1's head is checked. Default 6 s, half a slot: the windows are hours.</summary>
    public TimeSpan PollInterval { get; init; } = TimeSpan.FromSeconds(6);

    /// <summary>
    /// The most wei that it ever spends, on gas and on bonds; then it only watches and says so. Bonds are paid until
    /// half of it is spent. Default half an ether: some fifty fraud proofs at 2 gwei.
    /// </summary>
    public BigInteger Budget { get; init; } = BigInteger.Pow(10, 18) / 2;

    /// <summary>
    /// The wei that a contract owes it, rewards and what bonds gave back, at which it has them paid out. Default a
    /// twentieth of an ether.
    /// </summary>
    public BigInteger ClaimAbove { get; init; } = BigInteger.Pow(10, 18) / 20;

    /// <summary>The HTTP APIs of operators that it samples; of others it reads L1 only.</summary>
    public IReadOnlyDictionary<Address, Uri> Operators { get; init; } = new Dictionary<Address, Uri>();

    /// <summary>How often each of those operators is sampled. Default one minute.</summary>
    public TimeSpan SampleInterval { get; init; } = TimeSpan.FromMinutes(1);

    /// <summary>Blobs that one look asks an operator for, one random cell of each. Default 4.</summary>
    public int SamplesAtOnce { get; init; } = 4;

    /// <summary>
    /// Looks in a row at which a blob must be withheld before it is demanded on L1. Default 3: a restart of the
    /// operator is no withholding.
    /// </summary>
    public int Patience { get; init; } = 3;
}
