using System.Buffers;
using Meeda.Client;
using Meeda.Ethereum;
using Meeda.Http;

namespace Meeda.Operator.SignIn;

/// <summary>A well-formed sign-in request, not verified yet.</summary>
/// <param name="Message">The message.</param>
/// <param name="Signature">The signature.</param>
/// <param name="Overlap">For how long the wallet's previous key stays valid.</param>
internal sealed record SignedRequest(SignInMessage Message, byte[] Signature, TimeSpan Overlap)
{
    private const string DidPrefix = "did:ethr:";
    private const int MaxSignature = 4_096;
    private const int MaxOverlap = 86_400;
    private const int DefaultOverlap = 3_600;

    /// <summary>Parses a request.</summary>
    /// <exception cref="DaException">A field is malformed (<see cref="DaError.MalformedRequest"/>).</exception>
    public static SignedRequest Read(SignInRequest request)
    {
        if (request.OverlapSeconds is < 0 or > MaxOverlap)
        {
            throw Malformed($"overlapSeconds: between 0 and {MaxOverlap}");
        }

        byte[] signature = ReadSignature(request.Signature);
        try
        {
            return new SignedRequest(
                SignInMessage.Parse(request.Message ?? ""),
                signature,
                TimeSpan.FromSeconds(request.OverlapSeconds ?? DefaultOverlap)
            );
        }
        catch (FormatException problem)
        {
            throw Malformed($"message: {problem.Message}");
        }
    }

    /// <summary>An account's DID (did:ethr, "Method Specific Identifier").</summary>
    public static string DidOf(Address account, ulong chainId) => $"{DidPrefix}0x{chainId:x}:{account}";

    /// <summary>The rollup that a resource names by its DID; the wallet itself if none does.</summary>
    /// <exception cref="DaException">There are several, or the DID is for another chain.</exception>
    public Address RollupOn(ulong chainId) => RollupIn(Message, chainId);

    /// <inheritdoc cref="RollupOn(ulong)"/>
    /// <param name="message">The message.</param>
    /// <param name="chainId">The id of L1's chain.</param>
    public static Address RollupIn(SignInMessage message, ulong chainId)
    {
        string[] named =
        [
            .. message.Resources.Where(each => each.StartsWith(DidPrefix, StringComparison.OrdinalIgnoreCase)),
        ];
        string prefix = $"{DidPrefix}0x{chainId:x}:0x";
        return named switch
        {
            [] => message.Address,
            [{ } one]
                when one.StartsWith(prefix, StringComparison.Ordinal)
                    && Address.TryParse(one[(prefix.Length - 2)..], out Address rollup) => rollup,
            [_] => throw Malformed($"resources: a rollup must have the form {prefix}… with 40 hex digits"),
            _ => throw Malformed("resources: one rollup at most"),
        };
    }

    private static byte[] ReadSignature(string? hex)
    {
        byte[] bytes = new byte[MaxSignature];
        return
            hex is { Length: > 2 and <= 2 + (2 * MaxSignature) }
            && hex.StartsWith("0x", StringComparison.Ordinal)
            && Convert.FromHexString(hex.AsSpan(2), bytes, out _, out int length) == OperationStatus.Done
            ? bytes[..length]
            : throw Malformed($"signature: 0x and hex digits of 1 to {MaxSignature} bytes are expected");
    }

    private static DaException Malformed(string problem) => new(DaError.MalformedRequest, problem);
}
