namespace Meeda.Hosting.Settings;

/// <summary>Marks a setting whose blanks count, such as a password. All others lose those around them.</summary>
[AttributeUsage(AttributeTargets.Property)]
internal sealed class VerbatimAttribute : Attribute;
