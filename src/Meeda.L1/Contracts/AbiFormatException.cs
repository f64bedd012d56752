namespace Meeda.L1.Contracts;

/// <summary>
/// An ABI description, a value or encoded data is invalid. The message names the place.
/// </summary>
/// <param name="message">One message.</param>
public sealed class AbiFormatException(string message) : FormatException(message);
