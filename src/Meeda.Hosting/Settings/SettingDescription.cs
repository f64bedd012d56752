namespace Meeda.Hosting.Settings;

/// <summary>A setting as it may be shown.</summary>
/// <param name="Name">Its name, as the environment has it.</param>
/// <param name="Value">Its value, masked where it is or may hold a secret; null where there is none.</param>
/// <param name="Origin">Where it comes from: an option, a variable, a file, or "default".</param>
internal sealed record SettingDescription(string Name, string? Value, string Origin);
