using Meeda.Chain.L1;
using Meeda.Hosting;
using Meeda.L1.Signing;
using Xunit;

namespace Meeda.Node.Tests.L1;

/// <summary>The sources of the operator's key, and the errors if it cannot be read.</summary>
public sealed class SignerOptionsTests : IDisposable
{
    // The test vector of the Web3 Secret Storage definition, version 3, PBKDF2: its password, its key and its file.
    private const string Password = "testpassword";
    private const string Key = "7a28b5ba57c53603b0b07b56bba752f7784bf506fa95edc395f5cf6c7514fe9d";

    private const string Keystore = """
        {"crypto":{"cipher":"aes-128-ctr","cipherparams":{"iv":"6087dab2f9fdbbfaddc31a909735c1e6"},"ciphertext":"5318b4d5bcd28de64ee5559e671353e16f075ecae9f99c7a79a38af5f869aa46",
        "kdf":"pbkdf2","kdfparams":{"c":262144,"dklen":32,"prf":"hmac-sha256","salt":"ae3cd4e7013836a3df6bd7241b12db061dbe2c6785853cce422d148a624ce0bd"},
        "mac":"517ead924a9d0dc3124507e3393d175ce3ff7c1e96529c6c555ce9e51205e9b2"},"id":"3198bc9c-6672-5ab3-d995-4942343ae5b6","version":3}
        """;

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Open_EveryWayToTheSameKey_GivesItsAccount()
    {
        Ethereum.Address expected = PrivateKeySigner.FromHex(Key).Address;
        Assert.Equal(
            expected,
            new SignerOptions().Open(new L1Options { KeyFile = Write("key", $"0x{Key}\n") }).Address
        );
        Assert.Equal(
            expected,
            new SignerOptions { Key = Key }
                .Open(new L1Options())
                .Address
        );
        var encrypted = new L1Options { KeyFile = Write("keystore", Keystore) };
        Assert.Equal(
            expected,
            new SignerOptions { PasswordFile = Write("password", Password + "\n") }
                .Open(encrypted)
                .Address
        );
        Assert.Equal(
            expected,
            new SignerOptions { Password = Password }
                .Open(encrypted)
                .Address
        );
        Assert.Equal(
            expected,
            new SignerOptions { Remote = "http://127.0.0.1:1", RemoteAddress = expected.ToString() }
                .Open(new L1Options())
                .Address
        );
    }

    [Fact]
    public void OpenBlobSigner_ASecondAccount_IsItsKey_AndNeverTheOperatorsOwn()
    {
        const string Other = "0x59c6995e998f97a5a0044966f0945389dc9e86dae88c7a8412f4603b6b78690d";
        Meeda.Ethereum.Address own = Meeda.L1.Signing.PrivateKeySigner.FromHex(Meeda.Testing.Anvil.FundedKey).Address;
        Assert.Null(new SignerOptions().OpenBlobSigner(own));
        Assert.Equal(
            Meeda.L1.Signing.PrivateKeySigner.FromHex(Other).Address,
            new SignerOptions { BlobKey = Other }
                .OpenBlobSigner(own)!
                .Address
        );
        SetupException refused = Assert.Throws<SetupException>(() =>
            new SignerOptions { BlobKey = Meeda.Testing.Anvil.FundedKey }.OpenBlobSigner(own)
        );
        Assert.DoesNotContain(Meeda.Testing.Anvil.FundedKey[2..], refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Problems_OfNoWayOrTwo_NameTheSettings()
    {
        var two = new SignerOptions { Key = Key, Remote = "ftp://signer" };
        Assert.Contains(
            "Meeda__Signer__Key",
            Assert.Single(new SignerOptionsValidator(new L1Options()).Failures(new SignerOptions())),
            StringComparison.Ordinal
        );
        string said = string.Join(
            '\n',
            new SignerOptionsValidator(new L1Options { KeyFile = Path.Combine(_folder.Path, "absent") }).Failures(two)
        );
        Assert.All(
            ["there are 3", "Meeda__L1__KeyFile", "Meeda__Signer__Remote)", "Meeda__Signer__RemoteAddress"],
            part => Assert.Contains(part, said, StringComparison.Ordinal)
        );
        Assert.DoesNotContain(Key, said, StringComparison.Ordinal);
        Assert.Empty(new SignerOptionsValidator(new L1Options()).Failures(new SignerOptions { Key = Key }));
    }

    [Fact]
    public void Open_WhatCannotBeUsed_IsNamedWithoutASecret()
    {
        var encrypted = new L1Options { KeyFile = Write("keystore", Keystore) };
        AssertRefused("Meeda__Signer__PasswordFile", new SignerOptions(), encrypted);
        AssertRefused("password", new SignerOptions { Password = "wrong-" + Password }, encrypted);
        AssertRefused("absent", new SignerOptions { PasswordFile = Path.Combine(_folder.Path, "absent") }, encrypted);
        AssertRefused("Meeda__Signer__Key", new SignerOptions { Key = Key[1..] }, new L1Options());
        AssertRefused("64 hex digits", new SignerOptions(), new L1Options { KeyFile = Write("short", Key[2..]) });
        AssertRefused(
            "Meeda__Signer__RemoteCertificateFile",
            new SignerOptions
            {
                Remote = "https://127.0.0.1:1",
                RemoteAddress = new string('0', 40),
                RemoteCertificateFile = Write("broken.pem", Key),
            },
            new L1Options()
        );
    }

    private static void AssertRefused(string part, SignerOptions options, L1Options l1)
    {
        SetupException refusal = Assert.Throws<SetupException>(() => options.Open(l1));
        Assert.Contains(part, refusal.Message, StringComparison.Ordinal);
        Assert.All(
            [Key[2..], Password],
            secret => Assert.DoesNotContain(secret, refusal.ToString(), StringComparison.OrdinalIgnoreCase)
        );
    }

    private string Write(string name, string content)
    {
        string path = Path.Combine(_folder.Path, name);
        File.WriteAllText(path, content);
        return path;
    }
}
