using System.Globalization;
using System.Text.Json.Nodes;
using Meeda.Operator.SignIn;
using Meeda.Testing;
using Xunit;
using Xunit.Abstractions;

namespace Meeda.Node.Tests.SignIn;

public sealed class SignInMessageTests(ITestOutputHelper output)
{
    private const string Whole =
        "https://da.example.org:8443 wants you to sign in with your Ethereum account:\n"
        + "0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266\n\n"
        + "Get a key, for batches.\n\n"
        + "URI: https://da.example.org/signin\n"
        + "Version: 1\n"
        + "Chain ID: 31337\n"
        + "Nonce: 12345678abcdefAB\n"
        + "Issued At: 2026-11-28T10:00:00Z\n"
        + "Expiration Time: 2026-11-28T10:10:00.5Z\n"
        + "Not Before: 2026-11-28T11:00:00+02:00\n"
        + "Request ID: a-1%20b\n"
        + "Resources:\n"
        + "- did:ethr:0x7a69:0x70997970C51812dc3A010C7d01b50e0d17dc79C8\n"
        + "- ipfs://abc/";

    [Fact]
    public void A_message_with_everything_is_read()
    {
        var message = SignInMessage.Parse(Whole);
        Assert.Equal(
            (
                "https",
                "da.example.org:8443",
                "0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266",
                "Get a key, for batches.",
                "https://da.example.org/signin",
                31_337UL,
                "12345678abcdefAB"
            ),
            (
                message.Scheme,
                message.Domain,
                $"{message.Address}",
                message.Statement,
                message.Uri,
                message.ChainId,
                message.Nonce
            )
        );
        Assert.Equal(
            ("2026-11-28T10:00:00.0000000+00:00", "2026-11-28T10:10:00.5000000+00:00", "a-1%20b"),
            (Round(message.IssuedAt), Round(message.ExpirationTime!.Value), message.RequestId)
        );
        Assert.Equal("2026-11-28T09:00:00.0000000+00:00", Round(message.NotBefore!.Value.ToUniversalTime()));
        Assert.Equal(["did:ethr:0x7a69:0x70997970C51812dc3A010C7d01b50e0d17dc79C8", "ipfs://abc/"], message.Resources);
    }

    [Theory]
    [InlineData("https://da", "ht tps://da", "domain")]
    [InlineData("example.org:8443 wants", "example.org/path wants", "domain")]
    [InlineData(" wants you to sign", " wants you  to sign", "domain")]
    [InlineData("account:\n", "account:\r\n", "domain")]
    [InlineData("0xf39F", "0xf39f", "address")]
    [InlineData("0xf39F", "f39F", "address")]
    [InlineData("92266\n\n", "92266\n", "address")]
    [InlineData("for batches.", "for \"batches\".", "statement")]
    [InlineData("batches.\n\n", "batches.\n", "statement")]
    [InlineData("batches.\n\n", "batches.\n\n\n", "URI")]
    [InlineData("URI: https://da.example.org/signin\n", "URI: nowhere\n", "URI")]
    [InlineData("URI: https://da.example.org/signin\n", "", "URI")]
    [InlineData("Version: 1", "Version: 2", "Version")]
    [InlineData("Version: 1\nChain ID: 31337", "Chain ID: 31337\nVersion: 1", "Version")]
    [InlineData("Chain ID: 31337", "Chain ID: 0x7a69", "Chain ID")]
    [InlineData("Chain ID: 31337", "Chain ID: 99999999999999999999", "chain ID")]
    [InlineData("12345678abcdefAB", "1234567", "Nonce")]
    [InlineData("12345678abcdefAB", "12345678-abcdef", "Nonce")]
    [InlineData("2026-11-28T10:00:00Z", "2026-11-28 10:00:00Z", "Issued At")]
    [InlineData("2026-11-28T10:00:00Z", "2026-13-28T10:00:00Z", "Issued At")]
    [InlineData("2026-11-28T10:00:00Z", "2026-11-28T10:00:00", "Issued At")]
    [InlineData("Issued At: 2026-11-28T10:00:00Z\n", "", "Issued At")]
    [InlineData("a-1%20b", "a-1%2", "Request ID")]
    [InlineData("- ipfs://abc/", "- no uri", "resources")]
    [InlineData("- ipfs://abc/", "-ipfs://abc/", "message")]
    [InlineData("- ipfs://abc/", "- ipfs://abc/\n", "message")]
    [InlineData("Request ID: a-1%20b\n", "Request ID: a-1%20b\nRequest ID: b\n", "message")]
    public void What_is_not_of_the_grammar_is_refused_with_the_field(string old, string with, string field)
    {
        Assert.Contains(old, Whole, StringComparison.Ordinal);
        FormatException problem = Assert.Throws<FormatException>(() =>
            SignInMessage.Parse(Whole.Replace(old, with, StringComparison.Ordinal))
        );
        Assert.StartsWith($"{field}:", problem.Message, StringComparison.OrdinalIgnoreCase);
    }

    [Fact]
    public void The_hash_is_that_of_personal_sign() =>
        // ethers.hashMessage("hello")
        Assert.Equal(
            "0x50b2c43fd39106bafbba0da34fc430e1f91e3c96ea2acee2bc34119f92b37750",
            $"{SignInMessage.HashOf("hello")}"
        );

    /// <summary>
    /// Whatever parses here, siwe parses in the same way; what is written here parses back unchanged.
    /// </summary>
    [SkippableFact]
    public async Task What_is_read_here_siwe_reads_alike()
    {
        await using var siwe = Wallets.Start();
        string[] parts = [.. Whole.Split('\n'), "", "- x:y", "Version: 2", " ", "Chain ID: 1"];
        Random random = RandomSeed.Open("MEEDA_SIGNIN_SEED", output.WriteLine);
        string[] texts = [Whole, .. Enumerable.Range(0, 2_000).Select(_ => Mangle(random, parts))];
        int read = 0;
        foreach (string text in texts)
        {
            SignInMessage ours;
            try
            {
                ours = SignInMessage.Parse(text);
            }
            catch (FormatException)
            {
                continue;
            }

            read++;
            JsonNode? theirs = await siwe.AskAsync("read", new JsonObject { ["message"] = text });
            Assert.True(theirs is not null, text);
            Assert.Equal(FieldsOf(ours), FieldsOf(theirs!));
            Assert.Equal(FieldsOf(ours), FieldsOf(SignInMessage.Parse(ours.ToString())));
        }

        Assert.InRange(read, 200, 2_001);
    }

    [SkippableFact]
    public async Task What_siwe_writes_is_read_here()
    {
        await using var siwe = Wallets.Start();
        foreach (string left in (string[])["", "statement", "resources", "expirationTime", "statement,resources"])
        {
            var fields = new JsonObject
            {
                ["domain"] = "da.example.org",
                ["address"] = "0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266",
                ["statement"] = "Hello there",
                ["uri"] = "https://da.example.org/signin",
                ["version"] = "1",
                ["chainId"] = 5,
                ["nonce"] = "12345678",
                ["issuedAt"] = "2026-11-28T10:00:00.123Z",
                ["expirationTime"] = "2026-11-28T11:00:00.000Z",
                ["resources"] = new JsonArray("https://a.example/b"),
            };
            foreach (string name in left.Split(','))
            {
                fields.Remove(name);
            }

            JsonNode expected = fields.DeepClone();
            string text = (string)(await siwe.AskAsync("write", new JsonObject { ["fields"] = fields }))!;
            Assert.Equal(FieldsOf(expected), FieldsOf(SignInMessage.Parse(text)));
        }
    }

    /// <summary>A character changed, removed or inserted, or a line removed or inserted.</summary>
    private static string Mangle(Random random, string[] parts)
    {
        int at = random.Next(Whole.Length);
        char with = (char)random.Next(9, 127);
        string[] lines = Whole.Split('\n');
        int place = random.Next(lines.Length);
        return random.Next(5) switch
        {
            0 => Whole[..at] + with + Whole[(at + 1)..],
            1 => Whole[..at] + Whole[(at + 1)..],
            2 => Whole[..at] + with + Whole[at..],
            3 => string.Join('\n', lines.Where((_, i) => i != place)),
            _ => string.Join('\n', [.. lines[..place], parts[random.Next(parts.Length)], .. lines[place..]]),
        };
    }

    private static string Round(DateTimeOffset time) => time.ToString("O", CultureInfo.InvariantCulture);

    private static string FieldsOf(SignInMessage message) =>
        Join(
            message.Scheme,
            message.Domain,
            $"{message.Address}",
            message.Statement,
            message.Uri,
            $"{message.ChainId}",
            message.Nonce,
            $"{message.IssuedAt.ToUnixTimeSeconds()}",
            $"{message.ExpirationTime?.ToUnixTimeSeconds()}",
            $"{message.NotBefore?.ToUnixTimeSeconds()}",
            message.RequestId,
            string.Join(' ', message.Resources)
        );

    private static string FieldsOf(JsonNode message) =>
        Join(
            (string?)message["scheme"],
            (string?)message["domain"],
            (string?)message["address"],
            (string?)message["statement"],
            (string?)message["uri"],
            $"{message["chainId"]}",
            (string?)message["nonce"],
            TimeOf(message["issuedAt"]),
            TimeOf(message["expirationTime"]),
            TimeOf(message["notBefore"]),
            (string?)message["requestId"],
            string.Join(' ', (message["resources"] as JsonArray ?? []).Select(each => (string?)each))
        );

    private static string TimeOf(JsonNode? time) =>
        time is null ? "" : $"{DateTimeOffset.Parse((string)time!, CultureInfo.InvariantCulture).ToUnixTimeSeconds()}";

    private static string Join(params string?[] fields) => string.Join(" | ", fields.Select(each => each ?? ""));
}
