using System.Buffers.Binary;
using System.Security.Cryptography;

namespace Meeda.Operator.SignIn;

/// <summary>
/// Nonces for messages that wallets sign: random bytes and an expiry, authenticated with a key that only the operators
/// on this database have. A nonce is stored only when it is used, so that requesting nonces takes no storage.
/// </summary>
/// <param name="secret">32 bytes, the same for all operators on a database.</param>
/// <param name="time">The clock.</param>
internal sealed class SignInNonces(byte[] secret, TimeProvider time)
{
    /// <summary>The length of the secret, in bytes.</summary>
    public const int SecretBytes = 32;

    private const int RandomBytes = 16;
    private const int EndBytes = 8;
    private const int CodeBytes = 16;
    private const int Length = RandomBytes + EndBytes + CodeBytes;

    /// <summary>Creates a nonce, in hex.</summary>
    /// <param name="end">When it becomes invalid.</param>
    public string Create(DateTimeOffset end)
    {
        Span<byte> nonce = stackalloc byte[Length];
        RandomNumberGenerator.Fill(nonce[..RandomBytes]);
        BinaryPrimitives.WriteInt64BigEndian(nonce[RandomBytes..], end.ToUnixTimeSeconds());
        CodeOf(nonce[..(RandomBytes + EndBytes)], nonce[(RandomBytes + EndBytes)..]);
        return Convert.ToHexStringLower(nonce);
    }

    /// <summary>Whether a nonce was created here and is still valid.</summary>
    /// <param name="nonce">The nonce, untrusted.</param>
    /// <param name="end">When it becomes invalid.</param>
    public bool IsValid(string nonce, out DateTimeOffset end)
    {
        end = default;
        Span<byte> bytes = stackalloc byte[Length];
        Span<byte> code = stackalloc byte[CodeBytes];
        // Lower case only: otherwise the same nonce in upper case would count as another one.
        if (
            nonce.Length != 2 * Length
            || nonce.Any(char.IsAsciiLetterUpper)
            || Convert.FromHexString(nonce, bytes, out _, out _) != System.Buffers.OperationStatus.Done
        )
        {
            return false;
        }

        CodeOf(bytes[..(RandomBytes + EndBytes)], code);
        if (!CryptographicOperations.FixedTimeEquals(code, bytes[(RandomBytes + EndBytes)..]))
        {
            return false;
        }

        end = DateTimeOffset.FromUnixTimeSeconds(BinaryPrimitives.ReadInt64BigEndian(bytes[RandomBytes..]));
        return time.GetUtcNow() < end;
    }

    private void CodeOf(ReadOnlySpan<byte> nonce, Span<byte> code)
    {
        Span<byte> hash = stackalloc byte[HMACSHA256.HashSizeInBytes];
        HMACSHA256.HashData(secret, nonce, hash);
        hash[..CodeBytes].CopyTo(code);
    }
}
