using Meeda.Chain.Bounties;
using Meeda.Hosting.Settings;

namespace Meeda.Light;

/// <summary>A light node keeps no batches, so it has nothing to carry for a bounty.</summary>
internal sealed class NoArchiveValidator : SettingsValidator<BountyOptions>
{
    /// <inheritdoc/>
    public override IEnumerable<string> Failures(BountyOptions options)
    {
        if (options.Archive)
        {
            yield return "bounties: a light node keeps no batches; only an operator can be an archive "
                + "(Meeda__Bounties__Archive)";
        }
    }
}
