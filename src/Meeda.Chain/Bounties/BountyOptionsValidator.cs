using Meeda.Chain.L1;
using Meeda.Ethereum;
using Meeda.Hosting.Settings;

namespace Meeda.Chain.Bounties;

/// <summary>Checks <see cref="BountyOptions"/>.</summary>
/// <param name="signer">The operator's accounts; null for a command, which claims nothing.</param>
internal sealed class BountyOptionsValidator(SignerOptions? signer) : SettingsValidator<BountyOptions>
{
    /// <inheritdoc/>
    public override IEnumerable<string> Failures(BountyOptions options)
    {
        if (options.Archive && signer is { BlobKey: null, BlobKeyFile: null })
        {
            yield return "bounties: blobs are carried from an account of their own, so that no anchor and no proof "
                + "waits behind them: Meeda__Bounties__Archive needs Meeda__Signer__BlobKey or "
                + "Meeda__Signer__BlobKeyFile";
        }

        if (options.Contract.Length > 0 && !Address.TryParse(options.Contract, out _))
        {
            yield return "bounties: the 20-byte hex address of the BlobBounty contract is needed, or nothing "
                + "(Meeda__Bounties__Contract)";
        }

        if (options.MarginPercent is < 15 or > 10_000)
        {
            yield return "bounties: the margin is between 15 percent, a little more than what fees rise in a block, "
                + "and 10000 (Meeda__Bounties__MarginPercent)";
        }

        if (options.LeastBlocksLeft is < 1 or > 100_000)
        {
            yield return "bounties: the least blocks left are between 1 and 100000 (Meeda__Bounties__LeastBlocksLeft)";
        }

        if (options.Interval < TimeSpan.FromMilliseconds(100) || options.Interval > TimeSpan.FromDays(1))
        {
            yield return "bounties: the interval is between 100 ms and 1 day (Meeda__Bounties__Interval)";
        }
    }
}
