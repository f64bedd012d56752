using System.Net;
using System.Numerics;
using System.Text;
using System.Text.Json;
using Meeda.Ethereum;
using Meeda.L1.Rpc;
using Meeda.L1.Signing;
using Meeda.L1.Transactions;
using Meeda.Testing;
using Xunit;

namespace Meeda.L1.Tests.Signing;

/// <summary>Remote signers: a real one, anvil for its own accounts, and faulty ones.</summary>
public sealed class RemoteSignerTests
{
    private static readonly PrivateKeySigner Key = PrivateKeySigner.FromHex(Anvil.FundedKey);
    private static readonly Address To = Address.Parse("0x00000000000000000000000000000000000b0b00");
    private static readonly CancellationToken None = CancellationToken.None;
    private static readonly FeeMarketTransaction Asked = new(
        31337,
        0,
        1,
        2_000_000_000,
        21_000,
        To,
        BigInteger.Pow(10, 18),
        [1, 2, 3]
    );

    [SkippableFact]
    public async Task Send_ThroughAnvilsOwnSigner_IsMined()
    {
        await using Anvil anvil = await Anvil.StartAsync();
        using var http = new HttpClient { BaseAddress = anvil.Rpc };
        var rpc = new JsonRpcClient(http);
        var client = new EthereumClient(rpc);
        using var sender = new TransactionSender(
            client,
            new RemoteSigner(rpc, Key.Address),
            new TransactionSenderOptions { Confirmations = 0, PollInterval = TimeSpan.FromMilliseconds(20) }
        );
        Assert.True((await sender.SendAsync(new TransactionRequest(To, [], 5), None)).Succeeded);
        Assert.Equal(5, await client.GetBalanceAsync(To, BlockTag.Latest, None));
    }

    [SkippableFact]
    public async Task Sign_BehindAPassword_WithARefusalInAnotherHttpStatus_IsSignedOrRefusedInTheSignersWords()
    {
        await using Anvil anvil = await Anvil.StartAsync();
        await using RpcProxy proxy = RpcProxy.Start(anvil.Rpc);
        proxy.Credentials = "op:s3cr%t";
        using var http = new HttpClient { BaseAddress = new Uri($"http://op:s3cr%25t@{proxy.Rpc.Authority}/") };
        var signer = new RemoteSigner(new JsonRpcClient(http), Key.Address);
        Assert.Equal(Key.Sign(Asked.SigningHash()), await signer.SignAsync(Asked, None));
        proxy.Refusals = (_, _) => new ProxyRefusal(500, -32010, "this account is locked");
        SigningException refused = await Assert.ThrowsAsync<SigningException>(() => signer.SignAsync(Asked, None));
        Assert.Contains("this account is locked", refused.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("s3cr", refused.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Sign_WhatWasAsked_IsTheSameSignatureAsWithTheKeyHere_InBothDialects()
    {
        string hex = "0x" + Convert.ToHexStringLower(Asked.Sign(Key));
        Assert.Equal(Key.Sign(Asked.SigningHash()), await SignAsync(JsonSerializer.Serialize(hex)));
        Assert.Equal(
            Key.Sign(Asked.SigningHash()),
            await SignAsync(JsonSerializer.Serialize(new { raw = hex, tx = new { } }))
        );
    }

    [Fact]
    public async Task Sign_AnythingElse_IsRefused()
    {
        byte[] good = Asked.Sign(Key);
        byte[][] others =
        [
            (Asked with { Value = Asked.Value * 2 }).Sign(Key),
            (Asked with { To = Key.Address }).Sign(Key),
            (Asked with { Nonce = 1 }).Sign(Key),
            (Asked with { Data = [1, 2, 4] }).Sign(Key),
            Asked.Sign(PrivateKeySigner.FromHex(new string('1', 64))),
            good[..^1],
            [.. good, 0],
            [],
            [0x02],
            [0x03, .. good.AsSpan(1)],
        ];
        foreach (byte[] other in others)
        {
            await Assert.ThrowsAsync<SigningException>(() =>
                SignAsync(JsonSerializer.Serialize("0x" + Convert.ToHexStringLower(other)))
            );
        }

        for (int i = 0; i < good.Length; i++)
        {
            byte[] flipped = [.. good];
            flipped[i] ^= 1;
            await Assert.ThrowsAsync<SigningException>(() =>
                SignAsync(JsonSerializer.Serialize("0x" + Convert.ToHexStringLower(flipped)))
            );
        }
    }

    [Theory]
    [InlineData("null")]
    [InlineData("\"0xzz\"")]
    [InlineData("{}")]
    [InlineData("17")]
    public async Task Sign_NoTransactionAtAll_IsRefused(string result) =>
        await Assert.ThrowsAsync<SigningException>(() => SignAsync(result));

    [Fact]
    public async Task Sign_TheSignerAnswersWithAnError_SaysItsWords()
    {
        using var http = new HttpClient(
            new Answer(
                """{"jsonrpc":"2.0","id":null,"error":{"code":-32000,"message":"not allowed to sign for this account"}}"""
            )
        )
        {
            BaseAddress = new Uri("http://signer"),
        };
        SigningException refused = await Assert.ThrowsAsync<SigningException>(() =>
            new RemoteSigner(new JsonRpcClient(http), Key.Address).SignAsync(Asked, None)
        );
        Assert.Contains("not allowed to sign", refused.Message, StringComparison.Ordinal);
    }

    private static async Task<Signature> SignAsync(string result)
    {
        using var http = new HttpClient(new Answer($$"""{"jsonrpc":"2.0","id":1,"result":{{result}}}"""))
        {
            BaseAddress = new Uri("http://signer"),
        };
        return await new RemoteSigner(new JsonRpcClient(http), Key.Address).SignAsync(Asked, None);
    }

    private sealed class Answer(string json) : HttpMessageHandler
    {
        protected override Task<HttpResponseMessage> SendAsync(
            HttpRequestMessage request,
            CancellationToken cancellationToken
        ) =>
            Task.FromResult(
                new HttpResponseMessage(HttpStatusCode.OK)
                {
                    Content = new StringContent(json, Encoding.UTF8, "application/json"),
                }
            );
    }
}
