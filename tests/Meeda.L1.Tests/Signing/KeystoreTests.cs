using Meeda.Ethereum;
using Meeda.L1.Signing;
using Xunit;

namespace Meeda.L1.Tests.Signing;

/// <summary>
/// The test vector of Web3 Secret Storage version 3 for PBKDF2, and for scrypt a file that Foundry's cast wrote. The
/// specification's own vector for scrypt has parameters that
/// RFC 7914 does not allow (N = 2^18 with r = 1), and no client writes such files.
/// </summary>
public sealed class KeystoreTests
{
    private const string Password = "testpassword";
    private const string PrivateKey = "7a28b5ba57c53603b0b07b56bba752f7784bf506fa95edc395f5cf6c7514fe9d";

    private const string Pbkdf2 = """
        {"crypto":{"cipher":"aes-128-ctr","cipherparams":{"iv":"6087dab2f9fdbbfaddc31a909735c1e6"},
         "ciphertext":"5318b4d5bcd28de64ee5559e671353e16f075ecae9f99c7a79a38af5f869aa46","kdf":"pbkdf2",
         "kdfparams":{"c":262144,"dklen":32,"prf":"hmac-sha256","salt":"ae3cd4e7013836a3df6bd7241b12db061dbe2c6785853cce422d148a624ce0bd"},
         "mac":"517ead924a9d0dc3124507e3393d175ce3ff7c1e96529c6c555ce9e51205e9b2"},"id":"3198bc9c-6672-5ab3-d995-4942343ae5b6","version":3}
        """;

    private const string Scrypt = """
        {"crypto":{"cipher":"aes-128-ctr","cipherparams":{"iv":"95ee69b08a0f5c938dd059c50394f684"},
         "ciphertext":"78033e2fcf81410662669837124294223dba1e78b58b13cbc13afecb05e2f0eb","kdf":"scrypt",
         "kdfparams":{"dklen":32,"n":8192,"p":1,"r":8,"salt":"0e8c052adb4e0ec6810f15a1d3eeb2afc1e706927bda880fb53524564721140f"},
         "mac":"664e62affac48935abb8b00cbb3ff61515bea7e4ee8f68a403a0ab9325aac8ea"},"id":"c2aa7d71-f3b2-415a-88cb-0ca85ed859a7","version":3}
        """;

    [Theory]
    [InlineData(Pbkdf2)]
    [InlineData(Scrypt)]
    public void Decrypt_AFileOfAnother_GivesItsKey(string json) =>
        Assert.Equal(PrivateKeySigner.FromHex(PrivateKey).Address, Keystore.Decrypt(json, Password).Address);

    [Fact]
    public void Decrypt_AnotherPassword_IsRefusedWithoutShowingIt()
    {
        FormatException refused = Assert.Throws<FormatException>(() => Keystore.Decrypt(Pbkdf2, "s3cret"));
        Assert.Contains("password", refused.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("s3cret", refused.ToString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("{}")]
    [InlineData("not json")]
    [InlineData("""{"version":1,"crypto":{}}""")]
    [InlineData("""{"version":3,"crypto":{"cipher":"aes-128-cbc"}}""")]
    [InlineData("""{"version":3,"crypto":[]}""")]
    public void Decrypt_NoKeystore_IsRefused(string json) =>
        Assert.Throws<FormatException>(() => Keystore.Decrypt(json, Password));

    [Theory]
    [InlineData("\"n\":8192", "\"n\":1073741824")] // 1 TiB
    [InlineData("\"n\":8192", "\"n\":0")]
    [InlineData("\"n\":8192", "\"n\":8191")] // no power of two
    [InlineData("\"r\":8", "\"r\":-1")]
    [InlineData("\"dklen\":32", "\"dklen\":16")]
    [InlineData("0e8c052a", "zz8c052a")]
    public void Decrypt_ParametersThatWouldHarm_AreRefused(string from, string to) =>
        Assert.Throws<FormatException>(() =>
            Keystore.Decrypt(Scrypt.Replace(from, to, StringComparison.Ordinal), Password)
        );

    [Theory]
    [InlineData("  {\"version\":3}", true)]
    [InlineData(PrivateKey, false)]
    public void IsKeystore_OfAText_TellsThemApart(string text, bool expected) =>
        Assert.Equal(expected, Keystore.IsKeystore(text));

    [Fact]
    public void Decrypt_WhatNethereumWritesByDefault_IsItsKey()
    {
        var key = PrivateKeySigner.FromBytes(Keccak256.Hash("a key of Nethereum's"u8).ToArray());
        string json = new Nethereum.KeyStore.KeyStoreScryptService().EncryptAndGenerateKeyStoreAsJson(
            "password",
            Keccak256.Hash("a key of Nethereum's"u8).ToArray(),
            $"{key.Address}"
        );
        Assert.Contains("\"r\":1", json, StringComparison.Ordinal);
        Assert.Equal(key.Address, Keystore.Decrypt(json, "password").Address);
    }

    [Fact]
    public void Create_ThenDecrypt_IsTheKeyOfItsAddress()
    {
        (string json, Address address) = Keystore.Create("password");
        Assert.Equal(address, Keystore.Decrypt(json, "password").Address);
        Assert.Equal(
            address.ToString(),
            PrivateKeySigner
                .FromBytes(new Nethereum.KeyStore.KeyStoreService().DecryptKeyStoreFromJson("password", json))
                .Address.ToString()
        );
        Assert.Throws<FormatException>(() => Keystore.Decrypt(json, "another"));
    }
}
