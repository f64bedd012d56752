namespace Meeda.Hosting.Settings;

/// <summary>
/// Marks a setting for which an empty value means something. For all others it is refused: it is what a script leaves
/// behind.
/// </summary>
[AttributeUsage(AttributeTargets.Property)]
internal sealed class MayBeEmptyAttribute : Attribute;
