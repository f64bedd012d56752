namespace Meeda.Client;

/// <summary>What a wallet must sign to get a key (EIP-4361, Sign-In with Ethereum).</summary>
/// <param name="Domain">The authority that requests the signature.</param>
/// <param name="Uri">The resource that the sign-in is for.</param>
/// <param name="ChainId">L1's chain id.</param>
/// <param name="Nonce">The nonce, valid for one sign-in.</param>
/// <param name="IssuedAt">When the message was issued (RFC 3339).</param>
/// <param name="ExpirationTime">When the message becomes invalid (RFC 3339).</param>
/// <param name="Message">The message itself, if the request named a wallet.</param>
public sealed record SignInOffer(
    string Domain,
    string Uri,
    ulong ChainId,
    string Nonce,
    string IssuedAt,
    string ExpirationTime,
    string? Message
);

/// <summary>A signed message.</summary>
/// <param name="Message">The EIP-4361 message, exactly as it was signed.</param>
/// <param name="Signature">The wallet's signature, hex: 65 bytes, or what its contract accepts (ERC-1271).</param>
public sealed record SignInRequest(string Message, string Signature)
{
    /// <summary>For how many seconds the wallet's previous key stays valid, 0 to 86,400. Default 3,600.</summary>
    public int? OverlapSeconds { get; init; }

    /// <summary>Omits message and signature: with both, any client could get a key.</summary>
    public override string ToString() => nameof(SignInRequest);
}

/// <summary>A wallet's new key.</summary>
/// <param name="Key">The key, which is returned only once.</param>
/// <param name="Tenant">The tenant's name.</param>
/// <param name="Rollup">The rollup whose escrow pays for batches put with it.</param>
/// <param name="ExpiresAt">When the key expires (RFC 3339).</param>
public sealed record SignInKey(string Key, string Tenant, string Rollup, string ExpiresAt)
{
    /// <summary>The key's tenant and expiry, without the key.</summary>
    public override string ToString() => $"the key of {Tenant} until {ExpiresAt}";
}
