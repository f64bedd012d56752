namespace Meeda.Operator.Nitro;

/// <summary>
/// What a caller of <c>daprovider_*</c> is told. Nitro decides by substrings of the message, so three of them are
/// fixed words.
/// </summary>
internal sealed class NitroException(string message) : Exception(message)
{
    /// <summary>On store: the next writer in order, in the end L1, takes the batch.</summary>
    public const string Fallback = "DA provider requests fallback to next writer";

    /// <summary>On store: the size limit is asked for again and the batch rebuilt, smaller.</summary>
    public const string TooLarge = "message too large for current DA backend";

    /// <summary>On reading: the batch counts as empty permanently. Only for what the contract finds invalid
    /// too.</summary>
    public const string Invalid = "certificate validation failed";
}
