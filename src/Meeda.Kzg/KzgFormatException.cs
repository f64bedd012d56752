namespace Meeda.Kzg;

/// <summary>
/// Bytes that are not what they should encode: a wrong length, a value that is not canonical, a point off the curve
/// or outside the subgroup.
/// The message names the field and the limit. A proof that does not verify is no such thing: that is
/// <see langword="false"/>.
/// </summary>
/// <param name="message">One message: the field, what it is, what was expected.</param>
public sealed class KzgFormatException(string message) : FormatException(message);
