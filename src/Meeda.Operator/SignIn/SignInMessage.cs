using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;
using Meeda.Ethereum;

namespace Meeda.Operator.SignIn;

/// <summary>
/// The message that a wallet signs to sign in: EIP-4361, "Message Format", version 1. Anything that deviates from the
/// grammar is rejected, so that the service reads exactly what the wallet showed to its owner.
/// </summary>
internal sealed partial class SignInMessage
{
    private const string Asks = " wants you to sign in with your Ethereum account:";

    /// <summary>The scheme before the domain, or null.</summary>
    public string? Scheme { get; init; }

    /// <summary>The authority that requests the signature (RFC 3986).</summary>
    public required string Domain { get; init; }

    /// <summary>The wallet that signs.</summary>
    public required Address Address { get; init; }

    /// <summary>The statement shown to the wallet's owner, or null.</summary>
    public string? Statement { get; init; }

    /// <summary>The resource that the sign-in is for.</summary>
    public required string Uri { get; init; }

    /// <summary>The wallet's chain id.</summary>
    public required ulong ChainId { get; init; }

    /// <summary>At least 8 letters and digits, used once.</summary>
    public required string Nonce { get; init; }

    /// <summary>When the message was issued.</summary>
    public required DateTimeOffset IssuedAt { get; init; }

    /// <summary>When it becomes invalid, or null.</summary>
    public DateTimeOffset? ExpirationTime { get; init; }

    /// <summary>When it becomes valid, or null.</summary>
    public DateTimeOffset? NotBefore { get; init; }

    /// <summary>An identifier of the request, or null.</summary>
    public string? RequestId { get; init; }

    /// <summary>URIs that the wallet's owner wishes to have resolved.</summary>
    public IReadOnlyList<string> Resources { get; init; } = [];

    /// <summary>Parses a message.</summary>
    /// <param name="text">The text that was signed, untrusted.</param>
    /// <exception cref="FormatException">
    /// It deviates from the grammar; the exception's message names the field.
    /// </exception>
    public static SignInMessage Parse(string text)
    {
        var lines = new Queue<string>(text.Split('\n'));
        Match head = Head().Match(Next(lines, "domain"));
        Require(head.Success, $"domain: the first line is not [scheme://]domain{Asks}");
        string address = Next(lines, "address");
        Require(
            Ethereum.Address.TryParse(address, out Address account) && account.ToString() == address,
            "address: the second line is not an address with the checksum of ERC-55"
        );
        Require(Next(lines, "address").Length == 0, "address: an empty line is missing after it");
        string? statement = Next(lines, "statement");
        if (statement.Length == 0)
        {
            statement = null;
        }
        else
        {
            Require(StatementForm().IsMatch(statement), "statement: a character is not allowed by RFC 3986");
            Require(Next(lines, "statement").Length == 0, "statement: an empty line is missing after it");
        }

        string uri = Tagged(lines, "URI", UriForm());
        Require(Tagged(lines, "Version", VersionForm()) == "1", "version: it is not 1");
        string chain = Tagged(lines, "Chain ID", NumberForm());
        string nonce = Tagged(lines, "Nonce", NonceForm());
        DateTimeOffset issued = Time(lines, "Issued At") ?? throw Missing("Issued At");
        var message = new SignInMessage
        {
            Scheme = head.Groups["scheme"].Success ? head.Groups["scheme"].Value : null,
            Domain = head.Groups["domain"].Value,
            Address = account,
            Statement = statement,
            Uri = uri,
            ChainId = ulong.TryParse(chain, NumberStyles.None, CultureInfo.InvariantCulture, out ulong id)
                ? id
                : throw new FormatException("chain ID: it is too large"),
            Nonce = nonce,
            IssuedAt = issued,
            ExpirationTime = Time(lines, "Expiration Time"),
            NotBefore = Time(lines, "Not Before"),
            RequestId = Optional(lines, "Request ID", RequestIdForm()),
            Resources = ReadResources(lines),
        };
        Require(lines.Count == 0, "message: unexpected text after its end");
        return message;
    }

    /// <summary>The text that a wallet signs.</summary>
    public override string ToString()
    {
        var text = new StringBuilder();
        text.Append(Scheme is null ? "" : $"{Scheme}://").Append(Domain).Append(Asks).Append('\n');
        text.Append(Address).Append("\n\n");
        text.Append(Statement is null ? "" : $"{Statement}\n").Append('\n');
        text.Append("URI: ").Append(Uri).Append("\nVersion: 1\nChain ID: ");
        text.Append(CultureInfo.InvariantCulture, $"{ChainId}\nNonce: {Nonce}\nIssued At: {Write(IssuedAt)}");
        text.Append(ExpirationTime is { } end ? $"\nExpiration Time: {Write(end)}" : "");
        text.Append(NotBefore is { } start ? $"\nNot Before: {Write(start)}" : "");
        text.Append(RequestId is null ? "" : $"\nRequest ID: {RequestId}");
        if (Resources.Count > 0)
        {
            text.Append("\nResources:");
            foreach (string resource in Resources)
            {
                text.Append("\n- ").Append(resource);
            }
        }

        return text.ToString();
    }

    /// <summary>The hash that a wallet signs: that of the text as personal message (EIP-191, version 0x45).</summary>
    /// <param name="text">The text, in ASCII.</param>
    public static Bytes32 HashOf(string text)
    {
        byte[] bytes = Encoding.UTF8.GetBytes(text);
        return Keccak256.Hash([
            .. Encoding.ASCII.GetBytes($"\u0019Ethereum Signed Message:\n{bytes.Length}"),
            .. bytes,
        ]);
    }

    private static List<string> ReadResources(Queue<string> lines)
    {
        var resources = new List<string>();
        if (lines.TryPeek(out string? line) && line == "Resources:")
        {
            lines.Dequeue();
            while (lines.TryPeek(out line) && line.StartsWith("- ", StringComparison.Ordinal))
            {
                Require(UriForm().IsMatch(line.AsSpan(2)), "resources: a line is not a URI");
                resources.Add(lines.Dequeue()[2..]);
            }
        }

        return resources;
    }

    private static DateTimeOffset? Time(Queue<string> lines, string tag) =>
        Optional(lines, tag, TimeForm()) is not { } text ? null
        : DateTimeOffset.TryParse(
            text,
            CultureInfo.InvariantCulture,
            DateTimeStyles.AssumeUniversal,
            out DateTimeOffset time
        )
            ? time
        : throw new FormatException($"{tag}: it is not a date and time of RFC 3339");

    private static string? Optional(Queue<string> lines, string tag, Regex form) =>
        lines.TryPeek(out string? line) && line.StartsWith($"{tag}: ", StringComparison.Ordinal)
            ? Tagged(lines, tag, form)
            : null;

    private static string Tagged(Queue<string> lines, string tag, Regex form)
    {
        string line = Next(lines, tag);
        if (!line.StartsWith($"{tag}: ", StringComparison.Ordinal))
        {
            throw Missing(tag);
        }

        string value = line[(tag.Length + 2)..];
        Require(form.IsMatch(value), $"{tag}: it is not of the form of EIP-4361");
        return value;
    }

    private static string Next(Queue<string> lines, string field) =>
        lines.TryDequeue(out string? line) ? line : throw Missing(field);

    private static FormatException Missing(string field) => new($"{field}: it is missing, or not in its place");

    private static void Require(bool holds, string problem)
    {
        if (!holds)
        {
            throw new FormatException(problem);
        }
    }

    private static string Write(DateTimeOffset time) =>
        time.UtcDateTime.ToString("yyyy-MM-ddTHH:mm:ssZ", CultureInfo.InvariantCulture);

    // RFC 3986, appendix A: authority = [ userinfo "@" ] host [ ":" port ].
    private const string Unit = @"(?:[A-Za-z0-9._~!$&'()*+,;=-]|%[0-9A-Fa-f]{2})";
    private const string Authority = $@"(?:(?:{Unit}|:)*@)?(?:\[[0-9A-Fa-f:.]+\]|{Unit}+)(?::[0-9]*)?";

    // reserved / unreserved / " "
    [GeneratedRegex(@"\A[A-Za-z0-9._~:/?#\[\]@!$&'()*+,;= -]+\z")]
    private static partial Regex StatementForm();

    [GeneratedRegex(
        $@"\A(?:(?<scheme>[A-Za-z][A-Za-z0-9+.-]*)://)?(?<domain>{Authority}){Asks}\z",
        RegexOptions.CultureInvariant
    )]
    private static partial Regex Head();

    // scheme ":" [ "//" authority ] path [ "?" query ] [ "#" fragment ]
    [GeneratedRegex(
        $@"\A[A-Za-z][A-Za-z0-9+.-]*:(?://{Authority}(?=[/?#]|\z)|(?!//))(?:{Unit}|[:@/])*"
            + $@"(?:\?(?:{Unit}|[:@/?])*)?(?:\#(?:{Unit}|[:@/?])*)?\z"
    )]
    private static partial Regex UriForm();

    [GeneratedRegex(@"\A1\z")]
    private static partial Regex VersionForm();

    [GeneratedRegex(@"\A[0-9]{1,20}\z")]
    private static partial Regex NumberForm();

    [GeneratedRegex(@"\A[A-Za-z0-9]{8,256}\z")]
    private static partial Regex NonceForm();

    [GeneratedRegex(
        @"\A[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,9})?(Z|[+-][0-9]{2}:[0-9]{2})\z"
    )]
    private static partial Regex TimeForm();

    [GeneratedRegex(@"\A([A-Za-z0-9._~!$&'()*+,;=:@-]|%[0-9A-Fa-f]{2})*\z")]
    private static partial Regex RequestIdForm();
}
