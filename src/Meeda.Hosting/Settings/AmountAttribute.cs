namespace Meeda.Hosting.Settings;

/// <summary>
/// Marks a setting that is an amount of a currency unit. It is read strictly: digits, at most one point, nothing else.
/// </summary>
/// <param name="unit">The unit, for messages: <c>ether</c> or <c>gwei</c>.</param>
/// <param name="decimals">The decimals that the unit has down to one wei; more are refused.</param>
[AttributeUsage(AttributeTargets.Property)]
internal sealed class AmountAttribute(string unit, int decimals) : Attribute
{
    /// <summary>The unit.</summary>
    public string Unit => unit;

    /// <summary>The decimals.</summary>
    public int Decimals => decimals;
}
