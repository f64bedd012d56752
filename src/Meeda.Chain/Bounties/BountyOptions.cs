using Meeda.Chain.Contract;
using Meeda.Ethereum;

namespace Meeda.Chain.Bounties;

/// <summary>Bounties on data that no operator has to keep any more.</summary>
public sealed class BountyOptions
{
    /// <summary>The configuration section that binds to this.</summary>
    public const string Section = "Meeda:Bounties";

    /// <summary>
    /// Whether an operator keeps expired batches, as <c>Meeda__Storage__Archive</c> does, and carries blobs to L1 for
    /// the bounties on them where it pays. Needs an account of its own for that (<c>Meeda__Signer__BlobKey</c>), so
    /// that no anchor and no proof waits behind such a blob. Default false.
    /// </summary>
    public bool Archive { get; set; }

    /// <summary>The address of the BlobBounty contract. Default: the one that it has on every chain.</summary>
    public string Contract { get; set; } = "";

    /// <summary>
    /// What a bounty must pay above the cost of carrying its blob at the prices of the moment, in percent. Default 25:
    /// another account may be faster, and then the blob's cost is lost.
    /// </summary>
    public int MarginPercent { get; set; } = 25;

    /// <summary>
    /// The blocks for which a bounty must still stand, so that its funder cannot take it back in front of the blob.
    /// Default 1,800, six hours.
    /// </summary>
    public int LeastBlocksLeft { get; set; } = 1_800;

    /// <summary>How often bounties are looked at. Default one minute.</summary>
    public TimeSpan Interval { get; set; } = TimeSpan.FromMinutes(1);

    /// <summary>The contract's address.</summary>
    internal Address ContractAddress => Contract.Length > 0 ? Address.Parse(Contract) : BountyContract.UsualAddress;
}
