namespace Meeda.Http;

/// <summary>
/// Why an OP Stack node may drop a commitment and derive on: EigenDA's and Celo's codes. Any other number stops their
/// node.
/// </summary>
internal enum DerivationFault
{
    /// <summary>The bytes are no commitment that this version of the protocol can produce.</summary>
    ParseFailed = 1,

    /// <summary>It was included on L1 when the batch need no longer be held.</summary>
    RecencyFailed = 2,

    /// <summary>The commitment is well formed and false.</summary>
    InvalidCommitment = 3,

    /// <summary>The bytes committed to are the encoding of no payload.</summary>
    DecodingFailed = 4,
}

/// <summary>
/// A commitment is bad for all time, and every honest server of this operator finds it so from the commitment and L1
/// alone: 418 with
/// <c>{"StatusCode":1..4,"Msg":"…"}</c>. Whatever could change its answer must not be said with this.
/// </summary>
internal sealed class DerivationException(DerivationFault fault, string message) : Exception(message)
{
    /// <summary>The code that goes out.</summary>
    public DerivationFault Fault { get; } = fault;
}
