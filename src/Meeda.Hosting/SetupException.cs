namespace Meeda.Hosting;

/// <summary>
/// Something outside the program is missing or wrong. The message says what, and what to do
/// about it.
/// </summary>
/// <param name="message">The message, without a full stop.</param>
public sealed class SetupException(string message) : Exception(message);
