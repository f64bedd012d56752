namespace Meeda.Hosting.Settings;

/// <summary>
/// Marks a setting for which an empty value is valid. For all others it is rejected, because it usually comes from an
/// unset variable in a script.
/// </summary>
[AttributeUsage(AttributeTargets.Property)]
internal sealed class MayBeEmptyAttribute : Attribute;
