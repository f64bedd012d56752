using System.Text.RegularExpressions;

namespace Meeda.Mefs;

/// <summary>The kinds of failure of a MEFS node, by what the client can do about them.</summary>
public enum MefsError
{
    /// <summary>The node returned another error.</summary>
    Other,

    /// <summary>The node cannot be reached, or did not answer in time.</summary>
    Unreachable,

    /// <summary>
    /// The response violates the API: no JSON-RPC, a missing field, the wrong number of bytes.
    /// </summary>
    BadAnswer,

    /// <summary>The content is not the one that its etag names. Nothing of it is given out.</summary>
    WrongContent,

    /// <summary>The token is missing, wrong or lacks a permission.</summary>
    Unauthorized,

    /// <summary>A bucket of this name exists already.</summary>
    BucketExists,

    /// <summary>There is no such bucket.</summary>
    BucketAbsent,

    /// <summary>The bucket is not confirmed on the data chain yet; puts are refused until it is.</summary>
    BucketConfirming,

    /// <summary>An object of this name exists already, perhaps an empty one that a failed put left.</summary>
    ObjectExists,

    /// <summary>There is no such object.</summary>
    ObjectAbsent,

    /// <summary>The range that was asked for is not within the object.</summary>
    OutOfRange,

    /// <summary>The content is empty; the node stores none such.</summary>
    EmptyObject,

    /// <summary>The node rejects the bucket name.</summary>
    InvalidName,

    /// <summary>The node does too much at once; the same call may succeed later.</summary>
    Busy,

    /// <summary>
    /// The node rejects writes: it is read-only, out of space or out of funds. Its operator must act.
    /// </summary>
    Unwritable,

    /// <summary>Too few of the object's chunks can be fetched from storage providers at the moment.</summary>
    TooFewChunks,
}

/// <summary>A call to a MEFS node failed.</summary>
/// <param name="error">What to act on.</param>
/// <param name="message">The node's message, or the fault of its response.</param>
/// <param name="inner">The cause, if there is one.</param>
public sealed partial class MefsException(MefsError error, string message, Exception? inner = null)
    : Exception(message, inner)
{
    /// <summary>What a caller can act on.</summary>
    public MefsError Error { get; } = error;

    /// <summary>
    /// Tells an error text of the node (go-mefs-v2 has no codes) from all others; the texts are matched whole, since
    /// names may contain anything.
    /// </summary>
    internal static MefsException FromMessage(string method, string message) =>
        new(Classify(message), $"{method}: {message}");

    private static MefsError Classify(string message) =>
        message switch
        {
            _ when BucketExists().IsMatch(message) => MefsError.BucketExists,
            _ when BucketAbsent().IsMatch(message) => MefsError.BucketAbsent,
            _ when BucketConfirming().IsMatch(message) => MefsError.BucketConfirming,
            _ when ObjectExists().IsMatch(message) => MefsError.ObjectExists,
            _ when ObjectAbsent().IsMatch(message) => MefsError.ObjectAbsent,
            "out of object size" => MefsError.OutOfRange,
            "object is empty" => MefsError.EmptyObject,
            "bucket name is invalid" => MefsError.InvalidName,
            _ when message.StartsWith("resource unavailable", StringComparison.Ordinal) => MefsError.Busy,
            _ when Unwritable().IsMatch(message) => MefsError.Unwritable,
            _ when message.StartsWith("download not get enough chunks", StringComparison.Ordinal) =>
                MefsError.TooFewChunks,
            _ when message.StartsWith("missing permission", StringComparison.Ordinal) => MefsError.Unauthorized,
            _ => MefsError.Other,
        };

    [GeneratedRegex(@"^bucket .* already exists$", RegexOptions.Singleline)]
    private static partial Regex BucketExists();

    [GeneratedRegex(@"^bucket .* not exist$", RegexOptions.Singleline)]
    private static partial Regex BucketAbsent();

    [GeneratedRegex(@"^bucket \d+ is confirming$")]
    private static partial Regex BucketConfirming();

    [GeneratedRegex(@"^object .* already exist$", RegexOptions.Singleline)]
    private static partial Regex ObjectExists();

    [GeneratedRegex(@"^object .* not exist$", RegexOptions.Singleline)]
    private static partial Regex ObjectAbsent();

    [GeneratedRegex(@"^(lfs service is read only|not have enough balance|meta space left|data space left)")]
    private static partial Regex Unwritable();
}
