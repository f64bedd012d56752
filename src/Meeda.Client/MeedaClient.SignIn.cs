using System.Net.Http.Json;
using Meeda.Ethereum;

namespace Meeda.Client;

/// <summary>Keys for wallets: Sign-In with Ethereum (EIP-4361).</summary>
public sealed partial class MeedaClient
{
    /// <summary>What a wallet has to sign for a key, with a new nonce.</summary>
    /// <param name="wallet">The wallet that will sign.</param>
    /// <param name="rollup">The rollup that it is a delegate of (ERC-1056); null for itself.</param>
    /// <param name="cancellationToken">Ends the waiting.</param>
    /// <exception cref="MeedaException">The operator takes no sign-ins, or cannot say now.</exception>
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

    /// <summary>Takes a signed message for a key.</summary>
    /// <exception cref="MeedaException">The operator does not take it, or cannot now.</exception>
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
