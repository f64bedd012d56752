using Meeda.Ethereum;
using Meeda.L1.Signing;

namespace Meeda.Operator.Nitro;

/// <summary>
/// Signs certificates with the operator's key, if this process holds it. A remote signer signs transactions only.
/// </summary>
/// <param name="signer">The key, or null.</param>
internal sealed class CertificateSigner(PrivateKeySigner? signer)
{
    /// <summary>The key.</summary>
    /// <exception cref="NitroException">This process holds no key.</exception>
    public PrivateKeySigner Key =>
        signer
        ?? throw new NitroException(
            "signer: the operator's key is with a remote signer, which signs no certificates; Nitro needs an "
                + "operator with a key file"
        );

    /// <summary>The account whose certificates are valid.</summary>
    /// <exception cref="NitroException">This process holds no key.</exception>
    public Address Address => Key.Address;
}
