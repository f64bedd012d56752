using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Meeda.Ethereum;
using Org.BouncyCastle.Crypto.Engines;
using Org.BouncyCastle.Crypto.Generators;
using Org.BouncyCastle.Crypto.Modes;
using Org.BouncyCastle.Crypto.Parameters;

namespace Meeda.L1.Signing;

/// <summary>
/// Private keys encrypted with a password: Web3 Secret Storage, version 3, as execution clients write them (scrypt or
/// PBKDF2, AES-128-CTR).
/// </summary>
public static class Keystore
{
    private const int DerivedLength = 32;
    private const int CipherKeyLength = 16;

    // The maximum cost of a key derivation: geth's standard is n = 2^18, r = 8, 256 MiB.
    private const int MostScryptMemory = 1 << 30;
    private const int MostIterations = 100_000_000;

    /// <summary>Whether a text looks like a keystore rather than a plain key.</summary>
    public static bool IsKeystore(string text) => text.TrimStart().StartsWith('{');

    /// <summary>Decrypts a keystore.</summary>
    /// <param name="json">The file's content, from an untrusted place.</param>
    /// <param name="password">The password.</param>
    /// <exception cref="FormatException">
    /// It is not a keystore of version 3, or the password is wrong. The message contains nothing of either.
    /// </exception>
    public static PrivateKeySigner Decrypt(string json, string password)
    {
        try
        {
            using JsonDocument document = JsonDocument.Parse(json);
            JsonElement root = document.RootElement;
            if (root.GetProperty("version").GetInt32() != 3)
            {
                throw new FormatException("keystore: only version 3 is known");
            }

            JsonElement crypto = root.TryGetProperty("crypto", out JsonElement lower)
                ? lower
                : root.GetProperty("Crypto");
            if (crypto.GetProperty("cipher").GetString() != "aes-128-ctr")
            {
                throw new FormatException("keystore: only the cipher aes-128-ctr is known");
            }

            byte[] cipherText = Bytes(crypto, "ciphertext");
            byte[] derived = Derive(
                crypto.GetProperty("kdf").GetString(),
                crypto.GetProperty("kdfparams"),
                Encoding.UTF8.GetBytes(password)
            );
            Bytes32 mac = Keccak256.Hash([.. derived.AsSpan(CipherKeyLength, CipherKeyLength), .. cipherText]);
            if (!CryptographicOperations.FixedTimeEquals(mac.ToArray(), Bytes(crypto, "mac")))
            {
                throw new FormatException("keystore: wrong password, or the file is damaged");
            }

            byte[] key = DecryptCtr(
                derived.AsSpan(0, CipherKeyLength),
                Bytes(crypto.GetProperty("cipherparams"), "iv"),
                cipherText
            );
            try
            {
                return PrivateKeySigner.FromBytes(key);
            }
            finally
            {
                CryptographicOperations.ZeroMemory(key);
                CryptographicOperations.ZeroMemory(derived);
            }
        }
        catch (Exception malformed)
            when (malformed is JsonException or KeyNotFoundException or InvalidOperationException or ArgumentException)
        {
            throw new FormatException("keystore: it is not of the form of Web3 Secret Storage version 3");
        }
    }

    /// <summary>Creates a private key, and encrypts it (scrypt with n = 2^18, like geth).</summary>
    /// <param name="password">The password.</param>
    /// <returns>The keystore's JSON, and the key's address.</returns>
    public static (string Json, Address Address) Create(string password)
    {
        byte[] key = RandomNumberGenerator.GetBytes(DerivedLength);
        try
        {
            // All but one in 2^128 are keys of the curve; that one throws.
            Address address = PrivateKeySigner.FromBytes(key).Address;
            string json = new Nethereum.KeyStore.KeyStoreScryptService().EncryptAndGenerateKeyStoreAsJson(
                password,
                key,
                address.ToString(),
                new Nethereum.KeyStore.Model.ScryptParams
                {
                    N = 1 << 18,
                    R = 8,
                    P = 1,
                    Dklen = DerivedLength,
                }
            );
            return (json, address);
        }
        finally
        {
            CryptographicOperations.ZeroMemory(key);
        }
    }

    private static byte[] Derive(string? function, JsonElement parameters, byte[] password)
    {
        byte[] salt = Bytes(parameters, "salt");
        if (parameters.GetProperty("dklen").GetInt32() != DerivedLength)
        {
            throw new FormatException("keystore: the derived key must have 32 bytes");
        }

        switch (function)
        {
            case "scrypt":
                int n = parameters.GetProperty("n").GetInt32(),
                    r = parameters.GetProperty("r").GetInt32(),
                    p = parameters.GetProperty("p").GetInt32();
                return n < 2 || r < 1 || p is < 1 or > 64 || 128L * n * r > MostScryptMemory
                    ? throw new FormatException($"keystore: scrypt with n = {n}, r = {r}, p = {p} is not computed here")
                    : Scrypt(password, salt, n, r, p);
            case "pbkdf2":
                int count = parameters.GetProperty("c").GetInt32();
                if (parameters.GetProperty("prf").GetString() != "hmac-sha256" || count is < 1 or > MostIterations)
                {
                    throw new FormatException("keystore: only PBKDF2 with HMAC-SHA-256 is known");
                }

                return Rfc2898DeriveBytes.Pbkdf2(password, salt, count, HashAlgorithmName.SHA256, DerivedLength);
            default:
                throw new FormatException("keystore: only the key derivations scrypt and pbkdf2 are known");
        }
    }

    // Nethereum writes n = 2^18 with r = 1, beyond what RFC 7914 allows for that r; its own code computes it.
    private static byte[] Scrypt(byte[] password, byte[] salt, int n, int r, int p) =>
        r == 1 && n >= 1 << 16
            ? new Nethereum.KeyStore.Crypto.KeyStoreCrypto().GenerateDerivedScryptKey(
                password,
                salt,
                n,
                r,
                p,
                DerivedLength
            )
            : SCrypt.Generate(password, salt, n, r, p, DerivedLength);

    private static byte[] DecryptCtr(ReadOnlySpan<byte> key, byte[] iv, byte[] cipherText)
    {
        var cipher = new SicBlockCipher(new AesEngine());
        cipher.Init(forEncryption: false, new ParametersWithIV(new KeyParameter(key), iv));
        var stream = new byte[(cipherText.Length + 15) / 16 * 16];
        cipherText.CopyTo(stream, 0);
        for (int offset = 0; offset < stream.Length; offset += 16)
        {
            cipher.ProcessBlock(stream, offset, stream, offset);
        }

        return stream[..cipherText.Length];
    }

    private static byte[] Bytes(JsonElement parent, string name) =>
        Convert.FromHexString(parent.GetProperty(name).GetString()!);
}
