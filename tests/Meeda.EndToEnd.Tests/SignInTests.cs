using System.Net;
using System.Text.Json.Nodes;
using Meeda.Chain.Contract;
using Meeda.Ethereum;
using Meeda.L1.Transactions;
using Xunit;

namespace Meeda.EndToEnd.Tests;

/// <summary>
/// Wallets that sign in for keys: messages from siwe, signatures from ethers, a Safe (ERC-1271) and the registry of
/// delegates (ERC-1056) in their public deployments, on anvil.
/// </summary>
public sealed class SignInTests(SignInWorld world) : IClassFixture<SignInWorld>
{
    [SkippableFact]
    public async Task A_wallet_gets_a_key_that_its_escrow_pays_for()
    {
        await world.StartAsync();
        (Address wallet, string key) = await world.RollupAsync(SignInWorld.Prepaid);

        // Without a key nothing is served, although no key exists yet.
        using (HttpResponseMessage keyless = await world.Node.Http.GetAsync(new Uri("status", UriKind.Relative)))
        {
            Assert.Equal(HttpStatusCode.Unauthorized, keyless.StatusCode);
        }

        JsonObject fields = await world.FieldsAsync(wallet);
        (string message, string signature) = await world.SignedAsync(key, fields);
        JsonNode first = await world.GrantedAsync(message, signature);
        Assert.Equal($"{wallet}", (string?)first["rollup"]);
        await world.PutAsync((string)first["key"]!, SignInWorld.PayloadLength, HttpStatusCode.OK);
        await world.PutAsync((string)first["key"]!, SignInWorld.PayloadLength - 1, HttpStatusCode.BadRequest);
        await world.Arena.UntilAsync(
            "the wallet's escrow is charged",
            async () => await world.Escrow.BalanceAsync(wallet, world.Node.Address, default) < SignInWorld.Prepaid
        );

        // The same message is not accepted twice.
        await world.RefusedAsync(message, signature, HttpStatusCode.Unauthorized, "used before");

        // Another key: the first one stays valid for an hour by default, and otherwise exactly as long as requested.
        (message, signature) = await world.SignedAsync(key, await world.FieldsAsync(wallet));
        JsonNode second = await world.GrantedAsync(message, signature);
        await world.PutAsync((string)first["key"]!, SignInWorld.PayloadLength, HttpStatusCode.OK);
        (message, signature) = await world.SignedAsync(key, await world.FieldsAsync(wallet));
        JsonNode third = await world.GrantedAsync(message, signature, overlap: 0);
        await world.PutAsync((string)first["key"]!, SignInWorld.PayloadLength, HttpStatusCode.Unauthorized);
        await world.PutAsync((string)second["key"]!, SignInWorld.PayloadLength, HttpStatusCode.Unauthorized);
        await world.PutAsync((string)third["key"]!, SignInWorld.PayloadLength, HttpStatusCode.OK);

        // Sign out, and in again.
        using (
            HttpResponseMessage gone = await world.Node.Http.DeleteAsync(
                new Uri($"t/{(string)third["key"]!}/signin", UriKind.Relative)
            )
        )
        {
            Assert.Equal(HttpStatusCode.NoContent, gone.StatusCode);
        }

        await world.PutAsync((string)third["key"]!, SignInWorld.PayloadLength, HttpStatusCode.Unauthorized);
        (message, signature) = await world.SignedAsync(key, await world.FieldsAsync(wallet));
        string last = (string)(await world.GrantedAsync(message, signature))["key"]!;
        await world.PutAsync(last, SignInWorld.PayloadLength, HttpStatusCode.OK);

        // The operator's revocation takes precedence.
        Assert.Equal(
            0,
            (
                await CommandLine.RunAsync(
                    world.Arena.Folder,
                    "keys",
                    "revoke",
                    $"{wallet}",
                    "--folder",
                    world.Node.Folder
                )
            ).ExitCode
        );
        await world.Arena.UntilAsync(
            "the key is revoked",
            async () => await world.StatusOfPutAsync(last) == HttpStatusCode.Unauthorized
        );
        (message, signature) = await world.SignedAsync(key, await world.FieldsAsync(wallet));
        await world.RefusedAsync(message, signature, HttpStatusCode.Forbidden, "revoked");
    }

    [SkippableFact]
    public async Task What_is_not_signed_for_here_and_now_gives_no_key()
    {
        await world.StartAsync();
        (Address wallet, string key) = await world.RollupAsync(SignInWorld.Prepaid);
        (Address poor, string poorKey) = await world.RollupAsync(0);
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
            ("issuedAt", SignInWorld.In(TimeSpan.FromMinutes(5)), "issued at"),
            ("issuedAt", SignInWorld.In(TimeSpan.FromMinutes(-15)), "issued at"),
            ("expirationTime", SignInWorld.In(TimeSpan.FromSeconds(-1)), "expiration time"),
            ("notBefore", SignInWorld.In(TimeSpan.FromMinutes(2)), "not before"),
        ];
        foreach ((string field, JsonNode? value, string reason) in cases)
        {
            JsonObject fields = await world.FieldsAsync(wallet);
            fields[field] = value?.DeepClone();
            (string text, string by) = await world.SignedAsync(key, fields);
            await world.RefusedAsync(text, by, HttpStatusCode.Unauthorized, reason);
        }

        (string message, string signature) = await world.SignedAsync(key, await world.FieldsAsync(wallet));

        // Another account's signature, a damaged one, one of another text, and one of a contract without ERC-1271.
        (_, string other) = await world.SignedAsync(poorKey, await world.FieldsAsync(wallet));
        await world.RefusedAsync(message, other, HttpStatusCode.Unauthorized, "signature");
        await world.RefusedAsync(message, $"{signature[..^2]}1d", HttpStatusCode.Unauthorized, "signature");
        await world.RefusedAsync(message + "\nRequest ID: 1", signature, HttpStatusCode.Unauthorized, "signature");
        (string ofContract, string ours) = await world.SignedAsync(key, await world.FieldsAsync(world.Escrow.Address));
        await world.RefusedAsync(ofContract, ours, HttpStatusCode.Unauthorized, "signature");
        await world.RefusedAsync(message, "0x", HttpStatusCode.BadRequest, "signature");
        await world.RefusedAsync(message, "zz", HttpStatusCode.BadRequest, "signature");
        await world.RefusedAsync(
            message.Replace("Version: 1", "Version: 2"),
            signature,
            HttpStatusCode.BadRequest,
            "Version"
        );
        await world.RefusedAsync(new string('a', 20_000), signature, HttpStatusCode.RequestEntityTooLarge, "16384");

        // A rejected message does not use up its nonce: no client can use up another's.
        JsonNode granted = await world.GrantedAsync(message, signature.ToUpperInvariant().Replace("0X", "0x"));
        Assert.StartsWith("mk_", (string?)granted["key"], StringComparison.Ordinal);

        // A wallet that prepaid nothing, or that acts for a rollup that did not name it.
        (message, signature) = await world.SignedAsync(poorKey, await world.FieldsAsync(poor));
        await world.RefusedAsync(message, signature, HttpStatusCode.PaymentRequired, "wei are missing");
        JsonObject forOther = await world.FieldsAsync(poor);
        forOther["resources"] = new JsonArray($"did:ethr:0x{SignInWorld.ChainId:x}:{wallet}");
        (message, signature) = await world.SignedAsync(poorKey, forOther);
        await world.RefusedAsync(message, signature, HttpStatusCode.Forbidden, "not a delegate");
        JsonObject elsewhere = await world.FieldsAsync(poor);
        elsewhere["resources"] = new JsonArray($"did:ethr:0x1:{wallet}");
        (message, signature) = await world.SignedAsync(poorKey, elsewhere);
        await world.RefusedAsync(message, signature, HttpStatusCode.BadRequest, "resources");
    }

    [SkippableFact]
    public async Task A_safe_signs_in_and_its_delegate_for_it_until_it_is_none()
    {
        await world.StartAsync();
        (Address owner, string ownerKey) = await world.KeyAsync();
        (Address hot, string hotKey) = await world.KeyAsync();
        await world.DeployWalletsAsync(ownerKey);
        Address safe = Address.Parse(world.Safe);
        using (TransactionSender rich = await world.Arena.AccountAsync())
        {
            await rich.SendAsync(new TransactionRequest(safe, [], SignInWorld.Prepaid * 10), default);
        }

        TransactionRequest deposit = world.Escrow.Deposit(
            world.Node.Address,
            new EscrowLimits(SignInWorld.Price, SignInWorld.Prepaid),
            SignInWorld.Prepaid
        );
        await world.SafeSendAsync(ownerKey, deposit.To!.Value, Convert.ToHexStringLower(deposit.Data), deposit.Value);

        // The Safe itself, by its owner's signature of the Safe's own typed data; no other signature is accepted.
        string message = await world.WrittenAsync(await world.FieldsAsync(safe));
        string ofOwner = await world.SafeSignAsync(ownerKey, message);
        await world.RefusedAsync(
            message,
            await world.SafeSignAsync(hotKey, message),
            HttpStatusCode.Unauthorized,
            "signature"
        );
        (_, string bare) = await world.SignedAsync(ownerKey, await world.FieldsAsync(owner));
        await world.RefusedAsync(message, bare, HttpStatusCode.Unauthorized, "signature");
        string key = (string)(await world.GrantedAsync(message, ofOwner))["key"]!;
        await world.PutAsync(key, SignInWorld.PayloadLength, HttpStatusCode.OK);

        // A delegate, before and after the Safe named it.
        JsonObject forSafe = await world.FieldsAsync(hot);
        forSafe["resources"] = new JsonArray($"did:ethr:0x{SignInWorld.ChainId:x}:{world.Safe}");
        (string asked, string signature) = await world.SignedAsync(hotKey, forSafe);
        await world.RefusedAsync(asked, signature, HttpStatusCode.Forbidden, "not a delegate");
        await world.SafeSendAsync(ownerKey, Address.Parse(world.Registry), await world.DelegateAsync(hot, 3_600), 0);
        JsonNode granted = await world.GrantedAsync(asked, signature);
        Assert.Equal(world.Safe, (string?)granted["rollup"]);
        string delegated = (string)granted["key"]!;
        await world.PutAsync(delegated, SignInWorld.PayloadLength, HttpStatusCode.OK);
        await world.SafeSendAsync(ownerKey, Address.Parse(world.Registry), await world.DelegateAsync(hot, 0), 0);
        await world.Arena.UntilAsync(
            "the delegate's key ended",
            async () => await world.StatusOfPutAsync(delegated) == HttpStatusCode.Unauthorized
        );
        await world.PutAsync(key, SignInWorld.PayloadLength, HttpStatusCode.OK);
    }

    [SkippableFact]
    public async Task The_command_signs_for_its_operator_and_nobody_else()
    {
        await world.StartAsync();
        (Address wallet, string keyFile) = await world.Arena.AccountKeyAsync();
        using (TransactionSender sender = world.Arena.SenderOf(keyFile))
        {
            await sender.SendAsync(
                world.Escrow.Deposit(
                    world.Node.Address,
                    new EscrowLimits(SignInWorld.Price, SignInWorld.Prepaid),
                    SignInWorld.Prepaid
                ),
                default
            );
        }

        string url = $"{world.Node.Http.BaseAddress}";
        string[] command = ["signin", "--url", url, "--key-file", keyFile];
        (int exitCode, string output, string error) = await CommandLine.RunAsync(world.Arena.Folder, command);
        Assert.Equal((1, ""), (exitCode, output));
        Assert.Contains($"it is for {SignInWorld.Domain}, not for 127.0.0.1:", error, StringComparison.Ordinal);

        (exitCode, output, error) = await CommandLine.RunAsync(
            world.Arena.Folder,
            [.. command, "--domain", SignInWorld.Domain]
        );
        Assert.True(exitCode == 0, error);
        await world.PutAsync(output.Trim(), SignInWorld.PayloadLength, HttpStatusCode.OK);

        // A wallet elsewhere: what it signs, and its signature.
        (exitCode, string message, error) = await CommandLine.RunAsync(
            world.Arena.Folder,
            "signin",
            "--url",
            url,
            "--address",
            $"{wallet}",
            "--domain",
            SignInWorld.Domain
        );
        Assert.True(exitCode == 0, error);
        string file = Path.Combine(world.Arena.Folder, "message");
        await File.WriteAllTextAsync(file, message);
        string signature = await world.EthersAsync(
            (await File.ReadAllTextAsync(keyFile)).Trim(),
            message.TrimEnd('\n')
        );
        string[] send = ["signin", "--url", url, "--message", file, "--signature", signature, "--overlap", "0"];
        (exitCode, string second, error) = await CommandLine.RunAsync(world.Arena.Folder, send);
        Assert.True(exitCode == 0, error);
        await world.PutAsync(output.Trim(), SignInWorld.PayloadLength, HttpStatusCode.Unauthorized);
        await world.PutAsync(second.Trim(), SignInWorld.PayloadLength, HttpStatusCode.OK);
        (exitCode, _, error) = await CommandLine.RunAsync(world.Arena.Folder, send);
        Assert.Equal(1, exitCode);
        Assert.Contains("nonce: it was used before", error, StringComparison.Ordinal);
    }
}
