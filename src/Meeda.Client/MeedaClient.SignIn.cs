using System.Net.Http.Json;
using Meeda.Ethereum;

namespace Meeda.Client;

/// <summary>Keys for wallets: Sign-In with Ethereum (EIP-4361).</summary>
public sealed partial class MeedaClient
{
    /// <summary>Requests the message that a wallet must sign to get a key, with a new nonce.</summary>
    /// <param name="wallet">The wallet that will sign.</param>
    /// <param name="rollup">The rollup that it is a delegate of (ERC-1056); null for the wallet itself.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <exception cref="MeedaException">Sign-in is off at this operator, or it cannot answer now.</exception>
    public Task<SignInOffer> SignInOfferAsync(
        Address wallet,
        Address? rollup = null,
        CancellationToken cancellationToken = default
    )
    {
        string path = rollup is null ? $"signin?address={wallet}" : $"signin?address={wallet}&rollup={rollup}";
        return _operator.AskAsync<SignInOffer>(
            () => new HttpRequestMessage(HttpMethod.Get, Relative(path)),
            cancellationToken
        );
    }

    /// <summary>Exchanges a signed message for a key.</summary>
    /// <exception cref="MeedaException">The operator rejects it, or cannot answer now.</exception>
    public Task<SignInKey> SignInAsync(SignInRequest request, CancellationToken cancellationToken = default) =>
        _operator.AskAsync<SignInKey>(
            () =>
                new HttpRequestMessage(HttpMethod.Post, Relative("signin"))
                {
                    Content = JsonContent.Create(request, ClientJson.Default.SignInRequest),
                },
            cancellationToken
        );
}
