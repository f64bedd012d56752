namespace Meeda.Operator.Anchors;

/// <summary>When the operator anchors what it stored.</summary>
public sealed class AnchorOptions
{
    /// <summary>The configuration section that binds to this.</summary>
    public const string Section = "Meeda:Anchors";

    /// <summary>
    /// The longest a stored batch waits for its anchor to be sent. Default one minute: five slots of batches share
    /// one transaction's base
    /// cost, and a rollup's finality, some 15 minutes, does not notice.
    /// </summary>
    public TimeSpan Interval { get; set; } = TimeSpan.FromMinutes(1);

    /// <summary>
    /// The most blobs in one anchor; so many waiting send it at once. Default 256, a transaction of about 560,000
    /// gas.
    /// </summary>
    public int MaxBlobs { get; set; } = 256;
}
