using System.Globalization;
using System.Net;
using System.Net.Http.Json;
using System.Numerics;
using System.Security.Cryptography;
using System.Text.Json.Nodes;
using Meeda.Attack;
using Meeda.Chain.Contract;
using Meeda.DevNet;
using Meeda.Ethereum;
using Meeda.L1.Transactions;
using Meeda.Testing;
using Xunit;

namespace Meeda.EndToEnd.Tests;

/// <summary>An operator on anvil that allows sign-in, and third-party wallets; started once for all tests.</summary>
public sealed class SignInWorld : IAsyncLifetime
{
    internal const string Domain = "da.example.org";
    internal const int PayloadLength = 5_000;
    internal const long Price = 1_000;
    internal const long ChainId = 31_337;
    internal static readonly BigInteger Prepaid = BigInteger.Pow(10, 16);

    private Wallets? _wallets;
    private Arena? _arena;
    private OperatorNode? _node;

    internal Arena Arena => _arena!;

    internal OperatorNode Node => _node!;

    internal string Safe { get; private set; } = "";

    internal string Registry { get; private set; } = "";

    internal EscrowContract Escrow => Arena.System.Escrow;

    public Task InitializeAsync() => Task.CompletedTask;

    public async Task DisposeAsync()
    {
        if (_wallets is not null)
        {
            await _wallets.DisposeAsync();
        }

        if (_node is not null)
        {
            await _node.DisposeAsync();
        }

        if (_arena is not null)
        {
            await _arena.DisposeAsync();
        }
    }

    /// <summary>Starts everything for the first test that needs it.</summary>
    internal async Task StartAsync()
    {
        if (_wallets is not null)
        {
            return;
        }

        _wallets = Wallets.Start();
        _arena = await Arena.StartAsync();
        (_, string ownerKey) = await KeyAsync();
        await DeployWalletsAsync(ownerKey);
        (Address account, string keyFile) = await Arena.StakedKeyAsync();
        using (TransactionSender sender = Arena.SenderOf(keyFile))
        {
            await sender.SendAsync(Escrow.SetPrice(account, Price), default);
        }

        _node = await OperatorNode.StartAsync(
            account,
            keyFile,
            Path.Combine(Arena.Folder, "operator"),
            Arena.L1,
            Arena.System.Address,
            new Dictionary<string, string?>
            {
                ["Meeda:SignIn:Domain"] = Domain,
                ["Meeda:SignIn:DelegateRegistry"] = Registry,
                ["Meeda:SignIn:DelegateInterval"] = "1s",
                ["Meeda:SignIn:AttemptsPerMinute"] = "1000",
                // Exactly the cost of a batch in these tests.
                ["Meeda:SignIn:MinBatchCost"] = string.Create(
                    CultureInfo.InvariantCulture,
                    $"{(decimal)PayloadLength * Price * LocalParameters.Value.Retention / 1e18m}"
                ),
            }
        );
    }

    internal async Task DeployWalletsAsync(string ownerKey)
    {
        JsonNode made = (await _wallets!.AskAsync("deploy", Sender(ownerKey)))!;
        (Safe, string registry) = ((string)made["safe"]!, (string)made["registry"]!);
        // The operator knows the first one.
        Registry = Registry.Length == 0 ? registry : Registry;
    }

    internal async Task<(Address Address, string Key)> KeyAsync()
    {
        (Address address, string keyFile) = await Arena.AccountKeyAsync();
        return (address, (await File.ReadAllTextAsync(keyFile)).Trim());
    }

    internal async Task<(Address Address, string Key)> RollupAsync(BigInteger prepaid)
    {
        (Address address, string keyFile) = await Arena.AccountKeyAsync();
        using TransactionSender sender = Arena.SenderOf(keyFile);
        await sender.SendAsync(
            Escrow.Deposit(Node.Address, new EscrowLimits(Price, BigInteger.Pow(10, 18)), prepaid),
            default
        );
        return (address, (await File.ReadAllTextAsync(keyFile)).Trim());
    }

    /// <summary>A message's fields with a new nonce of the operator's.</summary>
    internal async Task<JsonObject> FieldsAsync(Address wallet)
    {
        JsonNode offer = (await Node.Http.GetFromJsonAsync<JsonNode>(new Uri("signin", UriKind.Relative)))!;
        Assert.Equal(Domain, (string?)offer["domain"]);
        return new JsonObject
        {
            ["domain"] = Domain,
            ["address"] = $"{wallet}",
            ["statement"] = "A key, please.",
            ["uri"] = (string)offer["uri"]!,
            ["version"] = "1",
            ["chainId"] = (long)offer["chainId"]!,
            ["nonce"] = (string)offer["nonce"]!,
        };
    }

    internal async Task<string> WrittenAsync(JsonObject fields) =>
        (string)(await _wallets!.AskAsync("write", new JsonObject { ["fields"] = fields.DeepClone() }))!;

    internal async Task<(string Message, string Signature)> SignedAsync(string key, JsonObject fields)
    {
        string message = await WrittenAsync(fields);
        return (message, await EthersAsync(key, message));
    }

    internal async Task<string> EthersAsync(string key, string message) =>
        (string)(await _wallets!.AskAsync("sign", new JsonObject { ["key"] = Prefixed(key), ["message"] = message }))!;

    internal async Task<string> SafeSignAsync(string key, string message) =>
        (string)
            (
                await _wallets!.AskAsync(
                    "safeSign",
                    new JsonObject
                    {
                        ["key"] = Prefixed(key),
                        ["safe"] = Safe,
                        ["chainId"] = ChainId,
                        ["message"] = message,
                    }
                )
            )!;

    internal async Task<string> DelegateAsync(Address hot, int seconds) =>
        (
            (string)
                (
                    await _wallets!.AskAsync(
                        "delegate",
                        new JsonObject
                        {
                            ["identity"] = Safe,
                            ["delegate"] = $"{hot}",
                            ["seconds"] = seconds,
                        }
                    )
                )!
        )[2..];

    internal async Task SafeSendAsync(string ownerKey, Address to, string data, BigInteger wei)
    {
        JsonObject request = Sender(ownerKey);
        request["safe"] = Safe;
        request["to"] = $"{to}";
        request["data"] = $"0x{data}";
        request["wei"] = wei.ToString(CultureInfo.InvariantCulture);
        Assert.Equal(1, (int)(await _wallets!.AskAsync("safeSend", request))!);
    }

    private JsonObject Sender(string key) => new() { ["rpc"] = $"{Arena.L1}", ["key"] = Prefixed(key) };

    private static string Prefixed(string key) => key.StartsWith("0x", StringComparison.Ordinal) ? key : $"0x{key}";

    internal static string In(TimeSpan time) =>
        (TimeProvider.System.GetUtcNow() + time).ToString("yyyy-MM-ddTHH:mm:ss.fffZ", CultureInfo.InvariantCulture);

    internal Task<HttpResponseMessage> PostAsync(string message, string signature, int? overlap)
    {
        var body = new JsonObject { ["message"] = message, ["signature"] = signature };
        if (overlap is not null)
        {
            body["overlapSeconds"] = overlap;
        }

        return Node.Http.PostAsJsonAsync(new Uri("signin", UriKind.Relative), body);
    }

    internal async Task<JsonNode> GrantedAsync(string message, string signature, int? overlap = null)
    {
        using HttpResponseMessage answer = await PostAsync(message, signature, overlap);
        string body = await answer.Content.ReadAsStringAsync();
        Assert.True(answer.IsSuccessStatusCode, body);
        Assert.True(answer.Headers.CacheControl?.NoStore);
        return JsonNode.Parse(body)!;
    }

    internal async Task RefusedAsync(string message, string signature, HttpStatusCode status, string reason)
    {
        using HttpResponseMessage answer = await PostAsync(message, signature, overlap: null);
        string body = await answer.Content.ReadAsStringAsync();
        Assert.True(answer.StatusCode == status, $"{reason}: {answer.StatusCode} {body}");
        Assert.Contains(reason, body, StringComparison.Ordinal);
        Assert.DoesNotContain("mk_", body, StringComparison.Ordinal);
    }

    internal async Task<HttpStatusCode> StatusOfPutAsync(string key, int length = PayloadLength)
    {
        using var body = new ByteArrayContent(RandomNumberGenerator.GetBytes(length));
        using HttpResponseMessage answer = await Node.Http.PostAsync(new Uri($"t/{key}/put", UriKind.Relative), body);
        return answer.StatusCode;
    }

    internal async Task PutAsync(string key, int length, HttpStatusCode status) =>
        Assert.Equal(status, await StatusOfPutAsync(key, length));
}
