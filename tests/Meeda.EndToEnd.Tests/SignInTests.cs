using System.Globalization;
using System.Net;
using System.Net.Http.Json;
using System.Numerics;
using System.Security.Cryptography;
using System.Text.Json.Nodes;
using Meeda.Attack;
using Meeda.Chain.Contract;
using Meeda.Ethereum;
using Meeda.L1.Transactions;
using Meeda.Testing;
using Xunit;

namespace Meeda.EndToEnd.Tests;

/// <summary>
/// Wallets that get keys by themselves: messages of siwe, signatures of ethers, a Safe (ERC-1271) and the registry of
/// delegates (ERC-1056) as others deploy them, on anvil.
/// </summary>
public sealed class SignInTests : IAsyncDisposable
{
    private const string Domain = "da.example.org";
    private const int PayloadLength = 5_000;
    private const long Price = 1_000;
    private const long ChainId = 31_337;
    private static readonly BigInteger Prepaid = BigInteger.Pow(10, 16);

    private readonly Wallets _wallets = Wallets.Start();
    private Arena _arena = null!;
    private OperatorNode _node = null!;
    private string _safe = "";
    private string _registry = "";

    private EscrowContract Escrow => _arena.System.Escrow;

    public async ValueTask DisposeAsync()
    {
        await _wallets.DisposeAsync();
        if (_node is not null)
        {
            await _node.DisposeAsync();
        }

        if (_arena is not null)
        {
            await _arena.DisposeAsync();
        }
    }

    [SkippableFact]
    public async Task A_wallet_gets_a_key_that_its_escrow_pays_for()
    {
        await StartAsync();
        (Address wallet, string key) = await RollupAsync(Prepaid);

        // Without a key nothing is served, although nobody has one yet.
        using (HttpResponseMessage keyless = await _node.Http.GetAsync(new Uri("status", UriKind.Relative)))
        {
            Assert.Equal(HttpStatusCode.Unauthorized, keyless.StatusCode);
        }

        JsonObject fields = await FieldsAsync(wallet);
        (string message, string signature) = await SignedAsync(key, fields);
        JsonNode first = await GrantedAsync(message, signature);
        Assert.Equal($"{wallet}", (string?)first["rollup"]);
        await PutAsync((string)first["key"]!, PayloadLength, HttpStatusCode.OK);
        await PutAsync((string)first["key"]!, 4_095, HttpStatusCode.BadRequest);
        await _arena.UntilAsync(
            "the wallet's escrow is charged",
            async () => await Escrow.BalanceAsync(wallet, _node.Address, default) < Prepaid
        );

        // The same message again is nobody's.
        await RefusedAsync(message, signature, HttpStatusCode.Unauthorized, "used before");

        // Another key: the first one stays good for an hour, and then not for a moment longer than is asked for.
        (message, signature) = await SignedAsync(key, await FieldsAsync(wallet));
        JsonNode second = await GrantedAsync(message, signature);
        await PutAsync((string)first["key"]!, PayloadLength, HttpStatusCode.OK);
        (message, signature) = await SignedAsync(key, await FieldsAsync(wallet));
        JsonNode third = await GrantedAsync(message, signature, overlap: 0);
        await PutAsync((string)first["key"]!, PayloadLength, HttpStatusCode.Unauthorized);
        await PutAsync((string)second["key"]!, PayloadLength, HttpStatusCode.Unauthorized);
        await PutAsync((string)third["key"]!, PayloadLength, HttpStatusCode.OK);

        // Sign out, and in again.
        using (
            HttpResponseMessage gone = await _node.Http.DeleteAsync(
                new Uri($"t/{(string)third["key"]!}/signin", UriKind.Relative)
            )
        )
        {
            Assert.Equal(HttpStatusCode.NoContent, gone.StatusCode);
        }

        await PutAsync((string)third["key"]!, PayloadLength, HttpStatusCode.Unauthorized);
        (message, signature) = await SignedAsync(key, await FieldsAsync(wallet));
        string last = (string)(await GrantedAsync(message, signature))["key"]!;
        await PutAsync(last, PayloadLength, HttpStatusCode.OK);

        // The operator's word counts more.
        Assert.Equal(
            0,
            (
                await CommandLine.RunAsync(_arena.Folder, "keys", "revoke", $"{wallet}", "--folder", _node.Folder)
            ).ExitCode
        );
        await _arena.UntilAsync(
            "the key is revoked",
            async () => await StatusOfPutAsync(last) == HttpStatusCode.Unauthorized
        );
        (message, signature) = await SignedAsync(key, await FieldsAsync(wallet));
        await RefusedAsync(message, signature, HttpStatusCode.Forbidden, "revoked");
    }

    [SkippableFact]
    public async Task What_is_not_signed_for_here_and_now_gives_no_key()
    {
        await StartAsync();
        (Address wallet, string key) = await RollupAsync(Prepaid);
        (Address poor, string poorKey) = await RollupAsync(0);
        (string Field, JsonNode? Value, string Reason)[] cases =
        [
            ("domain", "evil.example", "domain"),
            ("domain", "da.example.org.evil.example", "domain"),
            ("scheme", "http", "scheme"),
            ("uri", "https://evil.example/signin", "URI"),
            ("uri", "https://da.example.org@evil.example/signin", "URI"),
            ("uri", "http://da.example.org/signin", "URI"),
            ("chainId", 1, "chain ID"),
            ("nonce", "0123456789abcdef", "nonce"),
            ("nonce", new string('0', 80), "nonce"),
            ("issuedAt", In(TimeSpan.FromMinutes(5)), "issued at"),
            ("issuedAt", In(TimeSpan.FromMinutes(-15)), "issued at"),
            ("expirationTime", In(TimeSpan.FromSeconds(-1)), "expiration time"),
            ("notBefore", In(TimeSpan.FromMinutes(2)), "not before"),
        ];
        foreach ((string field, JsonNode? value, string reason) in cases)
        {
            JsonObject fields = await FieldsAsync(wallet);
            fields[field] = value?.DeepClone();
            (string text, string by) = await SignedAsync(key, fields);
            await RefusedAsync(text, by, HttpStatusCode.Unauthorized, reason);
        }

        (string message, string signature) = await SignedAsync(key, await FieldsAsync(wallet));

        // Somebody else's signature, a damaged one, one of another text, and of a contract that knows none.
        (_, string other) = await SignedAsync(poorKey, await FieldsAsync(wallet));
        await RefusedAsync(message, other, HttpStatusCode.Unauthorized, "signature");
        await RefusedAsync(message, $"{signature[..^2]}1d", HttpStatusCode.Unauthorized, "signature");
        await RefusedAsync(message + "\nRequest ID: 1", signature, HttpStatusCode.Unauthorized, "signature");
        (string ofContract, string ours) = await SignedAsync(key, await FieldsAsync(Escrow.Address));
        await RefusedAsync(ofContract, ours, HttpStatusCode.Unauthorized, "signature");
        await RefusedAsync(message, "0x", HttpStatusCode.BadRequest, "signature");
        await RefusedAsync(message, "zz", HttpStatusCode.BadRequest, "signature");
        await RefusedAsync(
            message.Replace("Version: 1", "Version: 2"),
            signature,
            HttpStatusCode.BadRequest,
            "Version"
        );
        await RefusedAsync(new string('a', 20_000), signature, HttpStatusCode.RequestEntityTooLarge, "16384");

        // A nonce that a refused message had is still good: nobody can use up another's.
        JsonNode granted = await GrantedAsync(message, signature.ToUpperInvariant().Replace("0X", "0x"));
        Assert.StartsWith("mk_", (string?)granted["key"], StringComparison.Ordinal);

        // Who prepaid nothing, or acts for somebody that did not say so.
        (message, signature) = await SignedAsync(poorKey, await FieldsAsync(poor));
        await RefusedAsync(message, signature, HttpStatusCode.PaymentRequired, "wei are missing");
        JsonObject forOther = await FieldsAsync(poor);
        forOther["resources"] = new JsonArray($"did:ethr:0x{ChainId:x}:{wallet}");
        (message, signature) = await SignedAsync(poorKey, forOther);
        await RefusedAsync(message, signature, HttpStatusCode.Forbidden, "no delegate");
        JsonObject elsewhere = await FieldsAsync(poor);
        elsewhere["resources"] = new JsonArray($"did:ethr:0x1:{wallet}");
        (message, signature) = await SignedAsync(poorKey, elsewhere);
        await RefusedAsync(message, signature, HttpStatusCode.BadRequest, "resources");
    }

    [SkippableFact]
    public async Task A_safe_signs_in_and_its_delegate_for_it_until_it_is_none()
    {
        await StartAsync();
        (Address owner, string ownerKey) = await KeyAsync();
        (Address hot, string hotKey) = await KeyAsync();
        await DeployWalletsAsync(ownerKey);
        Address safe = Address.Parse(_safe);
        using (TransactionSender rich = await _arena.AccountAsync())
        {
            await rich.SendAsync(new TransactionRequest(safe, [], Prepaid * 10), default);
        }

        TransactionRequest deposit = Escrow.Deposit(_node.Address, new EscrowLimits(Price, Prepaid), Prepaid);
        await SafeSendAsync(ownerKey, deposit.To!.Value, Convert.ToHexStringLower(deposit.Data), deposit.Value);

        // The Safe itself, by its owner's signature of its own typed data; no other signature will do.
        string message = await WrittenAsync(await FieldsAsync(safe));
        string ofOwner = await SafeSignAsync(ownerKey, message);
        await RefusedAsync(message, await SafeSignAsync(hotKey, message), HttpStatusCode.Unauthorized, "signature");
        (_, string bare) = await SignedAsync(ownerKey, await FieldsAsync(owner));
        await RefusedAsync(message, bare, HttpStatusCode.Unauthorized, "signature");
        string key = (string)(await GrantedAsync(message, ofOwner))["key"]!;
        await PutAsync(key, PayloadLength, HttpStatusCode.OK);

        // A delegate, before and after the Safe named it.
        JsonObject forSafe = await FieldsAsync(hot);
        forSafe["resources"] = new JsonArray($"did:ethr:0x{ChainId:x}:{_safe}");
        (string asked, string signature) = await SignedAsync(hotKey, forSafe);
        await RefusedAsync(asked, signature, HttpStatusCode.Forbidden, "no delegate");
        await SafeSendAsync(ownerKey, Address.Parse(_registry), await DelegateAsync(hot, 3_600), 0);
        JsonNode granted = await GrantedAsync(asked, signature);
        Assert.Equal(_safe, (string?)granted["rollup"]);
        string delegated = (string)granted["key"]!;
        await PutAsync(delegated, PayloadLength, HttpStatusCode.OK);
        await SafeSendAsync(ownerKey, Address.Parse(_registry), await DelegateAsync(hot, 0), 0);
        await _arena.UntilAsync(
            "the delegate's key ended",
            async () => await StatusOfPutAsync(delegated) == HttpStatusCode.Unauthorized
        );
        await PutAsync(key, PayloadLength, HttpStatusCode.OK);
    }

    [SkippableFact]
    public async Task The_command_signs_for_its_operator_and_nobody_else()
    {
        await StartAsync();
        (Address wallet, string keyFile) = await _arena.AccountKeyAsync();
        using (TransactionSender sender = _arena.SenderOf(keyFile))
        {
            await sender.SendAsync(Escrow.Deposit(_node.Address, new EscrowLimits(Price, Prepaid), Prepaid), default);
        }

        string url = $"{_node.Http.BaseAddress}";
        string[] command = ["signin", "--url", url, "--key-file", keyFile];
        (int exitCode, string output, string error) = await CommandLine.RunAsync(_arena.Folder, command);
        Assert.Equal((1, ""), (exitCode, output));
        Assert.Contains($"it is for {Domain}; where that is this operator's name", error, StringComparison.Ordinal);

        (exitCode, output, error) = await CommandLine.RunAsync(_arena.Folder, [.. command, "--domain", Domain]);
        Assert.True(exitCode == 0, error);
        await PutAsync(output.Trim(), PayloadLength, HttpStatusCode.OK);

        // A wallet elsewhere: what it signs, and its signature.
        (exitCode, string message, error) = await CommandLine.RunAsync(
            _arena.Folder,
            "signin",
            "--url",
            url,
            "--address",
            $"{wallet}",
            "--domain",
            Domain
        );
        Assert.True(exitCode == 0, error);
        string file = Path.Combine(_arena.Folder, "message");
        await File.WriteAllTextAsync(file, message);
        string signature = await EthersAsync((await File.ReadAllTextAsync(keyFile)).Trim(), message.TrimEnd('\n'));
        string[] send = ["signin", "--url", url, "--message", file, "--signature", signature, "--overlap", "0"];
        (exitCode, string second, error) = await CommandLine.RunAsync(_arena.Folder, send);
        Assert.True(exitCode == 0, error);
        await PutAsync(output.Trim(), PayloadLength, HttpStatusCode.Unauthorized);
        await PutAsync(second.Trim(), PayloadLength, HttpStatusCode.OK);
        (exitCode, _, error) = await CommandLine.RunAsync(_arena.Folder, send);
        Assert.Equal(1, exitCode);
        Assert.Contains("nonce: it was used before", error, StringComparison.Ordinal);
    }

    private async Task StartAsync()
    {
        _arena = await Arena.StartAsync();
        (_, string ownerKey) = await KeyAsync();
        await DeployWalletsAsync(ownerKey);
        (Address account, string keyFile) = await _arena.StakedKeyAsync();
        using (TransactionSender sender = _arena.SenderOf(keyFile))
        {
            await sender.SendAsync(Escrow.SetPrice(account, Price), default);
        }

        _node = await OperatorNode.StartAsync(
            account,
            keyFile,
            Path.Combine(_arena.Folder, "operator"),
            _arena.L1,
            _arena.System.Address,
            new Dictionary<string, string?>
            {
                ["Meeda:SignIn:Domain"] = Domain,
                ["Meeda:SignIn:DelegateRegistry"] = _registry,
                ["Meeda:SignIn:DelegateInterval"] = "1s",
                ["Meeda:SignIn:AttemptsPerMinute"] = "1000",
            }
        );
    }

    private async Task DeployWalletsAsync(string ownerKey)
    {
        JsonNode made = (await _wallets.AskAsync("deploy", Sender(ownerKey)))!;
        (_safe, string registry) = ((string)made["safe"]!, (string)made["registry"]!);
        // The operator knows the first one.
        _registry = _registry.Length == 0 ? registry : _registry;
    }

    private async Task<(Address Address, string Key)> KeyAsync()
    {
        (Address address, string keyFile) = await _arena.AccountKeyAsync();
        return (address, (await File.ReadAllTextAsync(keyFile)).Trim());
    }

    private async Task<(Address Address, string Key)> RollupAsync(BigInteger prepaid)
    {
        (Address address, string keyFile) = await _arena.AccountKeyAsync();
        using TransactionSender sender = _arena.SenderOf(keyFile);
        await sender.SendAsync(
            Escrow.Deposit(_node.Address, new EscrowLimits(Price, BigInteger.Pow(10, 18)), prepaid),
            default
        );
        return (address, (await File.ReadAllTextAsync(keyFile)).Trim());
    }

    /// <summary>A message's fields with a new nonce of the operator's.</summary>
    private async Task<JsonObject> FieldsAsync(Address wallet)
    {
        JsonNode offer = (await _node.Http.GetFromJsonAsync<JsonNode>(new Uri("signin", UriKind.Relative)))!;
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

    private async Task<string> WrittenAsync(JsonObject fields) =>
        (string)(await _wallets.AskAsync("write", new JsonObject { ["fields"] = fields.DeepClone() }))!;

    private async Task<(string Message, string Signature)> SignedAsync(string key, JsonObject fields)
    {
        string message = await WrittenAsync(fields);
        return (message, await EthersAsync(key, message));
    }

    private async Task<string> EthersAsync(string key, string message) =>
        (string)(await _wallets.AskAsync("sign", new JsonObject { ["key"] = Prefixed(key), ["message"] = message }))!;

    private async Task<string> SafeSignAsync(string key, string message) =>
        (string)
            (
                await _wallets.AskAsync(
                    "safeSign",
                    new JsonObject
                    {
                        ["key"] = Prefixed(key),
                        ["safe"] = _safe,
                        ["chainId"] = ChainId,
                        ["message"] = message,
                    }
                )
            )!;

    private async Task<string> DelegateAsync(Address hot, int seconds) =>
        (
            (string)
                (
                    await _wallets.AskAsync(
                        "delegate",
                        new JsonObject
                        {
                            ["identity"] = _safe,
                            ["delegate"] = $"{hot}",
                            ["seconds"] = seconds,
                        }
                    )
                )!
        )[2..];

    private async Task SafeSendAsync(string ownerKey, Address to, string data, BigInteger wei)
    {
        JsonObject request = Sender(ownerKey);
        request["safe"] = _safe;
        request["to"] = $"{to}";
        request["data"] = $"0x{data}";
        request["wei"] = wei.ToString(CultureInfo.InvariantCulture);
        Assert.Equal(1, (int)(await _wallets.AskAsync("safeSend", request))!);
    }

    private JsonObject Sender(string key) => new() { ["rpc"] = $"{_arena.L1}", ["key"] = Prefixed(key) };

    private static string Prefixed(string key) => key.StartsWith("0x", StringComparison.Ordinal) ? key : $"0x{key}";

    private static string In(TimeSpan time) =>
        (TimeProvider.System.GetUtcNow() + time).ToString("yyyy-MM-ddTHH:mm:ss.fffZ", CultureInfo.InvariantCulture);

    private Task<HttpResponseMessage> PostAsync(string message, string signature, int? overlap)
    {
        var body = new JsonObject { ["message"] = message, ["signature"] = signature };
        if (overlap is not null)
        {
            body["overlapSeconds"] = overlap;
        }

        return _node.Http.PostAsJsonAsync(new Uri("signin", UriKind.Relative), body);
    }

    private async Task<JsonNode> GrantedAsync(string message, string signature, int? overlap = null)
    {
        using HttpResponseMessage answer = await PostAsync(message, signature, overlap);
        string body = await answer.Content.ReadAsStringAsync();
        Assert.True(answer.IsSuccessStatusCode, body);
        Assert.True(answer.Headers.CacheControl?.NoStore);
        return JsonNode.Parse(body)!;
    }

    private async Task RefusedAsync(string message, string signature, HttpStatusCode status, string reason)
    {
        using HttpResponseMessage answer = await PostAsync(message, signature, overlap: null);
        string body = await answer.Content.ReadAsStringAsync();
        Assert.True(answer.StatusCode == status, $"{reason}: {answer.StatusCode} {body}");
        Assert.Contains(reason, body, StringComparison.Ordinal);
        Assert.DoesNotContain("mk_", body, StringComparison.Ordinal);
    }

    private async Task<HttpStatusCode> StatusOfPutAsync(string key, int length = PayloadLength)
    {
        using var body = new ByteArrayContent(RandomNumberGenerator.GetBytes(length));
        using HttpResponseMessage answer = await _node.Http.PostAsync(new Uri($"t/{key}/put", UriKind.Relative), body);
        return answer.StatusCode;
    }

    private async Task PutAsync(string key, int length, HttpStatusCode status) =>
        Assert.Equal(status, await StatusOfPutAsync(key, length));
}
