namespace Meeda.Client;

/// <summary>What a wallet is asked to sign for a key (EIP-4361, Sign-In with Ethereum).</summary>
/// <param name="Domain">The authority that asks.</param>
/// <param name="Uri">What the sign-in is for.</param>
/// <param name="ChainId">The id of L1's chain.</param>
/// <param name="Nonce">To be used once.</param>
/// <param name="IssuedAt">When this was made (RFC 3339).</param>
/// <param name="ExpirationTime">From when on the message is invalid (RFC 3339).</param>
/// <param name="Message">The message itself, where the request named a wallet.</param>
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
/// <param name="Message">The message of EIP-4361, as it was signed.</param>
/// <param name="Signature">The wallet's signature, hex: 65 bytes, or what its contract takes (ERC-1271).</param>
public sealed record SignInRequest(string Message, string Signature)
{
    /// <summary>
    /// For how many seconds the wallet's key before this one stays good, 0 to 86,400. Default 3,600.
    /// </summary>
    public int? OverlapSeconds { get; init; }

    /// <summary>Says what it is, without the signature: whoever has both may have a key.</summary>
    public override string ToString() => nameof(SignInRequest);
}

/// <summary>A wallet's new key.</summary>
/// <param name="Key">The key, which is shown only here.</param>
/// <param name="Tenant">The tenant's name.</param>
/// <param name="Rollup">The rollup whose escrow pays for batches put with it.</param>
/// <param name="ExpiresAt">When the key ends (RFC 3339).</param>
public sealed record SignInKey(string Key, string Tenant, string Rollup, string ExpiresAt)
{
    /// <summary>Whose key it is, and not the key.</summary>
    public override string ToString() => $"the key of {Tenant} until {ExpiresAt}";
}
