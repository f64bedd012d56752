using System.Globalization;
using Meeda.Chain.Contract;
using Meeda.Chain.L1;
using Meeda.Client;
using Meeda.Ethereum;
using Meeda.Http;
using Meeda.L1.Rpc;
using Meeda.Operator.L1;
using Meeda.Operator.Payments;
using Meeda.Operator.Tenants;
using Meeda.Protocol.Batches;
using Microsoft.Extensions.Options;

namespace Meeda.Operator.SignIn;

/// <summary>
/// Issues a tenant's key to a client that proves control of a wallet whose rollup has prepaid. The message is checked
/// first, then the database is asked, then L1.
/// </summary>
internal sealed class WalletSignIn(
    IOptions<SignInOptions> options,
    TenantKeys tenants,
    RollupEscrows escrows,
    WalletContracts wallets,
    EthereumClient client,
    OperatorAccount account,
    TimeProvider time,
    ILogger<WalletSignIn> log
) : IDisposable
{
    /// <summary>The delegate type that a rollup must grant (ERC-1056, <c>addDelegate</c>).</summary>
    public const string DelegateType = "meeda-put";

    private const string Statement = "Get a key for putting batches, paid from the rollup's escrow.";

    // How far the clock of the message's author may be ahead.
    private static readonly TimeSpan Skew = TimeSpan.FromMinutes(1);

    private readonly SemaphoreSlim _gate = new(1);
    private SignInNonces? _nonces;
    private ulong? _chainId;

    /// <summary>Offers a message to sign.</summary>
    /// <param name="wallet">The wallet; null for only the message's fields.</param>
    /// <param name="rollup">The rollup that the wallet is a delegate of; null for the wallet itself.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <exception cref="DaException">L1 or the database does not answer.</exception>
    public async Task<SignInOffer> OfferAsync(Address? wallet, Address? rollup, CancellationToken cancellationToken)
    {
        (SignInNonces nonces, ulong chainId) = await ReadyAsync(cancellationToken);
        DateTimeOffset now = time.GetUtcNow();
        DateTimeOffset end = now + options.Value.MessageLifetime;
        SignInMessage message = MessageOf(
            options.Value.Domain!,
            wallet ?? default,
            rollup,
            (chainId, nonces.Create(end), now, end)
        );
        return new SignInOffer(
            message.Domain,
            message.Uri,
            chainId,
            message.Nonce,
            Rfc3339(now),
            Rfc3339(end),
            wallet is null ? null : message.ToString()
        );
    }

    /// <summary>
    /// The only message that this service accepts for these values, so that clients can check what they sign.
    /// </summary>
    /// <param name="domain">The operator's domain.</param>
    /// <param name="wallet">The wallet.</param>
    /// <param name="rollup">The rollup that it is a delegate of; null for the wallet itself.</param>
    /// <param name="rest">L1's chain id, the nonce, and the message's period of validity.</param>
    public static SignInMessage MessageOf(
        string domain,
        Address wallet,
        Address? rollup,
        (ulong ChainId, string Nonce, DateTimeOffset IssuedAt, DateTimeOffset End) rest
    ) =>
        new()
        {
            Domain = domain,
            Address = wallet,
            Statement = Statement,
            Uri = $"https://{domain}/signin",
            ChainId = rest.ChainId,
            Nonce = rest.Nonce,
            IssuedAt = rest.IssuedAt,
            ExpirationTime = rest.End,
            Resources = rollup is { } other && other != wallet ? [SignedRequest.DidOf(other, rest.ChainId)] : [],
        };

    /// <summary>Exchanges a signed message for a new key.</summary>
    /// <exception cref="DaException">
    /// The message is malformed (400), not valid here and now or not signed by the wallet (401), the wallet may not
    /// sign in (403), the escrow does not cover a blob (402), or L1 or the database does not answer.
    /// </exception>
    public async Task<SignInKey> SignInAsync(SignInRequest request, CancellationToken cancellationToken)
    {
        var signed = SignedRequest.Read(request);
        SignInMessage message = signed.Message;
        (SignInNonces nonces, ulong chainId) = await ReadyAsync(cancellationToken);
        DateTimeOffset now = time.GetUtcNow();
        DateTimeOffset nonceEnd = Check(message, nonces, chainId, now);
        if (await tenants.IsUsedAsync(message.Nonce, cancellationToken))
        {
            throw Invalid("nonce: it was used before");
        }

        Address rollup = signed.RollupOn(chainId);
        await EnsureSignedAsync(message.Address, request.Message, signed.Signature, cancellationToken);
        await EnsureDelegateAsync(message.Address, rollup, cancellationToken);
        await EnsurePaidAsync(rollup, cancellationToken);

        var quota = new TenantQuota(0, options.Value.RequestsPerSecond, options.Value.Concurrency);
        (Tenant? tenant, string key) =
            await tenants.SignInAsync(
                (message.Address, rollup),
                (message.Nonce, nonceEnd),
                quota,
                (now, now + options.Value.KeyLifetime, now + Least(signed.Overlap, options.Value.KeyLifetime)),
                cancellationToken
            ) ?? throw Invalid("nonce: it was used before");
        if (tenant is null)
        {
            throw Refused("address: the operator revoked this wallet's tenant");
        }

        log.SignedIn(tenant.Id, $"{message.Address}", $"{rollup}", tenant.ExpiresAt!.Value);
        return new SignInKey(key, tenant.Name, $"{rollup}", Rfc3339(tenant.ExpiresAt.Value));
    }

    /// <summary>Whether a wallet is a delegate of a rollup, at L1's head.</summary>
    /// <exception cref="L1UnreachableException">L1 does not answer.</exception>
    public Task<bool> IsDelegateAsync(Address wallet, Address rollup, CancellationToken cancellationToken) =>
        options.Value.DelegateRegistry is { } registry
            ? wallets.IsDelegateAsync(Address.Parse(registry), rollup, DelegateType, wallet, cancellationToken)
            : Task.FromResult(false);

    /// <inheritdoc/>
    public void Dispose() => _gate.Dispose();

    /// <summary>Checks the message's own fields.</summary>
    /// <returns>The nonce's expiry.</returns>
    private DateTimeOffset Check(SignInMessage message, SignInNonces nonces, ulong chainId, DateTimeOffset now)
    {
        string domain = options.Value.Domain!;
        string? problem =
            message.Domain != domain ? $"domain: this service accepts messages for {domain} only"
            : message.Scheme is not (null or "https") ? "domain: its scheme is not https"
            : !IsHere(message.Uri, domain) ? $"URI: it is not under https://{domain}"
            : message.ChainId != chainId ? $"chain ID: L1's is {chainId}"
            : message.IssuedAt > now + Skew ? "issued at: it is in the future"
            : message.IssuedAt < now - options.Value.MessageLifetime - Skew ? "issued at: it is too long ago"
            : message.ExpirationTime <= now ? "expiration time: it has passed"
            : message.NotBefore > now ? "not before: the message is not valid yet"
            : null;
        if (problem is not null)
        {
            throw Invalid(problem);
        }

        return nonces.IsValid(message.Nonce, out DateTimeOffset end)
            ? end
            : throw Invalid("nonce: this service did not issue it (GET /signin), or it has expired");
    }

    private static bool IsHere(string uri, string domain) =>
        Uri.TryCreate(uri, UriKind.Absolute, out Uri? parsed)
        && parsed is { Scheme: "https", UserInfo: "" }
        && parsed.Authority == domain;

    private async Task EnsureSignedAsync(
        Address wallet,
        string message,
        byte[] signature,
        CancellationToken cancellationToken
    )
    {
        if (
            !await OnL1Async(() =>
                wallets.IsSignatureOfAsync(wallet, SignInMessage.HashOf(message), signature, cancellationToken)
            )
        )
        {
            throw Invalid($"signature: it is not a signature of {wallet}");
        }
    }

    private async Task EnsureDelegateAsync(Address wallet, Address rollup, CancellationToken cancellationToken)
    {
        if (wallet == rollup)
        {
            return;
        }

        if (options.Value.DelegateRegistry is not { } registry)
        {
            throw Refused("resources: this operator accepts no delegates (Meeda__SignIn__DelegateRegistry)");
        }

        if (!await OnL1Async(() => IsDelegateAsync(wallet, rollup, cancellationToken)))
        {
            throw Refused(
                $"resources: {wallet} is not a delegate of {rollup} with type {DelegateType} in the registry {registry}"
            );
        }
    }

    private async Task EnsurePaidAsync(Address rollup, CancellationToken cancellationToken)
    {
        RollupEscrow escrow = await escrows.PeekAsync(rollup, cancellationToken);
        if (escrow.State.Price.IsZero)
        {
            throw Refused($"price: the operator {account.Address} has set none, and wallets pay from an escrow");
        }

        if (escrow.WhyNotPrepaid(BlobEncoding.DataBytesPerBlob, 0) is { } problem)
        {
            throw new DaException(
                DaError.PaymentRequired,
                $"escrow: {rollup} must have prepaid one blob at the operator {account.Address}: {problem}"
            );
        }
    }

    private async Task<(SignInNonces Nonces, ulong ChainId)> ReadyAsync(CancellationToken cancellationToken)
    {
        await _gate.WaitAsync(cancellationToken);
        try
        {
            _chainId ??= await OnL1Async(() => client.GetChainIdAsync(cancellationToken));
            _nonces ??= new SignInNonces(
                await tenants.SignInSecretAsync(SignInNonces.SecretBytes, cancellationToken),
                time
            );
            return (_nonces, _chainId.Value);
        }
        finally
        {
            _gate.Release();
        }
    }

    private static async Task<T> OnL1Async<T>(Func<Task<T>> ask)
    {
        try
        {
            return await ask();
        }
        catch (Exception failure) when (failure is L1UnreachableException or JsonRpcException or InvalidDataException)
        {
            throw new DaException(ErrorCode.L1Unavailable, $"sign-in: {Outage.Explain(failure).Reason}", failure);
        }
    }

    private static TimeSpan Least(TimeSpan one, TimeSpan other) => one < other ? one : other;

    private static string Rfc3339(DateTimeOffset time) =>
        time.UtcDateTime.ToString("yyyy-MM-ddTHH:mm:ssZ", CultureInfo.InvariantCulture);

    private static DaException Invalid(string problem) => new(ErrorCode.SignInInvalid, problem);

    private static DaException Refused(string problem) => new(ErrorCode.SignInRefused, problem);
}
