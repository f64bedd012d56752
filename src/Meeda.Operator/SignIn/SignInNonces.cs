using System.Buffers.Binary;
using System.Security.Cryptography;

namespace Meeda.Operator.SignIn;

/// <summary>
/// Nonces for messages that wallets sign: random, with their end, under a code that only operators on this database can
/// compute. Nothing is kept of a nonce until it is used, so that asking for them costs nobody anything.
/// </summary>
/// <param name="secret">32 bytes, the same for all operators on a database.</param>
/// <param name="time">The clock.</param>
internal sealed class SignInNonces(byte[] secret, TimeProvider time)
{
    /// <summary>The bytes of the secret.</summary>
    public const int SecretBytes = 32;

    private const int RandomBytes = 16;
    private const int EndBytes = 8;
    private const int CodeBytes = 16;
    private const int Length = RandomBytes + EndBytes + CodeBytes;

    /// <summary>A new nonce, in hex.</summary>
    /// <param name="end">From when on it is invalid.</param>
    public string Create(DateTimeOffset end)
    {
        Span<byte> nonce = stackalloc byte[Length];
        RandomNumberGenerator.Fill(nonce[..RandomBytes]);
        BinaryPrimitives.WriteInt64BigEndian(nonce[RandomBytes..], end.ToUnixTimeSeconds());
        CodeOf(nonce[..(RandomBytes + EndBytes)], nonce[(RandomBytes + EndBytes)..]);
        return Convert.ToHexStringLower(nonce);
    }

    /// <summary>Whether a nonce is one of these and has not ended.</summary>
    /// <param name="nonce">The nonce, untrusted.</param>
    /// <param name="end">From when on it is invalid.</param>
    public bool IsValid(string nonce, out DateTimeOffset end)
    {
        end = default;
        Span<byte> bytes = stackalloc byte[Length];
        Span<byte> code = stackalloc byte[CodeBytes];
        // Lower case only: the same nonce in other letters would count as another one.
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
