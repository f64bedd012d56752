namespace Meeda.Hosting.Settings;

/// <summary>Marks a setting whose white space is significant, such as a password. All others are trimmed.</summary>
[AttributeUsage(AttributeTargets.Property)]
internal sealed class VerbatimAttribute : Attribute;
